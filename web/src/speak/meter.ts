import { silence } from "../listen/schedule";

/** Meter measures how loud a stream is right now. */
export class Meter {
  private readonly analyser: AnalyserNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(context: AudioContext, stream: MediaStream) {
    this.analyser = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(stream).connect(this.analyser);
    this.samples = new Float32Array(this.analyser.fftSize);
  }

  /** -dBov of the last 20 ms: 0 the loudest, 127 silence. */
  get level(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const sample of this.samples) sum += sample * sample;
    return dbov(Math.sqrt(sum / this.samples.length));
  }
}

/** A linear level, 1 the loudest, as -dBov. */
export function dbov(linear: number): number {
  if (!(linear > 0)) return silence;
  return Math.min(silence, Math.max(0, -20 * Math.log10(linear)));
}
