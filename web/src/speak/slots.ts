import { silence } from "../listen/schedule";
import { Meter } from "./meter";

const recentMS = 400;

/** One receive-only section, played and measured. */
interface Slot {
  receiver: RTCRtpReceiver;
  player: HTMLAudioElement;
  meter: Meter;
}

/**
 * Slots plays the other speakers: the SFU moves the loudest into the receive-only sections. The contributing source of
 * a slot's packets is the seat number; how loud it is, is measured here.
 */
export class Slots {
  private readonly context = new AudioContext();
  private readonly slots: Slot[];

  constructor(receivers: RTCRtpReceiver[]) {
    void this.context.resume().catch(() => undefined);
    this.slots = receivers.map((receiver) => {
      const stream = new MediaStream([receiver.track]);
      // Browsers decode a track only where something plays it, and an element plays one track.
      const player = new Audio();
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
  let newest: { source: number; timestamp: number } | undefined;
  for (const source of sources) if (!newest || source.timestamp > newest.timestamp) newest = source;
  return newest && now - newest.timestamp <= recentMS ? newest.source : undefined;
}
