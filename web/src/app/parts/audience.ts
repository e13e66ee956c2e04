import { svg } from "../dom";
import { Rings } from "../rings";

const width = 360;
const top = -34; // the stage stands above the picture
const radii = [96, 122, 148, 174, 200];
const apart = 17;
const spread = 0.8; // of a half circle
const rowDelayMS = 90;
const historyMS = 1000;

/**
 * Audience draws the listeners as an amphitheatre before the stage, one dot a person until every place is taken. The
 * rows light up one after the other as a voice goes through them.
 */
export class Audience {
  readonly element: SVGElement;
  private readonly rows: SVGElement[] = [];
  private readonly places: SVGElement[] = [];
  private readonly rings = new Rings();
  private history: { at: number; level: number }[] = [];
  private shown = "";

  /** `level` answers -dBov of the loudest voice as it is heard now. */
  constructor(level: () => number) {
    for (const radius of radii) {
      const row = svg("g", { class: "row" });
      const count = Math.floor((Math.PI * spread * radius) / apart);
      for (const k of fromTheMiddle(count)) {
        const angle = Math.PI / 2 + ((k - (count - 1) / 2) * apart) / radius;
        const place = svg("circle", { cx: round(width / 2 + Math.cos(angle) * radius), cy: round(top + Math.sin(angle) * radius), r: 4.5 });
        row.append(place);
        this.places.push(place);
      }
      this.rows.push(row);
    }
    this.element = svg("svg", { class: "audience", viewBox: `0 0 ${width} 176`, "aria-hidden": "true", focusable: "false" }, ...this.rows);
    this.rings.add({ read: level, draw: (_, slow) => this.ripple(slow) });
  }

  /** `present`: whether the person at this screen is one of them. */
  show(listeners: number, present: boolean): void {
    const key = `${listeners} ${present}`;
    if (key === this.shown) return;
    this.shown = key;
    const taken = Math.max(listeners, present ? 1 : 0);
    this.places.forEach((place, i) => {
      place.classList.toggle("taken", i < taken);
      place.classList.toggle("me", present && i === 0);
    });
  }

  close(): void {
    this.rings.close();
  }

  private ripple(level: number): void {
    const now = performance.now();
    this.history.push({ at: now, level });
    while (this.history[0] && this.history[0].at < now - historyMS) this.history.shift();
    this.rows.forEach((row, i) => {
      const then = this.history.findLast((h) => h.at <= now - i * rowDelayMS) ?? this.history[0]!;
      row.style.setProperty("--wave", String(Math.round(then.level * (1 - i * 0.1) * 100) / 100));
    });
  }
}

/** Places of a row, the middle first: there an audience sits down. */
function fromTheMiddle(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k).sort((a, b) => Math.abs(a - (count - 1) / 2) - Math.abs(b - (count - 1) / 2));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
