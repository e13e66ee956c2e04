import { t } from "../../text/text";
import type { Code } from "../../text/text";
import type { Session } from "../session";
import { h, setText } from "../dom";
import { bars } from "./room_card";

/** A delay that has moved by less is shown as it was. */
const unrestMS = 150;

/** Status is the small line that says how one hears the room: live, how late, or what is the matter. */
export class Status {
  readonly element: HTMLElement;
  private readonly word = h("span", {});
  private shownMS = 0;
  private readonly delay = h("span", { class: "delay" });

  constructor() {
    this.element = h("p", { class: "status" }, bars(), this.word, this.delay);
  }

  show(session: Session | undefined, roomState: "scheduled" | "live" | "ended"): void {
    const state = stateOf(session, roomState);
    this.element.dataset["state"] = state;
    setText(this.word, t(`state.${state}` as Code));
    const delay = state === "live" ? session?.listener.delayMS : undefined;
    if (delay !== undefined && Math.abs(delay - this.shownMS) > unrestMS) this.shownMS = delay;
    setText(this.delay, delay === undefined ? "" : t("listen.delay", { seconds: (this.shownMS / 1000).toFixed(1) }));
  }
}

function stateOf(session: Session | undefined, roomState: string): string {
  if (session?.listener.stage.state === "ended" || roomState === "ended") return "ended";
  switch (session?.place) {
    case "listening": return session.connection;
    case "joining": return session.connection === "waiting" ? "waiting" : "connecting";
    case "stage": return session.turn.state === "retrying" ? "retrying" : "stage";
    case "paused":
    case "stopped": return session.place;
    default: return roomState === "live" ? "outside" : roomState;
  }
}
