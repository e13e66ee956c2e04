import { backOff } from "./close";
import type { Door, DoorStats } from "./door";
import type { Batch } from "./message";
import { batchTicks, ticks } from "./time";

/** How far an <audio> element usually plays behind the newest batch. It does not tell, so rings are about right only. */
const lagMS = 1500;

/** OggPlayer plays listen.ogg in an <audio> element: for browsers without WebCodecs, and pages without https. */
export class OggPlayer implements Door {
  onprogress: () => void = () => undefined;
  private readonly audio = new Audio();
  private newest: { end: number; at: number } | undefined;
  private attempt = 0;
  private retry = 0;
  private wanted = true;

  /** `address` answers a listen.ogg with a fresh door grant: one is good for five minutes. */
  constructor(private readonly address: () => Promise<string>) {
    this.audio.ontimeupdate = () => this.onprogress();
    this.audio.onplaying = () => { this.attempt = 0; };
    this.audio.onerror = this.audio.onended = () => this.again();
  }

  async start(): Promise<void> {
    this.wanted = true;
    this.audio.src = await this.address();
    await this.audio.play();
  }

  wake(): void {
    this.wanted = true;
    if (this.audio.getAttribute("src")) void this.audio.play().catch(() => undefined);
    else void this.start().catch(() => this.again());
  }

  play(batch: Batch): void {
    this.newest = { end: (batch.number + 1) * batchTicks, at: performance.now() };
  }

  /** The stream has its own silence in the place of a gap. */
  gap(): void {}

  flush(): void {
    this.newest = undefined;
  }

  hush(): void {
    this.pause();
  }

  pause(): void {
    this.wanted = false;
    clearTimeout(this.retry);
    this.audio.pause();
    this.audio.removeAttribute("src"); // a stream that is only paused goes on being fetched
    this.audio.load();
  }

  close(): void {
    this.pause();
    this.audio.onerror = this.audio.onended = null;
  }

  get heard(): number | undefined {
    if (!this.newest || !this.running) return undefined;
    return this.newest.end - ticks(lagMS) + ticks(performance.now() - this.newest.at);
  }

  get running(): boolean {
    return !this.audio.paused && this.audio.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  get stats(): DoorStats {
    const { buffered, currentTime } = this.audio;
    const ahead = buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : 0;
    return {
      underruns: 0, played_seconds: currentTime, buffered_ms: Math.max(0, ahead * 1000), rms: 0,
      trimmed_ms: 0, skipped_ms: 0, rate: this.running ? 1 : 0, decoder_faults: 0,
    };
  }

  private again(): void {
    if (!this.wanted) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.start().catch(() => this.again()), backOff(this.attempt++, Math.random()));
  }
}
