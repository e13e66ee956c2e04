/** What draws one voice: something with a level, called once a frame. */
export interface Ringing {
  /** -dBov now. */
  read(): number;
  /** `fast` and `slow` from 0 (silent) to 1 (loud): the ring and its glow. */
  draw(fast: number, slow: number): void;
}

const quietest = 52; // -dBov below which nothing is drawn
const loudest = 14;

/** How much of a ring a level makes: 0 to 1. */
export function strength(dbov: number): number {
  return Math.min(1, Math.max(0, (quietest - dbov) / (quietest - loudest)));
}

/** One step of a follower that rises quickly and falls slowly; times in seconds. */
export function follow(value: number, aim: number, elapsed: number, rise: number, fall: number): number {
  const time = aim > value ? rise : fall;
  return value + (aim - value) * (1 - Math.exp(-elapsed / time));
}

/** Rings moves all voices of a page with the frames of the screen. */
export class Rings {
  private readonly voices = new Map<Ringing, { fast: number; slow: number }>();
  private frame = 0;
  private last = 0;

  add(voice: Ringing): void {
    this.voices.set(voice, { fast: 0, slow: 0 });
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.step(now));
  }

  remove(voice: Ringing): void {
    this.voices.delete(voice);
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.voices.clear();
  }

  private step(now: number): void {
    const elapsed = Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    for (const [voice, state] of this.voices) {
      const aim = strength(voice.read());
      const { fast, slow } = state;
      state.fast = settle(follow(fast, aim, elapsed, 0.03, 0.16));
      state.slow = settle(follow(slow, aim, elapsed, 0.12, 0.5));
      if (fast !== state.fast || slow !== state.slow) voice.draw(state.fast, state.slow);
    }
    this.frame = this.voices.size > 0 ? requestAnimationFrame((next) => this.step(next)) : 0;
  }
}

/** Nothing is drawn for what nobody sees. */
function settle(value: number): number {
  return value < 0.004 ? 0 : Math.round(value * 500) / 500;
}
