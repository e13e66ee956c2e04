import { Fault } from "../api/fault";
import { useAudioSession } from "../listen/audio_session";
import { Meter } from "./meter";

/** Microphone is one open microphone and its level. */
export class Microphone {
  private constructor(
    private readonly stream: MediaStream,
    private readonly context: AudioContext,
    private readonly meter: Meter,
  ) {}

  /** Asks the person for the microphone. Throws Fault with microphone_denied, microphone_missing or microphone_busy. */
  static async open(): Promise<Microphone> {
    useAudioSession("play-and-record");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
      });
    } catch (cause) {
      throw refusal(cause);
    }
    const context = new AudioContext();
    void context.resume().catch(() => undefined);
    return new Microphone(stream, context, new Meter(context, stream));
  }

  get track(): MediaStreamTrack {
    return this.stream.getAudioTracks()[0]!;
  }

  set muted(muted: boolean) {
    this.track.enabled = !muted;
  }

  get muted(): boolean {
    return !this.track.enabled;
  }

  /** -dBov of the last 20 ms: 0 the loudest, 127 silence. */
  get level(): number {
    return this.meter.level;
  }

  close(): void {
    for (const track of this.stream.getTracks()) track.stop();
    void this.context.close().catch(() => undefined);
  }
}

function refusal(cause: unknown): Fault {
  switch ((cause as DOMException).name) {
    case "NotAllowedError":
    case "SecurityError": return new Fault("microphone_denied", "the microphone was not allowed");
    case "NotFoundError":
    case "OverconstrainedError": return new Fault("microphone_missing", "there is no microphone");
    default: return new Fault("microphone_busy", "the microphone cannot be opened");
  }
}
