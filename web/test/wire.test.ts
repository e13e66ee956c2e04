import assert from "node:assert/strict";
import test from "node:test";
import { crc32c } from "../src/listen/crc32c";
import { WireError } from "../src/listen/reader";
import { ack, readBatch, readServerMessage } from "../src/listen/wire";
import { batch, bytes, frames, number, text } from "./encode";

test("the sum is CRC-32C", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
});

test("a batch is read whole", () => {
  const event = [...number(1, 480), ...bytes(2, [...number(1, 1), ...number(2, 9)]), ...number(5, 2)];
  const seated = [...bytes(2, [...number(1, 1), ...number(2, 10)]),
    ...bytes(3, [...number(1, 3), ...text(2, "us_x"), ...text(3, "Ada"), ...number(4, 4), ...number(5, 1)])];
  const level = [...number(1, 2), ...bytes(2, [0, 10, 20, 30, 40, 50, 60, 70, 80, 127])];
  const body = [...frames(10), ...bytes(5, [...number(1, 1), ...number(2, 10)]), ...bytes(6, event), ...bytes(6, seated),
    ...bytes(7, level), ...text(40, "of a newer version"), ...number(41, 7)];
  const message = readServerMessage(Uint8Array.from(bytes(1, batch(8_900_000_001, body, 1_790_000_000_000))));
  assert.ok(message.kind === "batch");
  assert.equal(message.number, 8_900_000_001);
  assert.equal(message.epoch, 1_790_000_000_000);
  assert.equal(message.rendition, "voice-32");
  assert.deepEqual(message.frames.map((f) => [...f]), Array.from({ length: 10 }, (_, i) => [0xf8, i]));
  assert.deepEqual(message.log, { term: 1, offset: 10 });
  assert.deepEqual(message.events, [
    { ticks: 480, position: { term: 1, offset: 9 }, change: { kind: "muted", seat: 2 } },
    { ticks: 0, position: { term: 1, offset: 10 },
      change: { kind: "seated", seat: { seat: 3, user: "us_x", name: "Ada", role: "host", muted: true, held: false, away: false } } },
  ]);
  assert.equal(message.levels[0]!.seat, 2);
  assert.equal(message.levels[0]!.dbov[9], 127);
});

test("hello, gap, card and move are read", () => {
  const read = (field: number, body: number[]) => readServerMessage(Uint8Array.from(bytes(field, body)));
  assert.deepEqual(read(2, [...number(1, 4), ...number(2, 6), ...number(3, 5), ...number(4, 1)]),
    { kind: "gap", first: 4, last: 6, epoch: 5, reason: 1 });
  const hello = read(3, [...number(1, 5), ...number(2, 100), ...number(3, 102), ...text(8, "edge-1")]);
  assert.ok(hello.kind === "hello" && hello.first === 100 && hello.newest === 102 && hello.node === "edge-1");
  const card = read(4, [...text(3, "Tides"), ...number(4, 2), ...bytes(6, [...number(1, 11), ...number(2, 2)]),
    ...bytes(7, number(1, 1)), ...bytes(8, [...number(1, 1), ...number(2, 3)]), ...number(9, 12)]);
  assert.ok(card.kind === "card" && card.title === "Tides" && card.state === "live" && card.listeners === 13 && card.policy.openStage);
  assert.deepEqual(read(5, text(1, "https://edge-2.example")), { kind: "move", urls: ["https://edge-2.example"] });
  assert.deepEqual(read(9, text(1, "newer")), { kind: "unknown" });
});

test("what is no batch is refused", () => {
  const good = batch(1);
  const flipped = [...good];
  flipped[10]! ^= 1;
  const cases: [string, number[]][] = [
    ["a flipped bit", flipped],
    ["nine frames", batch(1, frames(9))],
    ["eleven frames", batch(1, frames(11))],
    ["an empty frame", batch(1, [...frames(9), ...bytes(4, bytes(2, []))])],
    ["a frame that is too long", batch(1, [...frames(9), ...bytes(4, bytes(2, new Uint8Array(1276)))])],
    ["no epoch", batch(1, frames(10), 0)],
    ["a level of nine", batch(1, [...frames(10), ...bytes(7, [...number(1, 1), ...bytes(2, new Uint8Array(9))])])],
    ["an event outside", batch(1, [...frames(10), ...bytes(6, number(1, 9600))])],
    ["too many bytes", batch(1, [...frames(10), ...bytes(40, new Uint8Array(8192))])],
    ["no sum", good.slice(0, -5)],
    ["nothing", []],
  ];
  for (const [what, encoded] of cases) assert.throws(() => readBatch(Uint8Array.from(encoded)), WireError, what);
});

test("random and cut bytes are read or refused, never anything else", () => {
  const good = Uint8Array.from(bytes(1, batch(77)));
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  for (let i = 0; i < 20_000; i++) {
    const bytes = i % 2 ? good.slice(0, Math.floor(random() * good.length)) : Uint8Array.from({ length: random() * 40 }, () => random() * 256);
    if (i % 2 && bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    try {
      readServerMessage(bytes);
    } catch (fault) {
      assert.ok(fault instanceof WireError, String(fault));
    }
  }
});

test("an acknowledgement is a ClientMessage", () => {
  assert.deepEqual([...ack(300)], [0x12, 3, 0x08, 0xac, 0x02]);
  assert.deepEqual([...ack(8_900_000_001)], bytes(2, number(1, 8_900_000_001)));
});
