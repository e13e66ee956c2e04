// The schemas of mobile-api/openapi.yaml, as far as the client reads them.
import type { HandMode, Position, Role, Seat } from "../listen/message";
import type { You } from "../stage/message";

export interface User {
  id: string;
  name: string;
}

/** Who one is on this device. Each refresh token is good for one renewal. */
export interface Guest {
  user: User;
  access_token: string;
  expires_at: string;
  refresh_token?: string;
  refresh_expires_at?: string;
}

export interface Room {
  id: string;
  title: string;
  language: string;
  state: "scheduled" | "live" | "ended";
  host: User;
  open_stage: boolean;
  open_listening: boolean;
  allowed_speakers: string[];
  speakers: Seat[];
}

export interface RoomPage {
  rooms: Room[];
  next_cursor: string;
}

export interface NewRoom {
  title: string;
  open_stage: boolean;
  open_listening: boolean;
  language?: string;
}

export interface Card {
  room: string;
  title: string;
  state: "scheduled" | "live" | "ended";
  seats: Seat[];
  policy: { open_stage: boolean; open_listening: boolean; hand_mode?: HandMode };
  position: Position;
  epoch: number;
  language: string;
}

export interface Edge {
  node: string;
  url: string;
  listen_url: string;
  ogg_url: string;
}

export interface Joined {
  role: Role;
  seat?: number;
  /** What the stage knows of the caller; absent for whom it does not know. */
  you?: You;
  room: Room;
  card: Card;
  grant: string;
  grant_expires_at: string;
  edges: Edge[];
  /** Speakers only. */
  whip_url?: string;
}
