import { arrange, h, setText } from "../dom";
import { PersonRow } from "./person_row";
import type { Person } from "./person_row";

/** PersonList is a titled list of people. One without an empty text is hidden while nobody is in it. */
export class PersonList {
  readonly element: HTMLElement;
  private readonly heading: HTMLElement;
  private readonly list = h("ul", { class: "persons", role: "list" });
  private readonly none: HTMLElement;
  private readonly rows = new Map<string, PersonRow>();

  constructor(private readonly title: string, private readonly empty = "") {
    this.heading = h("h3", { tabindex: "-1" }, title);
    this.none = h("p", { class: "quiet" }, empty);
    this.element = h("section", { class: "people", "aria-label": title }, this.heading, this.none, this.list);
  }

  /** People by user id, in order; `count` where there are more than these. */
  show(people: [string, Person][], count = people.length): void {
    this.element.hidden = count === 0 && this.empty === "";
    this.none.hidden = count > 0 || this.empty === "";
    setText(this.heading, count > 0 ? `${this.title} · ${count}` : this.title);
    const known = new Set(people.map(([user]) => user));
    const focused = this.list.contains(document.activeElement);
    for (const user of this.rows.keys()) if (!known.has(user)) this.rows.delete(user);
    arrange(this.list, people.map(([user, person]) => {
      let row = this.rows.get(user);
      if (!row) this.rows.set(user, row = new PersonRow());
      row.show(person);
      return row.element;
    }));
    // Whoever had the focus is gone with it: the next in the list has it.
    if (focused && !this.list.contains(document.activeElement)) (this.list.querySelector("button") ?? this.heading).focus();
  }
}
