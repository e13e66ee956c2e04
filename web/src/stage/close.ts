/** What a client of the events socket does when its connection is closed (docs/protocol.md section 10.4). */
export type Next =
  | "resume" // from the last position, with back-off
  | "token" // get a new access token, then resume
  | "afresh" // another connection, without a position
  | "wait" // the room has not started
  | "idle" // when there is a hand to raise
  | "stop";

const table: Record<number, Next> = {
  4400: "stop",
  4401: "token",
  4403: "stop",
  4404: "stop",
  4408: "idle",
  4409: "wait",
  4410: "stop",
  4413: "stop",
  4416: "afresh",
};

/** A code that the table does not name, such as 1006 of a torn connection, 4429 or 4503, means: resume after a while. */
export function afterClose(code: number): Next {
  return table[code] ?? "resume";
}
