// A clock for tests, which stands still until it is told to tick.

interface Timer { at: number; every: number; run: () => void }

const timers = new Map<number, Timer>();
const real = { setTimeout, clearTimeout, setInterval, clearInterval };
let now = 0, last = 0;

function start(run: () => void, ms: number, every: number): number {
  timers.set(++last, { at: now + ms, every, run });
  return last;
}

export const clock = {
  install(): void {
    now = 0;
    timers.clear();
    const stop = (id: number): void => void timers.delete(id);
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => start(run, ms, 0), clearTimeout: stop,
      setInterval: (run: () => void, ms = 0) => start(run, ms, Math.max(ms, 1)), clearInterval: stop,
    });
  },

  restore(): void { Object.assign(globalThis, real); },

  /** Runs what is due within a time, in order. */
  tick(ms: number): void {
    const end = now + ms;
    for (;;) {
      const due = [...timers].filter(([, timer]) => timer.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [id, timer] = due;
      now = timer.at;
      if (timer.every > 0) timer.at += timer.every;
      else timers.delete(id);
      timer.run();
    }
    now = end;
  },
};
