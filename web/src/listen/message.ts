// The messages of proto/rostrum/listen/v1/listen.proto, as far as a listener reads them.

/** A place in a room's stage log. */
export interface Position {
  term: number;
  offset: number;
}

export const nowhere: Position = { term: 0, offset: 0 };

/** Below 0 where a comes before b, 0 where they are the same, else above. */
export function compare(a: Position, b: Position): number {
  return a.term - b.term || a.offset - b.offset;
}

export type Role = "listener" | "speaker" | "moderator" | "host";

/** A place on the stage and who has it. */
export interface Seat {
  seat: number;
  user: string;
  name: string;
  role: Role;
  muted: boolean;
  /** Muted by a moderator, until released. */
  held: boolean;
  /** No microphone is connected; the seat is kept for a while. */
  away: boolean;
}

/** Who may raise a hand: everyone; who was named, invited or seated before; nobody. */
export type HandMode = "open" | "invited" | "closed";

/** What a room lets its audience do. */
export interface Policy {
  openStage: boolean;
  openListening: boolean;
  handMode: HandMode;
}

/** Loudness of one seat in each of a batch's ten frames, in -dBov: 0 the loudest, 127 silence (RFC 6465). */
export interface Level {
  seat: number;
  dbov: Uint8Array;
}

export type StageChange =
  | { kind: "seated"; seat: Seat }
  | { kind: "unseated"; seat: number }
  | { kind: "muted"; seat: number }
  | { kind: "unmuted"; seat: number }
  | { kind: "ended" }
  /** The seat as it is now: its role, held or away is another. */
  | { kind: "changed"; seat: Seat }
  | { kind: "policy"; policy: Policy }
  | { kind: "unknown" };

/** A stage event at a place in the program: ticks of 48 kHz after the first sample of its batch. */
export interface TimedEvent {
  ticks: number;
  position: Position;
  change: StageChange;
}

/** 200 ms of a program: ten Opus frames, and what happened on stage meanwhile. */
export interface Batch {
  kind: "batch";
  number: number;
  epoch: number;
  rendition: string;
  frames: Uint8Array[];
  log: Position;
  events: TimedEvent[];
  levels: Level[];
}

/** Numbers without audio, both inclusive. */
export interface Gap {
  kind: "gap";
  first: number;
  last: number;
  epoch: number;
  reason: number;
}

export interface Hello {
  kind: "hello";
  epoch: number;
  first: number;
  newest: number;
  oldest: number;
  cadenceMS: number;
  rendition: string;
  minVersion: number;
  node: string;
}

export type RoomState = "unknown" | "scheduled" | "live" | "ended";

/** What a listener needs to draw the room. The latest wins: compare position, then epoch and revision. */
export interface RoomCard {
  kind: "card";
  room: string;
  title: string;
  state: RoomState;
  seats: Seat[];
  listeners: number;
  policy: Policy;
  position: Position;
  revision: number;
  epoch: number;
}

export interface Move {
  kind: "move";
  urls: string[];
}

export type ServerMessage = Batch | Gap | Hello | RoomCard | Move | { kind: "unknown" };
