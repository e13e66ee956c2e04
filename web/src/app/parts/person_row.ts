import { t } from "../../text/text";
import { avatar } from "../avatar";
import { h, setText } from "../dom";
import { icon } from "../icon";

/** Something that can be done with a person. */
export interface Action {
  /** What a screen reader says beside the name; also the action's identity. */
  label: string;
  look?: "primary" | "danger";
  /** It was asked for and is not done yet. */
  busy?: boolean;
  press(): void;
}

export interface Person {
  name: string;
  /** Stands before the name, such as a place. */
  mark?: string;
  lines: string[];
  actions: Action[];
  /** Shown when the row is opened. */
  more?: Action[];
}

/** PersonRow is one person in a list and what can be done with them. */
export class PersonRow {
  readonly element: HTMLLIElement;
  private readonly mark = h("span", { class: "person-mark" });
  private readonly name = h("span", { class: "person-name" });
  private readonly lines = h("span", { class: "person-lines" });
  private readonly face = h("span", { class: "person-face" });
  private readonly first = h("div", { class: "chips first" });
  private readonly rest = h("div", { class: "chips" });
  private person: Person | undefined;
  private open = false;
  private drawn = "";

  constructor() {
    this.element = h("li", { class: "person" }, this.mark, this.face,
      h("div", { class: "person-text" }, this.name, this.lines), this.first, this.rest);
  }

  show(person: Person): void {
    if (this.person?.name !== person.name) this.face.replaceChildren(avatar(person.name));
    this.person = person;
    setText(this.mark, person.mark ?? "");
    setText(this.name, person.name);
    const lines = person.lines.filter((line) => line !== "");
    if (this.lines.dataset["of"] !== lines.join("\n")) {
      this.lines.dataset["of"] = lines.join("\n");
      this.lines.replaceChildren(...lines.map((line) => h("span", {}, line)));
    }
    this.draw();
  }

  /** Buttons are built anew only when they are others, and the focus stays where it was. */
  private draw(): void {
    const { name, actions, more = [] } = this.person!;
    const shown = [...actions, ...(this.open ? more : [])];
    const key = JSON.stringify([shown.map((a) => [a.label, a.look, a.busy]), more.length > 0, this.open]);
    if (key === this.drawn) return;
    this.drawn = key;
    const focused = [...this.element.querySelectorAll("button")].indexOf(document.activeElement as HTMLButtonElement);
    const toggle = h("button", {
      type: "button", class: "chip more-toggle", "aria-expanded": String(this.open), "aria-label": t("panel.more", { name }),
      onclick: () => { this.open = !this.open; this.draw(); },
    }, icon("more") as unknown as Node);
    this.first.replaceChildren(...actions.map((action) => this.chip(action)), ...(more.length > 0 ? [toggle] : []));
    this.rest.replaceChildren(...(this.open ? more : []).map((action) => this.chip(action)));
    this.element.classList.toggle("short", actions.length <= 1); // then they stand beside the name
    const now = [...this.element.querySelectorAll("button")];
    if (focused >= 0) (now[Math.min(focused, now.length - 1)] ?? this.element).focus();
  }

  private chip({ label, look, busy = false }: Action): HTMLButtonElement {
    const { name } = this.person!;
    return h("button", {
      type: "button", class: look ? `chip ${look}` : "chip", "aria-disabled": busy ? "true" : undefined,
      "aria-label": t("panel.for", { action: label, name }),
      onclick: () => { if (!busy) this.press(label); },
    }, label);
  }

  /** What a button does may have changed since it was drawn. */
  private press(label: string): void {
    const { actions, more = [] } = this.person!;
    [...actions, ...more].find((action) => action.label === label)?.press();
  }
}
