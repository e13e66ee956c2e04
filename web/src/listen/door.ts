import type { Batch } from "./message";

export interface DoorStats {
  underruns: number;
  played_seconds: number;
  buffered_ms: number;
  rms: number;
  trimmed_ms: number;
  skipped_ms: number;
  rate: number;
  decoder_faults: number;
}

/** Door is a way to make a program audible. */
export interface Door {
  /** Called whenever the playhead has moved; a good time to see what has become heard. */
  onprogress: () => void;
  /** Throws where the door cannot be opened. */
  start(): Promise<void>;
  /** Plays on; to be called within a tap. */
  wake(): void;
  play(batch: Batch): void;
  /** There is no sound until a media time, in ticks. */
  gap(until: number): void;
  /** Forgets what was not heard yet. */
  flush(): void;
  /** Silent, but ready to sound again at once. */
  hush(): void;
  pause(): void;
  close(): void;
  /** The media time that is heard now, in ticks; undefined before the first sound. */
  readonly heard: number | undefined;
  readonly running: boolean;
  readonly stats: DoorStats;
}
