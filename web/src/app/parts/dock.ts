import { t } from "../../text/text";
import type { Session } from "../session";
import { h } from "../dom";
import { button } from "./button";

export interface DockActions {
  listen(): void;
  startRoom(): void;
}

/** Dock holds the buttons of a room, at the thumb. It is built anew only when other buttons are due. */
export class Dock {
  readonly element = h("section", { class: "dock", "aria-label": t("room.controls") });
  private drawn = "";

  constructor(private readonly actions: DockActions) {}

  /** `session` is undefined for who has not come in. */
  show(session: Session | undefined, room: { live: boolean; over: boolean; mine: boolean }, canSpeak: boolean): void {
    const wanted = session && session.place !== "outside" ? inside(session, canSpeak) : outside(room);
    const key = wanted.join(", ");
    if (key === this.drawn) return;
    this.drawn = key;
    const focused = this.element.contains(document.activeElement);
    this.element.replaceChildren(...wanted.map((what) => this.make(what, session)));
    this.element.dataset["of"] = wanted[wanted.length - 1] ?? "";
    if (focused) this.element.querySelector<HTMLElement>(".primary, .big, button")?.focus();
  }

  private make(what: Control, session: Session | undefined): HTMLElement {
    switch (what) {
      case "listen": return wide(button({ kind: "primary", picture: "headphones", label: t("listen.join") }, () => this.actions.listen()));
      case "wait": return wide(button({ kind: "primary", picture: "headphones", label: t("listen.wait") }, () => this.actions.listen()));
      case "start": return wide(button({ kind: "primary", picture: "microphone", label: t("room.start") }, () => this.actions.startRoom()));
      case "joining": return wide(busy(t("listen.joining")));
      case "pause": return button({ kind: "round", picture: "pause", label: t("listen.pause") }, () => session?.pause());
      case "pause alone": return wide(button({ picture: "pause", label: t("listen.pause") }, () => session?.pause()));
      case "resume": return wide(button({ kind: "primary", picture: "play", label: t("listen.resume") }, () => session?.resume()));
      case "take": return wide(button({ kind: "primary", picture: "microphone", label: t("speak.take") }, () => void session?.takeStage()));
      case "back": return wide(button({ kind: "primary", picture: "microphone", label: t("speak.back") }, () => void session?.takeStage()));
      case "taking": return wide(busy(t("speak.taking")));
      case "ask": return h("p", { class: "quiet" }, t("speak.ask"));
      case "leave": return wide(button({ picture: "leave", label: t("speak.leave") }, () => void session?.leaveStage()));
      case "mute": return big(button({ kind: "round", picture: "microphone", label: t("speak.mute") }, () => void session?.toggleMute()), "open");
      case "unmute": return big(button({ kind: "round", picture: "muted", label: t("speak.unmute") }, () => void session?.toggleMute()), "closed");
      case "home": return h("a", { class: "button primary wide", href: "#/" }, t("room.home"));
    }
  }
}

type Control = "listen" | "wait" | "start" | "joining" | "pause" | "pause alone" | "resume" | "take" | "back" | "taking" | "ask"
  | "leave" | "mute" | "unmute" | "home";

function outside(room: { live: boolean; over: boolean; mine: boolean }): Control[] {
  if (room.over) return ["home"];
  if (room.live) return ["listen"];
  return room.mine ? ["start"] : ["wait"];
}

function inside(session: Session, canSpeak: boolean): Control[] {
  if (session.listener.stage.state === "ended") return ["home"];
  if (session.stageState === "taking" || (session.place !== "stage" && session.stageState !== "off")) return ["taking"];
  switch (session.place) {
    case "joining": return ["joining"];
    case "paused": return ["resume"];
    case "stage": return ["leave", session.muted ? "unmute" : "mute"];
    case "listening": {
      if (!canSpeak) return ["pause alone"];
      if (session.seated) return ["pause", "back"];
      return ["pause", session.maySpeak ? "take" : "ask"];
    }
    default: return session.stopCode === "ended" ? ["home"] : ["listen"];
  }
}

function wide(control: HTMLElement): HTMLElement {
  control.classList.add("wide");
  return control;
}

function big(control: HTMLElement, state: string): HTMLElement {
  control.classList.add("big", state);
  return control;
}

function busy(text: string): HTMLElement {
  return h("button", { type: "button", class: "button primary busy", disabled: true }, h("span", {}, text));
}
