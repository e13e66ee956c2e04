import { backOff } from "../listen/close";

const silentMS = 3_000; // something comes every second, if only a check of the way (RFC 7675)
const asleepMS = 2_500; // who looks every second and is that late was asleep
const steadyMS = 10_000; // a session that lasted this long was a good one
/** A home is given away 1.5 s after it was last heard of, at the earliest: who answered this shortly before is the new one. */
const freshMS = 1_000;
const mostTries = 16; // about half a minute: as long as a seat is kept
const slowest = 4; // doublings of the time between two tries
const mostWaitMS = 4_000;

/** Faults after which no other try makes sense. */
const final = ["forbidden", "removed", "ended", "not_live", "not_found"];

/** What a look at a session tells: it receives; nothing has come for too long; neither is certain. */
export type Sign = "heard" | "silent" | "unsure";

/**
 * Continuity decides when a speaker's session is made anew, and when no more. A session belongs to the epoch of the program
 * that was known when it was answered: a higher epoch is another home's, and whoever is still at the old one is not heard.
 * It knows neither network nor clock: times are passed in, in ms.
 */
export class Continuity {
  private under: number;
  private askedAt: number | undefined;
  private answeredAt = -Infinity;
  private liveAt = 0;
  private lookedAt = 0;
  private heardAt = 0;
  private received: number | undefined;
  private tries = 0;
  private unseated = 0;

  /** `newest`: the highest epoch known; 0: none. */
  constructor(private newest: number) {
    this.under = newest;
  }

  /** Whether the session that was live last may stay: no other was answered since, which ended it, and its epoch is the newest. */
  get stays(): boolean {
    return this.answeredAt <= this.liveAt && this.under === this.newest;
  }

  /** An offer is being made. */
  asked(now: number): void {
    this.askedAt = now;
  }

  answered(now: number): void {
    this.askedAt = undefined;
    this.answeredAt = now;
    this.under = this.newest;
  }

  /** Sound flows over the session that was answered. */
  live(now: number): void {
    this.liveAt = this.lookedAt = this.heardAt = now;
    this.received = undefined;
    this.unseated = 0;
  }

  /** Takes an epoch of the program. Answers whether a session is to be made anew at once. */
  rise(epoch: number, now: number): boolean {
    if (epoch <= this.newest) return false;
    const first = this.newest === 0;
    this.newest = epoch;
    if (this.askedAt !== undefined && now - this.askedAt < freshMS) return false; // the new home answers
    if (this.askedAt === undefined && (first || now - this.answeredAt < freshMS)) {
      this.under = epoch;
      return false;
    }
    this.tries = 0;
    return true;
  }

  /** Takes how much the session has received so far; undefined where the browser does not tell. */
  looked(received: number | undefined, now: number): Sign {
    const asleep = now - this.lookedAt > asleepMS;
    this.lookedAt = now;
    if (received === undefined) return "unsure";
    if (received !== this.received) {
      this.received = received;
      this.heardAt = now;
      return "heard";
    }
    if (asleep) this.heardAt = now;
    return now - this.heardAt >= silentMS ? "silent" : "unsure";
  }

  /** The session is lost: answers in how many ms another is tried; undefined: no more. `random` is in [0, 1). */
  lost(now: number, random: number): number | undefined {
    if (now - this.liveAt < steadyMS) return this.next(0, random);
    this.tries = 0;
    return 0;
  }

  /** A try has failed; answers as `lost` does. */
  failed(code: string, retryAfterMS: number, random: number): number | undefined {
    this.askedAt = undefined;
    // A home that has just begun may not have heard of the seat.
    if (final.includes(code) || code === "not_seated" && this.unseated++ > 0) return undefined;
    return this.next(retryAfterMS, random);
  }

  private next(leastMS: number, random: number): number | undefined {
    if (this.tries >= mostTries) return undefined;
    return Math.min(mostWaitMS, Math.max(leastMS, backOff(Math.min(this.tries++, slowest), random)));
  }
}
