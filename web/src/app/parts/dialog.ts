import { sentence, t } from "../../text/text";
import { avatar } from "../avatar";
import { h, setText } from "../dom";

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

/** Asks before something that cannot be undone. */
export async function confirmEnd(): Promise<boolean> {
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "end-title" },
    h("h2", { id: "end-title" }, t("room.end.title")),
    h("p", {}, t("room.end.text")),
    h("div", { class: "choices" },
      h("button", { type: "button", class: "button plain", autofocus: true, onclick: () => dialog.close("") }, t("room.cancel")),
      h("button", { type: "button", class: "button danger", onclick: () => dialog.close("end") }, t("room.end.confirm"))));
  return (await shown(dialog)) === "end";
}
