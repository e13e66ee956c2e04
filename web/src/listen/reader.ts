/** Bytes that are not what the listen protocol says. The connection that brought them is of no more use. */
export class WireError extends Error {
  override name = "WireError";
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reader walks over the fields of one encoded protobuf message (https://protobuf.dev/programming-guides/encoding).
 * It neither copies nor owns the bytes: what `bytes` answers is a view into them.
 */
export class Reader {
  private at = 0;
  /** Of the field that `next` stands on. */
  field = 0;
  wire = 0;

  constructor(private readonly source: Uint8Array) {}

  /** Moves to the next field; false at the end. Read or skip a field's value before the next call. */
  next(): boolean {
    if (this.at >= this.source.length) return false;
    const tag = this.varint();
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0) throw new WireError("field number 0");
    return true;
  }

  /** A number up to 2^53 - 1: every one of the protocol is below it. */
  number(): number {
    this.expect(0);
    const value = this.varint();
    if (value > Number.MAX_SAFE_INTEGER) throw new WireError("number above 2^53");
    return value;
  }

  bytes(): Uint8Array {
    this.expect(2);
    const length = this.varint();
    const start = this.at;
    if (length > this.source.length - start) throw new WireError("field is cut off");
    this.at = start + length;
    return this.source.subarray(start, this.at);
  }

  text(): string {
    try {
      return utf8.decode(this.bytes());
    } catch (cause) {
      throw cause instanceof WireError ? cause : new WireError("text is not UTF-8");
    }
  }

  message(): Reader {
    return new Reader(this.bytes());
  }

  /** Passes a value that this version does not know. */
  skip(): void {
    switch (this.wire) {
      case 0: return void this.varint();
      case 1: return this.pass(8);
      case 2: return void this.bytes();
      case 5: return this.pass(4);
      default: throw new WireError(`wire type ${this.wire}`);
    }
  }

  private varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.source[this.at++];
      if (byte === undefined) throw new WireError("varint is cut off");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new WireError("varint has more than 10 bytes");
  }

  private expect(wire: number): void {
    if (this.wire !== wire) throw new WireError(`field ${this.field} has wire type ${this.wire}`);
  }

  private pass(length: number): void {
    if (this.source.length - this.at < length) throw new WireError("field is cut off");
    this.at += length;
  }
}
