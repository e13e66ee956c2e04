import { counted, ordinal, sentence, t } from "../../text/text";
import type { Session } from "../session";
import { h, setText } from "../dom";
import { icon } from "../icon";
import { button } from "./button";

export interface DockActions {
  listen(): void;
  startRoom(): void;
  raiseHand(): void;
  answerInvite(): void;
  moderate(): void;
  tell(text: string): void;
}

/** Dock holds the buttons of a room, at the thumb. It is built anew only when other buttons are due. */
export class Dock {
  readonly element = h("section", { class: "dock", "aria-label": t("room.controls") });
  private readonly place = h("strong", {});
  private readonly of = h("span", { class: "quiet" });
  private readonly waiting = h("span", { class: "count", "aria-hidden": "true" });
  private drawn = "";

  constructor(private readonly actions: DockActions) {}

  /** `session` is undefined for who has not come in. */
  show(session: Session | undefined, room: { live: boolean; over: boolean; mine: boolean }, canSpeak: boolean): void {
    const wanted = session && session.place !== "outside" ? inside(session, canSpeak) : outside(room);
    const key = wanted.join(", ");
    if (key !== this.drawn) {
      this.drawn = key;
      const focused = this.element.contains(document.activeElement);
      this.element.replaceChildren(...wanted.map((what) => this.make(what, session)));
      this.element.dataset["of"] = wanted[wanted.length - 1] ?? "";
      if (focused) this.element.querySelector<HTMLElement>(".primary, .big, button")?.focus();
    }
    if (session) this.count(session);
  }

  /** Numbers change without other buttons. */
  private count(session: Session): void {
    const { you, fold } = session.involvement;
    setText(this.place, you.place > 0 ? t("hand.place", { place: ordinal(you.place) }) : t("hand.up"));
    const all = Math.max(fold?.handCount ?? 0, you.place);
    setText(this.of, all > 0 ? counted("hand.of", all) : "");
    const waiting = fold?.view === "moderator" ? fold.handCount : 0;
    setText(this.waiting, waiting > 0 ? String(Math.min(waiting, 999)) : "");
    const open = this.waiting.closest("button");
    const label = waiting > 0 ? counted("panel.open.hands", waiting) : t("panel.open");
    if (open && open.getAttribute("aria-label") !== label) open.setAttribute("aria-label", label);
  }

  private make(what: Control, session: Session | undefined): HTMLElement {
    const { actions } = this;
    const turn = session?.turn;
    switch (what) {
      case "listen": return wide(button({ kind: "primary", picture: "headphones", label: t("listen.join") }, () => actions.listen()));
      case "wait": return wide(button({ kind: "primary", picture: "headphones", label: t("listen.wait") }, () => actions.listen()));
      case "start": return wide(button({ kind: "primary", picture: "microphone", label: t("room.start") }, () => actions.startRoom()));
      case "joining": return wide(busy(t("listen.joining")));
      case "pause": return button({ kind: "round", picture: "pause", label: t("listen.pause") }, () => session?.pause());
      case "pause alone": return wide(button({ picture: "pause", label: t("listen.pause") }, () => session?.pause()));
      case "resume": return wide(button({ kind: "primary", picture: "play", label: t("listen.resume") }, () => session?.resume()));
      case "take": return wide(button({ kind: "primary", picture: "microphone", label: t("speak.take") }, () => void session?.takeStage()));
      case "back": return wide(button({ kind: "primary", picture: "microphone", label: t("speak.back") }, () => void session?.takeStage()));
      case "taking": return wide(busy(t("speak.taking")));
      case "raise": return wide(button({ kind: "primary", picture: "hand", label: t("hand.raise") }, () => actions.raiseHand()));
      case "raising": return wide(busy(t("hand.raising")));
      case "hand": return this.hand(session);
      case "invited": return wide(button({ kind: "primary", picture: "microphone", label: t("invite.answer") }, () => actions.answerInvite()));
      case "hands closed": return h("p", { class: "quiet" }, t("hand.closed"));
      case "hands invited": return h("p", { class: "quiet" }, t("hand.invited"));
      case "moderate": return this.moderate();
      case "leave": return wide(button({ picture: "leave", label: t("speak.leave") }, () => void turn?.leave()));
      case "mute": return big(button({ kind: "round", picture: "microphone", label: t("speak.mute") }, () => void turn?.toggleMute()), "open");
      case "unmute": return big(button({ kind: "round", picture: "muted", label: t("speak.unmute") }, () => void turn?.toggleMute()), "closed");
      case "unmuting": return big(button({ kind: "round", picture: "muted", label: t("speak.unmuting") }, () => undefined), "closed asking");
      case "held": return held(button({ kind: "round", picture: "muted", label: t("speak.held") }, () => actions.tell(sentence("held"))));
      case "home": return h("a", { class: "button primary wide", href: "#/" }, t("room.home"));
    }
  }

