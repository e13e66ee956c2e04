/** What a listener does when its connection is closed (docs/protocol.md section 1.6). */
export type Next =
  | "elsewhere" // resume at the next edge
  | "again" // resume here or elsewhere after a while
  | "admission" // get a new grant, then resume
  | "live edge" // start anew where the program is now
  | "wait" // the room has not started
  | "stop";

const table: Record<number, Next> = {
  1001: "elsewhere",
  4400: "stop",
  4401: "admission",
  4403: "stop",
  4404: "stop",
  4409: "wait",
  4410: "stop",
  4413: "stop",
  4416: "live edge",
  4429: "again",
  4500: "again",
  4503: "elsewhere",
};

/** A code that the table does not name, such as 1006 of a torn connection, means: try elsewhere. */
export function afterClose(code: number): Next {
  return table[code] ?? "elsewhere";
}

const codes: Record<number, string> = {
  4400: "invalid", 4401: "unauthenticated", 4403: "forbidden", 4404: "not_found", 4409: "not_live", 4410: "ended",
  4413: "too_large", 4416: "from_ahead", 4429: "rate_limited", 4500: "internal", 4503: "unavailable",
};

/** The fault code in a close: the reason is "code: message". */
export function closeFault(code: number, reason: string): string {
  const told = /^[a-z_]{1,40}(?=:|$)/.exec(reason)?.[0];
  return told ?? codes[code] ?? "unavailable";
}

const firstMS = 250;
const mostMS = 10_000;

/**
 * How long to wait before try number `attempt` (from 0): exponential, with full jitter above a tenth, so that the
 * listeners of a lost edge do not come back together. `random` is in [0, 1).
 */
export function backOff(attempt: number, random: number): number {
  const most = Math.min(mostMS, firstMS * 2 ** Math.min(attempt, 10));
  return Math.round(most * (0.1 + 0.9 * random));
}
