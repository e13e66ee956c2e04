import { h } from "../dom";
import { icon } from "../icon";
import type { IconName } from "../icon";

export interface ButtonLook {
  /** "primary" once a page: what most people came for. */
  kind?: "primary" | "plain" | "round" | "danger";
  picture?: IconName;
  /** For round buttons, the name that a screen reader says. */
  label: string;
}

/** A button with an icon before its text; a round one shows its icon alone. */
export function button({ kind = "plain", picture, label }: ButtonLook, press: () => void): HTMLButtonElement {
  const round = kind === "round";
  return h("button", { type: "button", class: `button ${kind}`, onclick: press, ...(round && { "aria-label": label, title: label }) },
    picture && icon(picture) as unknown as Node, round ? undefined : h("span", {}, label));
}
