import { t } from "../../text/text";
import { avatar } from "../avatar";
import { h } from "../dom";
import { icon } from "../icon";
import { hashOf } from "../route";

/** The head of the front page: the name of the house, and who one is here. */
export function frontHeader(me: string | undefined, rename: () => void): HTMLElement {
  return h("header", { class: "top" },
    h("span", { class: "wordmark" }, h("img", { src: "icon.svg", alt: "", width: "36", height: "36" }), t("app.name")),
    me !== undefined && h("button", { type: "button", class: "me", "aria-label": t("app.you", { name: me }), onclick: rename }, avatar(me)));
}

/** The head of every other page: the way back, and what belongs to the page. */
export function innerHeader(...children: HTMLElement[]): HTMLElement {
  return h("header", { class: "top" },
    h("a", { class: "back", href: hashOf({ page: "rooms" }) }, icon("back"), h("span", {}, t("room.back"))),
    ...children);
}
