/** Where the media time of a run of samples begins. */
interface Mark {
  index: number;
  media: number;
}

/**
 * Ring holds decoded samples of 48 kHz with their media time. Indices count all samples ever written; the oldest are
 * overwritten when it is full.
 */
export class Ring {
  private readonly samples: Float32Array;
  private marks: Mark[] = [];
  written = 0;

  constructor(readonly capacity: number) {
    this.samples = new Float32Array(capacity);
  }

  get oldest(): number {
    return Math.max(0, this.written - this.capacity);
  }

  /** The media time after the newest sample; undefined while nothing was written. */
  get end(): number | undefined {
    const last = this.marks[this.marks.length - 1];
    return last && last.media + this.written - last.index;
  }

  at(index: number): number {
    return this.samples[index % this.capacity]!;
  }

  write(media: number, samples: Float32Array): void {
    this.jump(media);
    for (let i = 0; i < samples.length; i++) this.samples[(this.written + i) % this.capacity] = samples[i]!;
    this.written += samples.length;
  }

  silence(length: number): void {
    for (let i = 0; i < length; i++) this.samples[(this.written + i) % this.capacity] = 0;
    this.written += length;
  }

  /** The media time of an index; undefined while nothing was written. */
  media(index: number): number | undefined {
    for (let i = this.marks.length - 1; i >= 0; i--) {
      const mark = this.marks[i]!;
      if (mark.index <= index || i === 0) return mark.media + index - mark.index;
    }
    return undefined;
  }

  /** Loudness of a run of samples as root mean square. */
  rms(index: number, length: number): number {
    let sum = 0;
    for (let i = index; i < index + length; i++) sum += this.at(i) ** 2;
    return Math.sqrt(sum / length);
  }

  /** What is written next has this media time. */
  jump(media: number): void {
    if (this.end === media) return;
    this.marks.push({ index: this.written, media });
    const oldest = this.oldest;
    while (this.marks.length > 1 && this.marks[1]!.index <= oldest) this.marks.shift();
  }
}
