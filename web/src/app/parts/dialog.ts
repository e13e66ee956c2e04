import { sentence, t } from "../../text/text";
import { avatar } from "../avatar";
import { h, setText } from "../dom";

const noteLength = 140;

/** Shows a dialog until it is closed; the browser keeps the focus inside and gives it back. */
function shown(dialog: HTMLDialogElement): Promise<string> {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/** Asks who one is. Undefined where the person would rather not say. */
export async function askName(known: string): Promise<string | undefined> {
  const input = h("input", {
    id: "name", type: "text", value: known, maxlength: "40", autocomplete: "nickname", enterkeyhint: "done",
    placeholder: t("name.placeholder"), "aria-describedby": "name-fault", autofocus: true,
  });
  const face = h("div", { class: "face" });
  const fault = h("p", { id: "name-fault", class: "field-fault", role: "alert" });
  const draw = () => face.replaceChildren(avatar(input.value.trim() || t("name.placeholder")));
  input.addEventListener("input", draw);
  draw();
  const form = h("form", { novalidate: true },
    face,
    h("h2", { id: "name-title" }, t("name.title")),
    h("p", {}, t("name.text")),
    h("label", { for: "name" }, t("name.label")), input, fault,
    h("div", { class: "choices" },
      h("button", { type: "button", class: "button plain", onclick: () => dialog.close("") }, t("name.cancel")),
      h("button", { type: "submit", class: "button primary" }, t("name.go"))));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "name-title" }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() !== "") return dialog.close("go");
    setText(fault, sentence("name_empty"));
    input.focus();
  });
  return (await shown(dialog)) === "go" ? input.value.trim() : undefined;
}

/** Asks before something that is hard to undo. */
export async function confirm(title: string, text: string, go: string): Promise<boolean> {
  const dialog = h("dialog", { class: "sheet", role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
    h("h2", { id: "confirm-title" }, title),
    h("p", { id: "confirm-text" }, text),
    h("div", { class: "choices" },
      h("button", { type: "button", class: "button plain", autofocus: true, onclick: () => dialog.close("") }, t("room.cancel")),
      h("button", { type: "button", class: "button danger", onclick: () => dialog.close("go") }, go)));
  return (await shown(dialog)) === "go";
}

/** Asks what a raised hand is about. Undefined where the person leaves it. */
export async function askNote(): Promise<string | undefined> {
  const note = h("textarea", { id: "note", rows: "3", maxlength: String(noteLength), "aria-describedby": "note-hint", autofocus: true });
  const hint = h("p", { id: "note-hint", class: "quiet" });
  const count = () => setText(hint, t("hand.note.hint", { count: noteLength - note.value.length }));
  note.addEventListener("input", count);
  count();
  const form = h("form", { novalidate: true },
    h("h2", { id: "hand-title" }, t("hand.title")),
    h("p", {}, t("hand.text")),
    h("label", { for: "note" }, t("hand.note")), note, hint,
    h("div", { class: "choices" },
      h("button", { type: "button", class: "button plain", onclick: () => dialog.close("") }, t("hand.cancel")),
      h("button", { type: "submit", class: "button primary" }, t("hand.raise"))));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "hand-title" }, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close("go");
  });
  return (await shown(dialog)) === "go" ? note.value.replace(/\s+/g, " ").trim() : undefined;
}
