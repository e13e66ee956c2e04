import { crc32c } from "./crc32c";
import type {
  Batch, Gap, HandMode, Hello, Level, Move, Policy, Position, Role, RoomCard, RoomState, Seat, ServerMessage, StageChange, TimedEvent,
} from "./message";
import { Reader, WireError } from "./reader";
import { batchTicks, framesPerBatch } from "./time";

const maxBatchBytes = 8192;
const maxFrameBytes = 1275; // RFC 6716 section 3.4
const maxSeats = 100;
const maxEvents = 32;
const crcTag = (15 << 3) | 5;
const crcBytes = 5;

const roles: Role[] = ["listener", "listener", "speaker", "moderator", "host"];
const handModes: HandMode[] = ["open", "open", "invited", "closed"];
const states: RoomState[] = ["unknown", "scheduled", "live", "ended"];

/**
 * Reads one message of an edge and checks every bound. What it does not know is answered as "unknown". The frames of a
 * batch are views into the bytes. Throws WireError.
 */
export function readServerMessage(bytes: Uint8Array): ServerMessage {
  const r = new Reader(bytes);
  let message: ServerMessage = { kind: "unknown" };
  while (r.next()) {
    switch (r.wire === 2 ? r.field : 0) {
      case 1: message = readBatch(r.bytes()); break;
      case 2: message = readGap(r.message()); break;
      case 3: message = readHello(r.message()); break;
      case 4: message = readCard(r.message()); break;
      case 5: message = readMove(r.message()); break;
      default: r.skip();
    }
  }
  return message;
}

/** Reads a batch and checks its CRC: the last five bytes are the tag 0x7d and the sum, little-endian. */
export function readBatch(bytes: Uint8Array): Batch {
  const body = bytes.length - crcBytes;
  if (bytes.length > maxBatchBytes || body <= 0 || bytes[body] !== crcTag) throw new WireError("no batch");
  const sum = new DataView(bytes.buffer, bytes.byteOffset + body + 1, 4).getUint32(0, true);
  if (crc32c(bytes.subarray(0, body)) !== sum) throw new WireError("CRC does not fit");

  const batch: Batch = {
    kind: "batch", number: 0, epoch: 0, rendition: "", frames: [], log: { term: 0, offset: 0 }, events: [], levels: [],
  };
  const r = new Reader(bytes.subarray(0, body));
  while (r.next()) {
    switch (r.field) {
      case 1: batch.number = r.number(); break;
      case 2: batch.epoch = r.number(); break;
      case 3: batch.rendition = r.text(); break;
      case 4: batch.frames.push(readFrame(r.message())); break;
      case 5: batch.log = readPosition(r.message()); break;
      case 6: batch.events.push(readEvent(r.message())); break;
      case 7: batch.levels.push(readLevel(r.message())); break;
      default: r.skip();
    }
  }
  if (batch.epoch === 0) throw new WireError("batch without epoch");
  if (batch.frames.length !== framesPerBatch) throw new WireError(`${batch.frames.length} frames in a batch`);
  if (batch.events.length > maxEvents || batch.levels.length > maxSeats) throw new WireError("batch is too full");
  return batch;
}

function readFrame(r: Reader): Uint8Array {
  let opus = new Uint8Array();
  while (r.next()) {
    if (r.field === 2) opus = r.bytes() as Uint8Array<ArrayBuffer>;
    else r.skip();
  }
  if (opus.length < 1 || opus.length > maxFrameBytes) throw new WireError(`frame of ${opus.length} bytes`);
  return opus;
}

function readPosition(r: Reader): Position {
  const position = { term: 0, offset: 0 };
  while (r.next()) {
    switch (r.field) {
      case 1: position.term = r.number(); break;
      case 2: position.offset = r.number(); break;
      default: r.skip();
    }
  }
  return position;
}

function readLevel(r: Reader): Level {
  const level: Level = { seat: 0, dbov: new Uint8Array() };
  while (r.next()) {
    switch (r.field) {
      case 1: level.seat = seatNumber(r.number()); break;
      case 2: level.dbov = r.bytes(); break;
      default: r.skip();
    }
  }
  if (level.dbov.length !== framesPerBatch) throw new WireError(`${level.dbov.length} levels in a batch`);
  return level;
}

function readEvent(r: Reader): TimedEvent {
  const event = { ticks: 0, position: { term: 0, offset: 0 }, change: { kind: "unknown" } as StageChange };
  while (r.next()) {
    switch (r.field) {
      case 1: event.ticks = r.number(); break;
      case 2: event.position = readPosition(r.message()); break;
      case 3: event.change = { kind: "seated", seat: readSeat(r.message()) }; break;
      case 4: event.change = { kind: "unseated", seat: seatNumber(r.number()) }; break;
      case 5: event.change = { kind: "muted", seat: seatNumber(r.number()) }; break;
      case 6: event.change = { kind: "unmuted", seat: seatNumber(r.number()) }; break;
      case 7: r.skip(); event.change = { kind: "ended" }; break;
      case 8: event.change = { kind: "changed", seat: readSeat(r.message()) }; break;
      case 9: event.change = { kind: "policy", policy: readPolicy(r.message()) }; break;
      default: r.skip();
    }
  }
  if (event.ticks >= batchTicks) throw new WireError("event outside its batch");
  return event;
}

