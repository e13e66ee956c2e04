import type { Capability, Client, Room } from "../../sdk";
import type { Account } from "../account";
import type { Notices } from "../announce";
import type { Session } from "../session";

/** What pages have to do with. */
export interface App {
  client: Client;
  account: Account;
  notices: Notices;
  capability: Capability;
  /** Makes a session of a room. Within a tap, the room may then be heard. */
  enter(room: Room): Session;
  /** The session of a room that is going on, if there is one. */
  entered(room: string): Session | undefined;
}

/** A page on the screen. */
export interface Page {
  element: HTMLElement;
  title: string;
  close(): void;
}
