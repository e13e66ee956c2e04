import { Decoder } from "./decoder";
import type { Door, DoorStats } from "./door";
import type { Batch } from "./message";
import { silentLoop } from "./silence";
import { useAudioSession } from "./audio_session";
import { milliseconds, sampleRate, ticks } from "./time";
import type { WorkletOptions, WorkletOrder, WorkletReport } from "./worklet";

/** How much lies ahead beyond a delivery: what a phone network's unevenness needs. */
const marginMS = 400;

/** Player plays batches through WebCodecs and an AudioWorklet, and knows which media time is heard now. */
export class Player implements Door {
  /** The audio thread said something: a good time to see what has become heard. */
  onprogress: () => void = () => undefined;
  private readonly context: AudioContext;
  private readonly keepAlive = silentLoop();
  private readonly decoder = new Decoder((media, samples) =>
    this.order({ kind: "samples", media, samples }, [samples.buffer]));
  private node: AudioWorkletNode | undefined;
  private report: WorkletReport | undefined;

  /** Must be made within a tap or a key press, or the browser keeps it silent. */
  constructor(private readonly workletURL: string, private readonly cadenceMS: number) {
    useAudioSession("playback");
    this.context = new AudioContext({ latencyHint: "playback" });
    this.wake();
  }

  /** Loads the audio thread's part. Throws where that fails. */
  async start(): Promise<void> {
    await this.context.audioWorklet.addModule(this.workletURL);
    const processorOptions: WorkletOptions = {
      target: ticks(this.cadenceMS + marginMS), cadence: ticks(this.cadenceMS),
    };
    const node = new AudioWorkletNode(this.context, "rostrum-playout", {
      numberOfInputs: 0, outputChannelCount: [1], processorOptions,
    });
    node.port.onmessage = (event: MessageEvent<WorkletReport>) => {
      this.report = event.data;
      this.onprogress();
    };
    node.connect(this.context.destination);
    this.node = node;
  }

  /** Plays on after a pause or an interruption, such as a phone call. Within a tap it always works. */
  wake(): void {
    useAudioSession("playback");
    void this.context.resume().catch(() => undefined);
    void this.keepAlive.play().catch(() => undefined);
  }

  play(batch: Batch): void {
    this.decoder.decode(batch);
  }

  gap(until: number): void {
    void this.decoder.drain().then(() => this.order({ kind: "gap", until }));
  }

  /** Forgets what was not heard yet. */
  flush(): void {
    this.decoder.close();
    this.report = undefined;
    this.order({ kind: "flush" });
  }

  hush(): void {
    this.flush();
  }

  pause(): void {
    this.flush();
    this.keepAlive.pause();
    void this.context.suspend().catch(() => undefined);
  }

  close(): void {
    this.decoder.close();
    this.keepAlive.pause();
    URL.revokeObjectURL(this.keepAlive.src);
    this.keepAlive.removeAttribute("src");
    this.node?.disconnect();
    void this.context.close().catch(() => undefined);
  }

  /** The media time that leaves the loudspeaker now, in ticks; undefined before the first sound. */
  get heard(): number | undefined {
    const report = this.report;
    if (report?.position === undefined) return undefined;
    const elapsed = this.outputTime() - report.contextTime;
    return report.position + elapsed * report.rate * sampleRate;
  }

  get running(): boolean {
    return (this.report?.rate ?? 0) > 0;
  }

  get stats(): DoorStats {
    const { underruns, played, trimmed, skipped, rms } = this.report?.stats
      ?? { underruns: 0, played: 0, trimmed: 0, skipped: 0, rms: 0 };
    return {
      underruns, rms,
      played_seconds: played / sampleRate,
      trimmed_ms: milliseconds(trimmed),
      skipped_ms: milliseconds(skipped),
      buffered_ms: milliseconds(this.report?.depth ?? 0),
      rate: this.report?.rate ?? 0,
      decoder_faults: this.decoder.faults,
    };
  }

  /** The context time that is audible now: behind currentTime by the way to the loudspeaker. */
  private outputTime(): number {
    const output = this.context.getOutputTimestamp?.();
    if (output?.contextTime && output.performanceTime) {
      return output.contextTime + (performance.now() - output.performanceTime) / 1000;
    }
    return this.context.currentTime - (this.context.outputLatency || this.context.baseLatency || 0);
  }

  private order(order: WorkletOrder, transfer: Transferable[] = []): void {
    this.node?.port.postMessage(order, transfer);
  }
}
