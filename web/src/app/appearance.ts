import { Microphone, Speaker } from "../sdk";
import type { Listener, SpeakerState } from "../sdk";
import { ahead } from "./crossing";
import type { Crossing } from "./crossing";

const lookMS = 10;
/** How long somebody who talks may take to be heard live before the batches stop all the same. */
const liveWithinMS = 2000;
const batchesWithinMS = 3000;
const packetMS = 20; // what was heard at a time goes on for as long
const ticksPerMS = 48;

export interface AppearanceOptions {
  listener: Listener;
  token(): Promise<string>;
  /** Asks for the seat; resolves to the WHIP address. */
  seat(): Promise<string>;
  /** One's own seat number, 0 while there is none. */
  mine(): number;
  state(state: SpeakerState): void;
}

/**
 * Appearance is one person's time on stage: microphone, session, and the steps there and back. On both the old sound plays
 * on until the new one is there.
 */
export class Appearance {
  private speaker: Speaker | undefined;
  private closed = false;

  private constructor(private readonly options: AppearanceOptions, readonly microphone: Microphone) {}

  /** Asks for the microphone; within a tap. Throws Fault. */
  static async begin(options: AppearanceOptions): Promise<Appearance> {
    return new Appearance(options, await Microphone.open());
  }

  /** Takes the seat and goes live; `began` is the time of the tap. Throws Fault. */
  async rise(began: number): Promise<Crossing> {
    const { listener } = this.options;
    const crossing: Crossing = { to: "stage", microphone_ms: since(began) };
    const seat = this.options.seat().then((url) => {
      crossing.seated_ms ??= since(began);
      return url;
    });
    seat.catch(() => undefined); // told by start, unless that fails before
    this.speaker = new Speaker({
      seat: () => seat, token: () => this.options.token(), microphone: this.microphone, muted: true, epoch: listener.epoch,
      state: (state) => { if (!this.closed) this.options.state(state); },
    });
    await this.speaker.start();
    crossing.connected_ms = since(began);
    await this.until(liveWithinMS, () => this.speaker?.heard !== undefined || !listener.talks(this.options.mine()));
    this.replace(crossing, began);
    return crossing;
  }

  /** Live sound takes the place of the batches. */
  private replace(crossing: Crossing, began: number): void {
    const { listener } = this.options;
    const live = this.speaker?.heard;
    const late = listener.heard;
    const ended = performance.now();
    if (this.speaker) this.speaker.muted = false;
    listener.onStage = true;
    crossing.replaced_ms = since(began);
    const begun = (heard: { media: number; at: number }) => {
      crossing.first_live_ms = since(began);
      crossing.dip_ms = Math.max(0, performance.now() - ended);
      const now = heard.media + (ended - heard.at) * ticksPerMS;
      if (late !== undefined) crossing.jump_ms = ahead(now, late) / ticksPerMS;
    };
    if (live) return begun(live);
    crossing.quiet = true;
    void this.until(liveWithinMS, () => this.speaker?.heard !== undefined).then(() => {
      if (this.speaker?.heard) begun(this.speaker.heard);
    });
  }

  /** Back to the batches, at the live edge. The microphone closes first; what is heard of the others last. */
  async descend(began: number): Promise<Crossing> {
    const { listener } = this.options;
    const crossing: Crossing = { to: "audience" };
    this.closed = true;
    this.microphone.close();
    let live = this.speaker?.heard;
    listener.onStage = false;
    await this.until(batchesWithinMS, () => {
      live = this.speaker?.heard ?? live;
      return listener.heard !== undefined && listener.heard >= (listener.resumedAt ?? 0);
    });
    crossing.replaced_ms = since(began);
    const heard = listener.heard;
    if (live && heard !== undefined) {
      const now = performance.now();
      const last = this.speaker?.heard ? now : Math.max(live.at + packetMS, began);
      const first = now - (heard - (listener.resumedAt ?? heard)) / ticksPerMS;
      crossing.dip_ms = Math.max(0, first - last);
      crossing.jump_ms = ahead(heard, live.media + (now - live.at) * ticksPerMS) / ticksPerMS;
    }
    await this.speaker?.close();
    return crossing;
  }

  /** The epoch of the program that has become known. */
  set epoch(epoch: number) {
    if (this.speaker) this.speaker.epoch = epoch;
  }

  /** -dBov of a seat as it is heard live. */
  level(seat: number): number | undefined {
    return this.speaker?.level(seat);
  }

  /** At once, without a step. `over`: the room is. */
  async close(over = false): Promise<void> {
    this.closed = true;
    this.microphone.close();
    await this.speaker?.close(over);
  }

  private async until(ms: number, there: () => boolean): Promise<void> {
    for (const end = performance.now() + ms; !there() && performance.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, lookMS));
    }
  }
}

function since(began: number): number {
  return performance.now() - began;
}
