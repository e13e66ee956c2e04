import type { Batch, Gap, Hello } from "./message";

/** What is to be done with a message: play it; nothing; or ask again, since numbers before it are missing. */
export type Verdict = "fresh" | "old" | "hole";

/**
 * Numbers keeps the place of a listener in a program, by the rules of docs/protocol.md section 1.3: the highest epoch
 * alone is heard, numbers only rise, and what is missing without a Gap is asked for again.
 */
export class Numbers {
  epoch = 0;
  /** The newest number received; undefined before the first Hello. */
  newest: number | undefined;
  /** Numbers that no edge has any more. */
  lost = 0;

  /** What to resume from; undefined: from the live edge. */
  get from(): number | undefined {
    return this.newest === undefined ? undefined : this.newest + 1;
  }

  /** Answers how many numbers were lost before the first that this connection delivers. */
  hello(hello: Hello): number {
    this.epoch = Math.max(this.epoch, hello.epoch);
    const expected = this.from;
    if (expected === undefined) {
      this.newest = hello.first - 1;
      return 0;
    }
    if (hello.first <= expected) return 0;
    const lost = hello.first - expected;
    this.lost += lost;
    this.newest = hello.first - 1;
    return lost;
  }

  batch(batch: Batch): Verdict {
    return this.accept(batch.epoch, batch.number, batch.number);
  }

  gap(gap: Gap): Verdict {
    return this.accept(gap.epoch, gap.first, gap.last);
  }

  /** Forgets the place, so that the next connection starts at the live edge. The epoch stays known. */
  forget(): void {
    this.newest = undefined;
  }

  private accept(epoch: number, first: number, last: number): Verdict {
    if (epoch < this.epoch) return "old";
    this.epoch = epoch;
    if (this.newest !== undefined) {
      if (last <= this.newest) return "old";
      if (first > this.newest + 1) return "hole";
    }
    this.newest = last;
    return "fresh";
  }
}
