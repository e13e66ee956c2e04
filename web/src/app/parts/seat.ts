import { t } from "../../text/text";
import type { Seat } from "../../sdk";
import { avatar } from "../avatar";
import type { Palette } from "../avatar";
import { h, setText } from "../dom";
import { icon } from "../icon";
import type { Ringing } from "../rings";

const speakingFrom = 0.12;
const speakingHoldMS = 700;

/** SeatTile draws one person on stage: the avatar, rings as loud as the voice, name and what they are. */
export class SeatTile implements Ringing {
  readonly element: HTMLLIElement;
  private readonly picture = h("div", { class: "portrait" });
  private readonly name = h("span", { class: "seat-name" });
  private readonly note = h("span", { class: "seat-note" });
  private readonly speaking = h("span", { class: "unseen" });
  private readonly badge = h("span", { class: "badge" }, icon("muted"));
  private drawnName = "";
  private heardAt = -Infinity;

  constructor(private readonly level: () => number) {
    this.picture.append(h("span", { class: "glow" }), h("span", { class: "ring" }));
    this.element = h("li", { class: "seat" }, this.picture, this.name, this.note, this.speaking);
  }

  /** The colours are those of the first call. */
  show(seat: Seat, mine: boolean, palette: Palette): void {
    if (this.drawnName !== seat.name) {
      this.drawnName = seat.name;
      this.picture.querySelector(".avatar")?.remove();
      this.picture.append(avatar(seat.name, palette), this.badge);
      this.element.style.setProperty("--voice", palette.sky);
      this.element.style.setProperty("--voice-light", palette.sun);
    }
    setText(this.name, seat.name);
    setText(this.note, note(seat, mine));
    this.element.classList.toggle("muted", seat.muted);
    this.element.classList.toggle("away", seat.away);
    this.element.classList.toggle("mine", mine);
  }

  read(): number {
    return this.level();
  }

  draw(fast: number, slow: number): void {
    this.picture.style.setProperty("--fast", String(fast));
    this.picture.style.setProperty("--slow", String(slow));
    const now = performance.now();
    if (slow > speakingFrom) this.heardAt = now;
    const speaking = now - this.heardAt < speakingHoldMS;
    this.element.classList.toggle("speaking", speaking);
    setText(this.speaking, speaking ? `, ${t("seat.speaking")}` : "");
  }
}

function note(seat: Seat, mine: boolean): string {
  const parts: string[] = [];
  if (mine) parts.push(seat.role === "host" ? t("seat.you.host") : seat.role === "moderator" ? t("seat.you.moderator") : t("seat.you"));
  else if (seat.role === "host") parts.push(t("seat.host"));
  else if (seat.role === "moderator") parts.push(t("seat.moderator"));
  if (seat.away) parts.push(t("seat.away"));
  else if (seat.held && mine) parts.push(t("seat.held"));
  else if (seat.muted) parts.push(t("seat.muted"));
  return parts.join(" · ");
}
