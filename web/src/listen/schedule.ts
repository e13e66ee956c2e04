import type { Batch, Level, Position, TimedEvent } from "./message";
import { batchTicks, frameTicks, numberAt } from "./time";

/** Something that becomes true when the playhead reaches a media time. */
export interface Due {
  media: number;
  event?: TimedEvent;
  /** The log position in force from here on. */
  log?: Position;
}

const mostDue = 4000;

/** Schedule holds what travels with the sound until the sound is heard. */
export class Schedule {
  private queue: Due[] = [];

  add(batch: Batch): void {
    const start = batch.number * batchTicks;
    for (const event of batch.events) this.queue.push({ media: start + event.ticks, event });
    this.queue.push({ media: start + batchTicks, log: batch.log });
    if (this.queue.length > mostDue) this.queue.splice(0, this.queue.length - mostDue);
  }

  /** Takes out what is due at a media time, in order. Infinity takes out everything. */
  due(media: number): Due[] {
    let count = 0;
    while (count < this.queue.length && this.queue[count]!.media <= media) count++;
    return this.queue.splice(0, count);
  }

  clear(): void {
    this.queue = [];
  }
}

export const silence = 127; // -dBov
const mostBatches = 400;

/** LevelHistory knows how loud each seat was at the media times around the playhead. */
export class LevelHistory {
  private readonly batches = new Map<number, Level[]>();

  add(batch: Batch): void {
    this.batches.set(batch.number, batch.levels);
    if (this.batches.size > mostBatches) this.batches.delete(this.batches.keys().next().value!);
  }

  /** -dBov of a seat at a media time: 0 the loudest, 127 silence. */
  at(seat: number, media: number): number {
    const number = numberAt(media);
    const level = this.batches.get(number)?.find((l) => l.seat === seat);
    return level?.dbov[Math.floor((media - number * batchTicks) / frameTicks)] ?? silence;
  }

  /** -dBov of a seat's loudest frame in the batch at a media time. */
  loudest(seat: number, media: number): number {
    const level = this.batches.get(numberAt(media))?.find((l) => l.seat === seat);
    return level ? Math.min(...level.dbov) : silence;
  }

  clear(): void {
    this.batches.clear();
  }
}
