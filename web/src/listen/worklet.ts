import { Playout } from "./playout";
import type { PlayoutStats } from "./playout";

// What runs on the audio thread: a Playout behind a message port. Built into a file of its own.

declare const sampleRate: number;
declare const currentTime: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, make: new (options: { processorOptions: WorkletOptions }) => AudioWorkletProcessor): void;

export interface WorkletOptions {
  /** Ticks. */
  target: number;
  cadence: number;
}

/** What the page says to the audio thread. */
export type WorkletOrder =
  | { kind: "samples"; media: number; samples: Float32Array }
  | { kind: "gap"; until: number }
  | { kind: "flush" };

/** What the audio thread says to the page, about 20 times a second. */
export interface WorkletReport {
  /** Media time of the first sample of the quantum at `contextTime`; undefined before the first samples. */
  position: number | undefined;
  /** On the clock of AudioContext.currentTime. */
  contextTime: number;
  /** Program seconds a second; 0 while it stands still. */
  rate: number;
  /** Ticks. */
  depth: number;
  stats: PlayoutStats;
}

const reportEvery = 0.05;

class PlayoutProcessor extends AudioWorkletProcessor {
  private readonly playout: Playout;
  private reported = -1;

  constructor(options: { processorOptions: WorkletOptions }) {
    super();
    const { target, cadence } = options.processorOptions;
    this.playout = new Playout(sampleRate, target, cadence);
    this.port.onmessage = (event: MessageEvent<WorkletOrder>) => this.obey(event.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const channels = outputs[0]!;
    const first = channels[0];
    if (!first) return true;
    if (currentTime - this.reported >= reportEvery) this.report();
    this.playout.pull(first);
    for (const other of channels.slice(1)) other.set(first);
    return true;
  }

  private obey(order: WorkletOrder): void {
    switch (order.kind) {
      case "samples": return this.playout.push(order.media, order.samples);
      case "gap": return this.playout.gap(order.until);
      case "flush": return this.playout.flush();
    }
  }

  private report(): void {
    this.reported = currentTime;
    const { position, running, rate, depth, stats } = this.playout;
    const report: WorkletReport = { position, contextTime: currentTime, rate: running ? rate : 0, depth, stats };
    this.port.postMessage(report);
  }
}

registerProcessor("rostrum-playout", PlayoutProcessor);
