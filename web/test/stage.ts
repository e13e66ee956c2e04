import { Fold } from "../src/stage/fold";
import type { Happening, StageEvent, StageSnapshot, You } from "../src/stage/message";
import type { Role } from "../src/listen/message";

// A small stage for tests of what folds it.

export const seat = (number: number, user: string, more = {}) =>
  ({ seat: number, user, name: user.toUpperCase(), role: "speaker" as Role, muted: false, held: false, away: false, ...more });

export const listener: You = { role: "listener", seat: 0, place: 0, invite: null };

export function snapshot(view: "moderator" | "person", more: Partial<StageSnapshot> = {}): StageSnapshot {
  return {
    view, state: "live", title: "Tides", host: "ada", moderators: [], hand_mode: "open", open_stage: false, max_seats: 20,
    hand_count: 0, enforced: { term: 1, offset: 10 }, seats: [seat(1, "ada", { role: "host" }), seat(2, "bo")],
    ...(view === "moderator" && { hands: [], invites: [], removed: [] }), ...more,
  };
}

export function fold(view: "moderator" | "person", me: string, you = listener, more: Partial<StageSnapshot> = {}): Fold {
  return new Fold({ term: 1, offset: 10 }, snapshot(view, more), { ...you }, me);
}

export function event(offset: number, by: string, what: Happening): StageEvent {
  return { type: "event", position: { term: 1, offset }, at: "2026-03-01T12:00:00.000Z", by, ...what };
}
