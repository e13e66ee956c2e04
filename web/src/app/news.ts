import type { StageChange, StageEvent, You } from "../sdk";

/** What happened to the person at this screen, by others or by the clock. Each has a text, "news.…". */
export type News =
  | "invited" | "withdrawn" | "expired" | "hand_lowered" | "seated" | "moved" | "away" | "muted" | "held" | "released"
  | "appointed" | "dismissed" | "removed";

/** The news in an event, if there is any; `before` is what the person was until then. */
export function newsOf(event: StageEvent, me: string, before: You): News | undefined {
  if (event.event === "all_hands_lowered" || event.event === "hand_mode_set" && event.mode === "closed") {
    return before.place > 0 ? "hand_lowered" : undefined;
  }
  if (!("user" in event) || event.user !== me || event.by === me) return undefined;
  switch (event.event) {
    case "invited": return before.invite ? undefined : "invited";
    case "invite_closed": return event.reason === "withdrawn" || event.reason === "expired" ? event.reason : undefined;
    case "hand_lowered": return event.reason === "moderator" || event.reason === "away" ? "hand_lowered" : undefined;
    case "unseated":
      if (event.reason === "away") return "away";
      return event.reason === "moved_to_audience" ? "moved" : undefined;
    case "seated":
    case "muted":
    case "held":
    case "released":
    case "appointed":
    case "dismissed":
    case "removed": return event.event;
    default: return undefined;
  }
}

/** What an event changes for everyone who sees the stage, in the words of the listen protocol. */
export function changeOf(event: StageEvent): StageChange | undefined {
  switch (event.event) {
    case "seated": return { kind: "seated", seat: event.seat };
    case "unseated": return { kind: "unseated", seat: event.seat };
    case "muted":
    case "held": return { kind: "muted", seat: event.seat };
    case "unmuted": return { kind: "unmuted", seat: event.seat };
    default: return undefined;
  }
}
