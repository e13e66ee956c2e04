import type { Batch } from "./message";
import { frameTicks, sampleRate } from "./time";

const frameMicros = 20_000;

/** Decoded samples of 48 kHz mono and the media time that they begin at. */
export type DecodedSink = (media: number, samples: Float32Array) => void;

/**
 * Decoder turns batches into samples with WebCodecs, in order. Numbers that do not follow each other begin with a fresh
 * state: Opus carries some from frame to frame.
 */
export class Decoder {
  private codec: AudioDecoder | undefined;
  private expected = -1;
  /** Frames that the codec refused. */
  faults = 0;

  constructor(private readonly sink: DecodedSink) {}

  decode(batch: Batch): void {
    if (batch.number !== this.expected) void this.drain();
    if (this.codec?.state !== "configured") this.configure();
    this.expected = batch.number + 1;
    batch.frames.forEach((data, i) => {
      if (this.codec?.state !== "configured") return; // closed by a fault within this batch
      const timestamp = (batch.number * batch.frames.length + i) * frameMicros;
      this.codec.decode(new EncodedAudioChunk({ type: "key", timestamp, duration: frameMicros, data }));
    });
  }

  /** Resolves when everything so far has been delivered. */
  async drain(): Promise<void> {
    if (this.codec?.state === "configured") await this.codec.flush().catch(() => undefined);
  }

  close(): void {
    if (this.codec && this.codec.state !== "closed") this.codec.close();
    this.codec = undefined;
    this.expected = -1;
  }

  private configure(): void {
    this.codec = new AudioDecoder({
      output: (decoded) => this.deliver(decoded),
      error: () => this.faults++,
    });
    this.codec.configure({ codec: "opus", sampleRate, numberOfChannels: 1 });
  }

  private deliver(decoded: AudioData): void {
    const samples = new Float32Array(decoded.numberOfFrames);
    decoded.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    const media = Math.round(decoded.timestamp / frameMicros) * frameTicks;
    decoded.close();
    this.sink(media, samples);
  }
}
