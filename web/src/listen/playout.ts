import { Ring } from "./ring";
import { sampleRate } from "./time";

export interface PlayoutStats {
  /** Times the ring ran dry while playing. */
  underruns: number;
  /** Program samples played. */
  played: number;
  /** Quiet samples left out to come closer to the live edge. */
  trimmed: number;
  /** Samples thrown away unheard, since playing stood still for too long. */
  skipped: number;
  /** Loudness of the last half second that was played. */
  rms: number;
}

const second = sampleRate;
const trimBlock = sampleRate / 100; // 10 ms
const quiet = 0.003; // -50 dBFS
const deadBand = 0.12 * second;
const trimFrom = 0.25 * second;
const skipFrom = 8 * second;
const mostRate = 0.03;
const settle = 1 / 100; // of the depth's average, per pull
const rmsWindow = second / 2;

/**
 * Playout turns batches that arrive unevenly into samples at the device's rate. It keeps a target depth: it waits for
 * it at the start and after running dry, and then leaves out quiet places or plays up to 3 % faster or slower.
 */
export class Playout {
  readonly stats: PlayoutStats = { underruns: 0, played: 0, trimmed: 0, skipped: 0, rms: 0 };
  rate = 1;
  private ring: Ring;
  private head = 0; // index in the ring, with a fraction where the rates differ
  private playing = false;
  private average = 0;
  private last = 0;
  private windowSum = 0;
  private windowLength = 0;

  /** `target` in ticks: how much lies ahead right after a delivery. `cadence` in ticks: how much a delivery brings. */
  constructor(private readonly outputRate: number, readonly target: number, readonly cadence: number, capacity = 70 * second) {
    this.ring = new Ring(capacity);
  }

  /** Ticks that lie ahead. */
  get depth(): number {
    return this.ring.written - this.head;
  }

  /** Whether samples are coming out. */
  get running(): boolean {
    return this.playing;
  }

  /** The media time that is played next; undefined before the first samples. */
  get position(): number | undefined {
    return this.ring.media(Math.floor(this.head));
  }

  /**
   * Takes samples that begin at a media time. What is there already is left out. A hole becomes silence, but no more
   * of it than the target asks for: where the hole was waited out, it is not waited for twice.
   */
  push(media: number, samples: Float32Array): void {
    const end = this.ring.end;
    if (end !== undefined && media < end) {
      const known = end - media;
      if (known >= samples.length) return;
      samples = samples.subarray(known);
      media = end;
    }
    this.fill(media, samples.length);
    this.ring.write(media, samples);
    if (this.head < this.ring.oldest) this.skip(this.ring.oldest);
  }

  /** Says that there is no sound until a media time: the hole becomes silence without waiting for what follows. */
  gap(until: number): void {
    this.fill(until, 0);
  }

  private fill(until: number, coming: number): void {
    const end = this.ring.end;
    if (end === undefined || until <= end) return;
    const missing = Math.round(this.target - this.depth - coming);
    this.ring.silence(Math.max(0, Math.min(until - end, missing)));
    this.ring.jump(until);
  }

  /** Forgets all samples. The next ones are waited for like the first. */
  flush(): void {
    this.ring = new Ring(this.ring.capacity);
    this.head = 0;
    this.playing = false;
    this.rate = 1;
  }

  /** Fills `out` with what is heard next, silence where there is nothing. */
  pull(out: Float32Array): void {
    if (!this.playing && this.depth < this.target) return this.rest(out, 0);
    if (!this.playing) this.begin();
    this.steer();
    const step = (sampleRate / this.outputRate) * this.rate;
    for (let i = 0; i < out.length; i++) {
      if (this.head + 2 >= this.ring.written) {
        this.playing = false;
        this.stats.underruns++;
        return this.rest(out, i);
      }
      this.last = this.interpolate();
      out[i] = this.last;
      this.measure(this.last);
      this.head += step;
      this.stats.played += step;
    }
  }

  private begin(): void {
    this.playing = true;
    this.average = this.goal;
    this.rate = 1;
  }

  /** Between two deliveries the depth falls by a cadence: its average is half of one below the target. */
  private get goal(): number {
    return this.target - this.cadence / 2;
  }

  private steer(): void {
    if (this.depth > this.target + skipFrom) this.skip(this.ring.written - this.target);
    this.average += (this.depth - this.average) * settle;
    const excess = this.average - this.goal;
    if (excess > trimFrom) this.trim();
    const beyond = Math.max(0, Math.abs(excess) - deadBand) / second;
    this.rate = 1 + Math.sign(excess) * Math.min(mostRate, beyond * 0.06);
  }

  /** Leaves out 10 ms if they and the next 10 are quiet: nobody hears the seam. */
  private trim(): void {
    const from = Math.floor(this.head);
    if (this.depth < 4 * trimBlock || this.ring.rms(from, 2 * trimBlock) > quiet) return;
    this.head += trimBlock;
    this.average -= trimBlock;
    this.stats.trimmed += trimBlock;
  }

  private skip(to: number): void {
    this.stats.skipped += to - this.head;
    this.head = to;
    this.average = this.goal;
  }

  /** Catmull-Rom through the four samples around the head; exact where the head is a whole number. */
  private interpolate(): number {
    const index = Math.floor(this.head);
    const f = this.head - index;
    const b = this.ring.at(index);
    if (f === 0) return b;
    const a = this.ring.at(Math.max(index - 1, 0));
    const c = this.ring.at(index + 1);
    const d = this.ring.at(index + 2);
    return b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)));
  }

  /** Silence from `start` on, faded into, so that running dry does not click. */
  private rest(out: Float32Array, start: number): void {
    for (let i = start; i < out.length; i++) {
      this.last *= 0.97;
      out[i] = this.last;
      this.measure(this.last);
    }
  }

  private measure(sample: number): void {
    this.windowSum += sample * sample;
    if (++this.windowLength < rmsWindow) return;
    this.stats.rms = Math.sqrt(this.windowSum / this.windowLength);
    this.windowSum = this.windowLength = 0;
  }
}
