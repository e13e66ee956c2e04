import assert from "node:assert/strict";
import test from "node:test";
import messages from "../../docs/vectors/listen.json";
import rules from "../../docs/vectors/rules.json";
import type { Batch, Gap, Seat, StageChange } from "../src/listen/message";
import { Numbers } from "../src/listen/numbers";
import { WireError } from "../src/listen/reader";
import { ack, cadence, readServerMessage } from "../src/listen/wire";

interface Vector {
  name: string;
  kind: string;
  hex: string;
  message?: Record<string, any>;
  refused?: unknown;
}

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
const hex = (of: Uint8Array) => Array.from(of, (byte) => byte.toString(16).padStart(2, "0")).join("");

for (const vector of messages as Vector[]) {
  test(`vector: ${vector.name}`, () => {
    if (vector.kind === "client") return sent(vector);
    if (vector.refused !== undefined) return assert.throws(() => readServerMessage(bytes(vector.hex)), WireError);
    const read = readServerMessage(bytes(vector.hex));
    const want = vector.message ?? {};
    assert.equal(read.kind, Object.keys(want)[0] ?? "unknown");
    if (read.kind === "batch") sameBatch(read, want["batch"]);
    if (read.kind === "gap") assert.equal(`${read.first}-${read.last} in ${read.epoch}`, `${want["gap"].first}-${want["gap"].last} in ${want["gap"].epoch}`);
    if (read.kind === "hello") assert.equal(`${read.first} ${read.newest} ${read.oldest}`, `${want["hello"].first} ${want["hello"].newest} ${want["hello"].oldest}`);
    if (read.kind === "move") assert.deepEqual(read.urls, want["move"].urls);
    if (read.kind === "card") {
      assert.equal(read.title, want["card"].title);
      assert.deepEqual(read.seats.map(person), want["card"].seats.map(personOf));
      assert.equal(read.policy.handMode, modeOf(want["card"].policy?.handMode));
    }
  });
}

function sent(vector: Vector): void {
  if (vector.message?.["ack"]) assert.equal(hex(ack(Number(vector.message["ack"].number))), vector.hex);
  if (vector.message?.["cadence"]) assert.equal(hex(cadence(vector.message["cadence"].ms)), vector.hex);
}

function sameBatch(read: Batch, want: any): void {
  assert.equal(String(read.number), want.number);
  assert.equal(String(read.epoch), want.epoch);
  assert.equal(read.rendition, want.rendition);
  assert.deepEqual(read.frames.map((f) => btoa(String.fromCharCode(...f))), want.frames.map((f: any) => f.opus));
  assert.deepEqual(read.events.map((e) => e.position), (want.events ?? []).map((e: any) => position(e.position)));
  assert.deepEqual(read.events.map((e) => happened(e.change)), (want.events ?? []).map(wanted));
  assert.deepEqual(read.events.map((e) => e.ticks), (want.events ?? []).map((e: any) => e.ticks ?? 0));
  assert.deepEqual(read.levels.map((l) => btoa(String.fromCharCode(...l.dbov))), (want.levels ?? []).map((l: any) => l.dbov));
}

/** What a change says, in one line. */
function happened(change: StageChange): string {
  if (change.kind === "seated" || change.kind === "changed") return `${change.kind} ${person(change.seat)}`;
  if (change.kind === "policy") return `policy ${change.policy.openStage} ${change.policy.openListening} ${change.policy.handMode}`;
  return "seat" in change ? `${change.kind} ${change.seat}` : change.kind;
}

function wanted(event: any): string {
  const kind = ["seated", "changed", "policy", "unseated", "muted", "unmuted", "ended"].find((name) => name in event) ?? "unknown";
  const value = event[kind];
  if (kind === "seated" || kind === "changed") return `${kind} ${personOf(value)}`;
  if (kind === "policy") return `policy ${value.openStage ?? false} ${value.openListening ?? false} ${modeOf(value.handMode)}`;
  return kind === "ended" || kind === "unknown" ? kind : `${kind} ${value}`;
}

function person(seat: Seat): string {
  return `${seat.seat} ${seat.user} ${seat.role}${seat.muted ? " muted" : ""}${seat.held ? " held" : ""}${seat.away ? " away" : ""}`;
}

function personOf(seat: any): string {
  const role = String(seat.role ?? "ROLE_SPEAKER").replace("ROLE_", "").toLowerCase();
  return person({ muted: false, held: false, away: false, ...seat, role });
}

function modeOf(mode = "HAND_MODE_OPEN"): string {
  return mode.replace("HAND_MODE_", "").toLowerCase();
}

function position(p: any): { term: number; offset: number } {
  return { term: Number(p.term ?? 0), offset: Number(p.offset ?? 0) };
}

for (const { name, steps } of rules.cases) {
  test(`rule: ${name}`, () => {
    const numbers = new Numbers();
    for (const step of steps) {
      const { batch, gap } = step as { batch?: Pick<Batch, "number" | "epoch">; gap?: Pick<Gap, "first" | "last" | "epoch"> };
      const verdict = batch ? numbers.batch(batch as Batch) : numbers.gap(gap as Gap);
      assert.equal(verdict === "fresh", step.take, JSON.stringify(step));
    }
  });
}
