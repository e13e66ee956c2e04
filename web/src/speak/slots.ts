import { silence } from "../listen/schedule";
import { dbov } from "./microphone";

const recentMS = 400;

/** One voice in a slot: whose seat, and how loud. */
export interface Voice {
  seat: number;
  dbov: number;
}

/**
 * Slots plays the other speakers: the SFU moves the loudest into the receive-only sections. The contributing source of
 * a slot's packets is the seat number.
 */
export class Slots {
  private readonly players: HTMLAudioElement[] = [];

  constructor(private readonly receivers: RTCRtpReceiver[]) {
    // A track is decoded only where something plays it, and an element plays one track.
    for (const receiver of receivers) {
      const audio = new Audio();
      audio.srcObject = new MediaStream([receiver.track]);
      void audio.play().catch(() => undefined);
      this.players.push(audio);
    }
  }

  /** Who is heard now. */
  get voices(): Voice[] {
    return this.receivers.flatMap((receiver) => {
      const voice = voiceOf(receiver.getContributingSources(), receiver.getSynchronizationSources(), clock());
      return voice ? [voice] : [];
    });
  }

  close(): void {
    for (const player of this.players) {
      player.pause();
      player.srcObject = null;
    }
  }
}

interface Source {
  source: number;
  timestamp: number;
  audioLevel?: number;
}

/** The voice of a slot, from the newest contributing source. Its level is told of it or of the slot's own stream. */
export function voiceOf(contributing: Source[], synchronizing: Source[], now: number): Voice | undefined {
  const newest = contributing.reduce<Source | undefined>((best, s) => !best || s.timestamp > best.timestamp ? s : best, undefined);
  if (!newest || now - newest.timestamp > recentMS) return undefined;
  const level = newest.audioLevel ?? synchronizing[0]?.audioLevel;
  return { seat: newest.source, dbov: level === undefined ? silence : dbov(level) };
}

/** The clock of source timestamps: milliseconds since 1970. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
