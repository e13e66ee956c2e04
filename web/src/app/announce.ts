import { h, setText } from "./dom";

const shownMS = 6000;

/** Notices says things: aloud to screen readers, politely; and in a bar at the foot of the page where they matter to all. */
export class Notices {
  private readonly spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly bar = h("div", { class: "toast", role: "status", "aria-live": "polite" });
  private timer = 0;

  constructor() {
    document.body.append(this.spoken, this.bar);
  }

  /** For screen readers only: others see it happen. */
  say(text: string): void {
    setText(this.spoken, text);
  }

  show(text: string): void {
    clearTimeout(this.timer);
    setText(this.bar, text);
    this.bar.classList.add("shown");
    this.timer = setTimeout(() => this.hide(), shownMS);
  }

  /** What the bar said is no longer so. */
  hide(): void {
    clearTimeout(this.timer);
    this.bar.classList.remove("shown");
    setText(this.bar, "");
  }
}
