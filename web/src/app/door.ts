import { OggPlayer, Player } from "../sdk";
import type { Door } from "../sdk";

/** Deliveries every 200 ms: a room on a page is looked at, and rings follow the voice. */
export const cadenceMS = 200;

/** The best way this browser has to play. To be called within a tap, or the sound stays off. */
export function makeDoor(batches: boolean, oggAddress: () => Promise<string>): Door {
  return batches ? new Player(new URL("worklet.js", document.baseURI).href, cadenceMS) : new OggPlayer(oggAddress);
}
