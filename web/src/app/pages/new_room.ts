import { sentence, t } from "../../text/text";
import { codeOf } from "../../sdk";
import { h, setText } from "../dom";
import { innerHeader } from "../parts/header";
import { hashOf } from "../route";
import type { App, Page } from "./page";

/** The form that makes a room and starts it. */
export function newRoomPage(app: App): Page {
  const title = h("input", {
    id: "title", type: "text", maxlength: "80", autocomplete: "off", enterkeyhint: "go",
    placeholder: t("new.placeholder"), "aria-describedby": "title-fault",
  });
  const open = h("input", { id: "open", type: "checkbox", role: "switch", checked: true });
  const fault = h("p", { id: "title-fault", class: "field-fault", role: "alert" });
  const go = h("button", { type: "submit", class: "button primary wide" }, t("new.go"));

  const start = async () => {
    setText(fault, "");
    if (title.value.trim() === "") {
      setText(fault, sentence("title_empty"));
      return title.focus();
    }
    go.disabled = true;
    try {
      const token = await app.account.token();
      setText(go, t("new.going"));
      const made = await app.client.createRoom({
        title: title.value.trim(), open_stage: open.checked, open_listening: true, language: navigator.language || "en",
      }, token);
      const room = await app.client.startRoom(made.id, token);
      const session = app.enter(room);
      void session.listen();
      void session.takeStage();
      location.replace(hashOf({ page: "room", room: room.id }));
    } catch (thrown) {
      if (codeOf(thrown) === "expired" || codeOf(thrown) === "unauthenticated") app.account.refuse();
      if (codeOf(thrown) !== "unnamed") setText(fault, sentence(codeOf(thrown)));
    } finally {
      go.disabled = false;
      setText(go, t("new.go"));
    }
  };

  const form = h("form", { class: "form", novalidate: true },
    h("label", { for: "title" }, t("new.label")), title, fault,
    h("label", { class: "switch", for: "open" },
      h("span", {}, h("strong", {}, t("new.open")), h("span", { class: "quiet" }, t("new.open.text"))), open),
    h("div", { class: "dock" }, go));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });

  const element = h("div", { class: "page" }, innerHeader(),
    h("main", { id: "content" },
      h("h1", { tabindex: "-1" }, t("new.title")),
      h("p", { class: "lead" }, t("new.lead")), form));
  return { element, title: t("new.title"), close: () => undefined };
}