  private hand(session: Session | undefined): HTMLElement {
    return h("div", { class: "hand-up" },
      h("span", { class: "hand-mark", "aria-hidden": "true" }, icon("hand") as unknown as Node),
      h("p", {}, this.place, " ", this.of),
      h("button", { type: "button", class: "chip", "aria-label": t("hand.lower.label"), onclick: () => void session?.ask({ do: "lower" }) }, t("hand.lower")));
  }

  private moderate(): HTMLElement {
    const open = button({ kind: "round", picture: "shield", label: t("panel.open") }, () => this.actions.moderate());
    open.append(this.waiting);
    return open;
  }
}

type Control = "listen" | "wait" | "start" | "joining" | "pause" | "pause alone" | "resume" | "take" | "back" | "taking"
  | "raise" | "raising" | "hand" | "invited" | "hands closed" | "hands invited" | "moderate"
  | "leave" | "mute" | "unmute" | "unmuting" | "held" | "home";

function outside(room: { live: boolean; over: boolean; mine: boolean }): Control[] {
  if (room.over) return ["home"];
  if (room.live) return ["listen"];
  return room.mine ? ["start"] : ["wait"];
}

function inside(session: Session, canSpeak: boolean): Control[] {
  if (session.listener.stage.state === "ended") return ["home"];
  const moderate: Control[] = session.moderates && session.involvement.fold?.view === "moderator" ? ["moderate"] : [];
  if (session.place === "stage") return ["leave", ...moderate, microphone(session)];
  if (session.turn.state !== "off") return ["taking"];
  switch (session.place) {
    case "joining": return ["joining"];
    case "paused": return [...moderate, "resume"];
    case "listening": {
      const way = canSpeak ? wayToSpeak(session) : undefined;
      return way ? ["pause", ...moderate, way] : moderate.length > 0 ? [...moderate, "pause alone"] : ["pause alone"];
    }
    default: return session.stopCode === "ended" || session.stopCode === "removed" ? ["home"] : ["listen"];
  }
}

function microphone(session: Session): Control {
  if (session.turn.held) return "held";
  if (session.involvement.asks("unmute")) return "unmuting";
  return session.turn.muted ? "unmute" : "mute";
}

/** What a listener can do to be heard. */
function wayToSpeak(session: Session): Control {
  const { you } = session.involvement;
  if (session.seated) return "back";
  if (you.invite) return "invited";
  if (session.involvement.asks("raise") && you.place === 0) return "raising";
  if (you.place > 0) return "hand";
  if (session.maySpeak) return "take";
  if (session.mayRaise) return "raise";
  return session.listener.stage.policy.handMode === "closed" ? "hands closed" : "hands invited";
}

function wide(control: HTMLElement): HTMLElement {
  control.classList.add("wide");
  return control;
}

function big(control: HTMLElement, state: string): HTMLElement {
  control.classList.add("big", ...state.split(" "));
  return control;
}

function held(control: HTMLElement): HTMLElement {
  control.setAttribute("aria-disabled", "true");
  return big(control, "closed held");
}

function busy(text: string): HTMLElement {
  return h("button", { type: "button", class: "button primary busy", disabled: true }, h("span", {}, text));
}
