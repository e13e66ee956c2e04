import { h } from "../dom";

/** What stands where there is nothing to show: a low sun and a word. */
export function emptyPlace(title: string, text: string): HTMLElement {
  return h("div", { class: "empty", hidden: true },
    h("div", { class: "suns", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
    h("h2", {}, title), h("p", {}, text));
}
