// The grid of a program: media time counts ticks of 48 kHz, batch n covers n * 9600 to n * 9600 + 9599.
export const sampleRate = 48000;
export const frameTicks = 960;
export const framesPerBatch = 10;
export const batchTicks = frameTicks * framesPerBatch;
export const batchMS = 200;

/** Ticks of 48 kHz in so many milliseconds. */
export function ticks(ms: number): number {
  return Math.round(ms * 48);
}

export function milliseconds(t: number): number {
  return t / 48;
}

/** The batch that holds a media time. */
export function numberAt(t: number): number {
  return Math.floor(t / batchTicks);
}
