import { Fault, codeOf } from "../api/fault";
import { silence } from "../listen/schedule";
import { Continuity } from "./continuity";
import { Link } from "./link";
import type { Microphone } from "./microphone";
import type { Heard } from "./slots";

const lookMS = 1_000;

export type SpeakerState = "connecting" | "live" | "retrying" | "lost";

export interface SpeakerOptions {
  /** Resolves to the WHIP address once there is a seat. The connection is prepared meanwhile. */
  seat(): Promise<string>;
  token(): Promise<string>;
  microphone: Microphone;
  /** Whether the others are played from the start; else when `muted` is set to false. */
  muted: boolean;
  /** The newest epoch of the program that is known; 0: none. */
  epoch: number;
  /** "lost" is final: the microphone is no longer sent. */
  state(state: SpeakerState): void;
}

/**
 * Speaker is one person on stage: sends the microphone, plays the others, and connects again when the way is lost or the
 * room has another home. The session before is left when the new one is there.
 */
export class Speaker {
  private readonly continuity: Continuity;
  private link: Link | undefined;
  private attempt: AbortController | undefined;
  private retry = 0;
  private looks = 0;
  private closed = false;
  private state: SpeakerState | undefined;
  private deaf: boolean;

  constructor(private readonly options: SpeakerOptions) {
    this.deaf = options.muted;
    this.continuity = new Continuity(options.epoch);
  }

  /** Throws Fault where the first try fails. */
  async start(): Promise<void> {
    this.tell("connecting");
    await this.connect();
    if (!this.closed) this.looks = setInterval(() => void this.look(), lookMS);
  }

  /** -dBov of a seat as it is heard now. */
  level(seat: number): number {
    return this.link?.slots.level(seat) ?? silence;
  }

  /** What is heard of the others now; undefined while nobody is. */
  get heard(): Heard | undefined {
    return this.link?.slots.heard;
  }

  /** Whether the others are decoded, but not played. */
  set muted(muted: boolean) {
    this.deaf = muted;
    if (this.link) this.link.slots.muted = muted;
  }

  /** The program has this epoch: a higher one than before is that of another home. */
  set epoch(epoch: number) {
    if (this.continuity.rise(epoch, performance.now()) && this.link) this.later(0);
  }

  /** `over`: the room is, and the session with it. */
  async close(over = false): Promise<void> {
    this.closed = true;
    this.forgo();
    clearInterval(this.looks);
    const { link } = this;
    this.link = undefined;
    if (over) link?.close();
    else await link?.hangUp();
    this.options.microphone.close();
  }

  /** Throws Fault; an attempt that was given up resolves. */
  private async connect(): Promise<void> {
    const attempt = this.attempt = new AbortController();
    const { seat, token, microphone } = this.options;
    this.continuity.asked(performance.now());
    try {
      const link = await Link.open({
        seat, token, track: microphone.track,
        answered: () => { if (!attempt.signal.aborted) this.continuity.answered(performance.now()); },
      }, attempt.signal);
      if (attempt.signal.aborted) return void link.hangUp();
      this.take(link);
    } catch (fault) {
      if (!attempt.signal.aborted) throw fault;
    }
  }

  /** The new session takes the place of the old, which its SFU ended or which nobody else hears. */
  private take(link: Link): void {
    const old = this.link;
    this.attempt = undefined;
    this.link = link;
    link.slots.muted = this.deaf;
    old?.close();
    link.onstate = () => this.watch(link);
    this.continuity.live(performance.now());
    if (!this.continuity.stays) return this.later(0);
    this.tell("live");
    this.watch(link);
  }

  private watch(link: Link): void {
    if (link !== this.link) return;
    if (link.state === "failed") this.lose();
    if (link.state === "disconnected") this.tell("retrying");
    if (link.state === "connected") this.recover();
  }

  private async look(): Promise<void> {
    const { link } = this;
    const received = await link?.received();
    if (link !== this.link || this.closed) return;
    const sign = this.continuity.looked(received, performance.now());
    if (sign === "silent") this.lose();
    if (sign === "heard") this.recover();
  }

  private lose(): void {
    if (!this.attempt && !this.retry) this.later(this.continuity.lost(performance.now(), Math.random()));
  }

  /** A way that was interrupted is there again by itself. */
  private recover(): void {
    if (!this.continuity.stays || this.link?.state !== "connected") return;
    this.forgo();
    this.tell("live");
  }

  /** Another try after a while; undefined: no more. */
  private later(ms: number | undefined): void {
    this.forgo();
    if (ms === undefined) return this.giveUp();
    this.tell("retrying");
    this.retry = setTimeout(() => {
      this.retry = 0;
      void this.connect().catch((fault: unknown) => this.failed(fault));
    }, ms);
  }

  private failed(fault: unknown): void {
    this.later(this.continuity.failed(codeOf(fault), fault instanceof Fault ? fault.retryAfterMS : 0, Math.random()));
  }

  private giveUp(): void {
    clearInterval(this.looks);
    void this.link?.hangUp();
    this.link = undefined;
    this.tell("lost");
  }

  private tell(state: SpeakerState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.state(state);
  }

  private forgo(): void {
    clearTimeout(this.retry);
    this.retry = 0;
    this.attempt?.abort();
    this.attempt = undefined;
  }
}
