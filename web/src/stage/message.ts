import type { HandMode, Position, Role, Seat } from "../listen/message";

// The messages of the events socket (docs/protocol.md section 10).

/** A raised hand, as moderators see it. */
export interface Hand {
  user: string;
  name: string;
  note: string;
  /** The queue is sorted by it. */
  order: number;
  raised_at: string;
  /** Without a connection; the hand is kept for a minute. */
  absent: boolean;
}

/** An invite that waits for its answer. */
export interface Invite {
  user: string;
  name: string;
  by: string;
  expires_at: string;
}

/** One's own invite. */
export interface Invitation {
  by: string;
  expires_at: string;
}

/** What a person is on a stage. */
export interface You {
  role: Role;
  /** 0: none. */
  seat: number;
  /** In the hand queue, from 1; 0: the hand is not up. */
  place: number;
  invite: Invitation | null;
}

/** The stage of a snapshot. Hands, invites and removed are there for moderators only. */
export interface StageSnapshot {
  view: "moderator" | "person";
  state: string;
  title: string;
  host: string;
  moderators: string[];
  hand_mode: HandMode;
  open_stage: boolean;
  max_seats: number;
  hand_count: number;
  enforced: Position | null;
  seats: Seat[];
  hands?: Hand[];
  invites?: Invite[];
  removed?: string[];
}

export type UnseatReason = "left" | "moved_to_audience" | "ended" | "removed" | "away";
export type LowerReason = "self" | "moderator" | "seated" | "declined" | "expired" | "away" | "left" | "removed";
export type CloseReason = "accepted" | "declined" | "withdrawn" | "expired" | "seated" | "left" | "removed";

/** What happened. Kinds that are not here are skipped by whoever reads them. */
export type Happening =
  | { event: "seated"; user: string; seat: Seat }
  | { event: "unseated"; user: string; seat: number; reason: UnseatReason }
  | { event: "muted" | "unmuted" | "held" | "released" | "media_lost" | "media_found"; user: string; seat: number }
  | { event: "appointed" | "dismissed" | "hand_absent" | "hand_present" | "removed" | "readmitted"; user: string }
  | { event: "hand_raised"; user: string; name: string; note: string; order: number; raised_at: string }
  | { event: "hand_lowered"; user: string; reason: LowerReason }
  | { event: "invited"; user: string; name: string; expires_at: string }
  | { event: "invite_closed"; user: string; reason: CloseReason }
  | { event: "hand_mode_set"; mode: HandMode }
  | { event: "all_hands_lowered" | "room_ended" };

/** A happening at its place in the log. `by` is a user, or "service:" and its name. */
export type StageEvent = { type: "event"; position: Position; at: string; by: string } & Happening;

export interface CommandFault {
  code: string;
  message: string;
  retry_after_ms?: number;
}

export type ServerMessage =
  | { type: "hello"; version: number; user: string; resumed: boolean; heartbeat_ms?: number }
  | { type: "snapshot"; position: Position; stage: StageSnapshot; you: You }
  | StageEvent
  | { type: "enforced"; position: Position }
  | { type: "place"; place: number; of: number }
  | { type: "answer"; id: string; position?: Position; place?: number; error?: CommandFault }
  | { type: "still"; position: Position };

/** What is asked of a stage. `user` absent: oneself. */
export type Command =
  | { do: "raise"; note?: string }
  | {
    do: "lower" | "withdraw" | "decline" | "audience" | "mute" | "hold" | "release" | "unmute" | "appoint" | "dismiss" | "remove"
      | "readmit" | "seat"; user?: string;
  }
  | { do: "invite"; user: string; expires_in?: number }
  | { do: "accept" | "take_seat"; muted?: boolean }
  | { do: "lower_all" | "leave" }
  | { do: "hand_mode"; mode: HandMode };

/** The gateway broke the protocol: what is known of the stage is of no more use. */
export class BrokenMessage extends Error {
  override name = "BrokenMessage";
}

const maxBytes = 32 << 20; // a snapshot with every hand up
const wanted: Record<string, string[]> = {
  hello: ["user"], snapshot: ["position", "stage", "you"], event: ["position", "event"], enforced: ["position"],
  place: ["place", "of"], answer: ["id"], still: ["position"],
};

/** Reads a message. Undefined for a type that this version does not know. Throws BrokenMessage. */
export function readMessage(text: string): ServerMessage | undefined {
  if (text.length > maxBytes) throw new BrokenMessage("a message is too large");
  let message: Record<string, unknown>;
  try {
    message = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new BrokenMessage("a message is no JSON");
  }
  const fields = typeof message?.["type"] === "string" ? wanted[message["type"]] : undefined;
  if (!fields) return undefined;
  for (const field of fields) {
    if (message[field] === undefined || message[field] === null) throw new BrokenMessage(`${message["type"]} without ${field}`);
  }
  if (fields.includes("position") && !isPosition(message["position"])) throw new BrokenMessage("a position that is none");
  return message as unknown as ServerMessage;
}

function isPosition(value: unknown): value is Position {
  const { term, offset } = value as Record<string, unknown>;
  return Number.isSafeInteger(term) && Number.isSafeInteger(offset);
}

/** "term-offset", as the query of a resume has it. */
export function positionText({ term, offset }: Position): string {
  return `${term}-${offset}`;
}