function readSeat(r: Reader): Seat {
  const seat: Seat = { seat: 0, user: "", name: "", role: "speaker", muted: false, held: false, away: false };
  while (r.next()) {
    switch (r.field) {
      case 1: seat.seat = r.number(); break;
      case 2: seat.user = r.text(); break;
      case 3: seat.name = r.text(); break;
      case 4: seat.role = roles[r.number()] ?? "speaker"; break;
      case 5: seat.muted = r.number() !== 0; break;
      case 6: seat.held = r.number() !== 0; break;
      case 7: seat.away = r.number() !== 0; break;
      default: r.skip();
    }
  }
  seatNumber(seat.seat);
  return seat;
}

function readGap(r: Reader): Gap {
  const gap: Gap = { kind: "gap", first: 0, last: 0, epoch: 0, reason: 0 };
  while (r.next()) {
    switch (r.field) {
      case 1: gap.first = r.number(); break;
      case 2: gap.last = r.number(); break;
      case 3: gap.epoch = r.number(); break;
      case 4: gap.reason = r.number(); break;
      default: r.skip();
    }
  }
  if (gap.first > gap.last || gap.epoch === 0) throw new WireError("gap without extent");
  return gap;
}

function readHello(r: Reader): Hello {
  const hello: Hello = {
    kind: "hello", epoch: 0, first: 0, newest: 0, oldest: 0, cadenceMS: 0, rendition: "", minVersion: 0, node: "",
  };
  while (r.next()) {
    switch (r.field) {
      case 1: hello.epoch = r.number(); break;
      case 2: hello.first = r.number(); break;
      case 3: hello.newest = r.number(); break;
      case 4: hello.oldest = r.number(); break;
      case 5: hello.cadenceMS = r.number(); break;
      case 6: hello.rendition = r.text(); break;
      case 7: hello.minVersion = r.number(); break;
      case 8: hello.node = r.text(); break;
      default: r.skip();
    }
  }
  return hello;
}

function readCard(r: Reader): RoomCard {
  const card: RoomCard = {
    kind: "card", room: "", title: "", state: "unknown", seats: [], listeners: 0, policy: { openStage: false, openListening: false, handMode: "open" },
    position: { term: 0, offset: 0 }, revision: 0, epoch: 0,
  };
  while (r.next()) {
    switch (r.field) {
      case 2: card.room = r.text(); break;
      case 3: card.title = r.text(); break;
      case 4: card.state = states[r.number()] ?? "unknown"; break;
      case 5: card.seats.push(readSeat(r.message())); break;
      case 6: card.listeners = readListeners(r.message()); break;
      case 7: card.policy = readPolicy(r.message()); break;
      case 8: card.position = readPosition(r.message()); break;
      case 9: card.revision = r.number(); break;
      case 10: card.epoch = r.number(); break;
      default: r.skip();
    }
  }
  if (card.seats.length > maxSeats) throw new WireError("card has too many seats");
  return card;
}

function readListeners(r: Reader): number {
  let total = 0;
  while (r.next()) {
    if (r.field === 1 || r.field === 2) total += r.number();
    else r.skip();
  }
  return total;
}

function readPolicy(r: Reader): Policy {
  const policy: Policy = { openStage: false, openListening: false, handMode: "open" };
  while (r.next()) {
    switch (r.field) {
      case 1: policy.openStage = r.number() !== 0; break;
      case 2: policy.openListening = r.number() !== 0; break;
      case 3: policy.handMode = handModes[r.number()] ?? "closed"; break;
      default: r.skip();
    }
  }
  return policy;
}

function readMove(r: Reader): Move {
  const move: Move = { kind: "move", urls: [] };
  while (r.next()) {
    if (r.field === 1 && move.urls.length < 16) move.urls.push(r.text());
    else r.skip();
  }
  return move;
}

function seatNumber(seat: number): number {
  if (seat < 1 || seat > maxSeats) throw new WireError(`seat ${seat}`);
  return seat;
}

/** The client message Ack: the number that is being heard. */
export function ack(number: number): Uint8Array<ArrayBuffer> {
  return field(2, varintField(1, number));
}

/** The client message Cadence: a wish for another time between deliveries, 200 or 1000 ms. */
export function cadence(ms: number): Uint8Array<ArrayBuffer> {
  return field(3, varintField(1, ms));
}

function varintField(number: number, value: number): number[] {
  const out = [number << 3];
  for (; value >= 128; value = Math.floor(value / 128)) out.push((value % 128) | 0x80);
  out.push(value);
  return out;
}

function field(number: number, body: number[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.of((number << 3) | 2, body.length, ...body);
}
