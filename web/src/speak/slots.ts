import { silence } from "../listen/schedule";
import { Meter } from "./meter";

const recentMS = 400;
const audibleDBOV = 80;

/** One receive-only section, played and measured. */
interface Slot {
  receiver: RTCRtpReceiver;
  player: HTMLAudioElement;
  meter: Meter;
}

/** What a slot plays now: media time in ticks modulo 2^32, at a time of performance.now(). */
export interface Heard {
  media: number;
  at: number;
}

/**
 * Slots plays the other speakers: the SFU moves the loudest into the receive-only sections. The contributing source of
 * a slot's packets is the seat number; how loud it is, is measured here.
 */
export class Slots {
  private readonly context = new AudioContext();
  private readonly slots: Slot[];

  /** `muted`: they are decoded, and not played until `muted` is set to false. */
  constructor(receivers: RTCRtpReceiver[], muted: boolean) {
    void this.context.resume().catch(() => undefined);
    this.slots = receivers.map((receiver) => {
      const stream = new MediaStream([receiver.track]);
      // Browsers decode a track only where something plays it, and an element plays one track.
      const player = new Audio();
      player.muted = muted;
      player.srcObject = stream;
      void player.play().catch(() => undefined);
      return { receiver, player, meter: new Meter(this.context, stream) };
    });
  }

  /** -dBov of a seat as it is heard now. */
  level(seat: number): number {
    const now = performance.timeOrigin + performance.now(); // the clock of source timestamps
    const slot = this.slots.find(({ receiver }) => seatIn(receiver.getContributingSources(), now) === seat);
    return slot?.meter.level ?? silence;
  }

  set muted(muted: boolean) {
    for (const { player } of this.slots) player.muted = muted;
  }

  /** What is decoded now; undefined while nobody is heard. */
  get heard(): Heard | undefined {
    const now = performance.timeOrigin + performance.now();
    for (const { receiver, meter } of this.slots) {
      const source = newest(receiver.getSynchronizationSources());
      if (!source || now - source.timestamp > recentMS || meter.level > audibleDBOV) continue;
      return { media: source.rtpTimestamp, at: source.timestamp - performance.timeOrigin };
    }
    return undefined;
  }

  close(): void {
    for (const { player } of this.slots) {
      player.pause();
      player.srcObject = null;
    }
    void this.context.close().catch(() => undefined);
  }
}

/** Whose seat a slot carries: its newest contributing source, while that is new. */
export function seatIn(sources: { source: number; timestamp: number }[], now: number): number | undefined {
  const last = newest(sources);
  return last && now - last.timestamp <= recentMS ? last.source : undefined;
}

function newest<S extends { timestamp: number }>(sources: S[]): S | undefined {
  return sources.reduce<S | undefined>((last, source) => (!last || source.timestamp > last.timestamp ? source : last), undefined);
}
