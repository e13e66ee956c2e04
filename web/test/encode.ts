import { crc32c } from "../src/listen/crc32c";

/** A protobuf encoder for tests. */
export function number(field: number, value: number): number[] {
  const out = [...varint(field * 8)];
  return [...out, ...varint(value)];
}

export function bytes(field: number, value: Iterable<number>): number[] {
  const body = [...value];
  return [...varint(field * 8 + 2), ...varint(body.length), ...body];
}

export function text(field: number, value: string): number[] {
  return bytes(field, new TextEncoder().encode(value));
}

function varint(value: number): number[] {
  const out: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 0x80);
  return [...out, value];
}

/** The bytes of a batch with its sum. */
export function batch(number_: number, body: number[] = frames(10), epoch = 5): number[] {
  const head = [...number(1, number_), ...number(2, epoch), ...text(3, "voice-32"), ...body];
  const sum = crc32c(Uint8Array.from(head));
  return [...head, 0x7d, sum & 0xff, (sum >>> 8) & 0xff, (sum >>> 16) & 0xff, sum >>> 24];
}

export function frames(count: number): number[] {
  return Array.from({ length: count }, (_, i) => bytes(4, bytes(2, [0xf8, i]))).flat();
}
