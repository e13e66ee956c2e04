import assert from "node:assert/strict";
import test from "node:test";
import { afterClose, backOff, closeFault } from "../src/listen/close";
import type { Batch, Hello, RoomCard, TimedEvent } from "../src/listen/message";
import { Numbers } from "../src/listen/numbers";
import { LevelHistory, Schedule } from "../src/listen/schedule";
import { Stage } from "../src/listen/stage";

const hello = (first: number, epoch = 5): Hello =>
  ({ kind: "hello", epoch, first, newest: first + 2, oldest: 0, cadenceMS: 200, rendition: "", minVersion: 1, node: "" });
const batch = (number: number, epoch = 5, more: Partial<Batch> = {}): Batch =>
  ({ kind: "batch", number, epoch, rendition: "", frames: [], log: { term: 1, offset: 0 }, events: [], levels: [], ...more });
const gap = (first: number, last: number, epoch = 5) => ({ kind: "gap" as const, first, last, epoch, reason: 1 });

test("numbers rise, holes are asked for, lost ones are counted", () => {
  const n = new Numbers();
  assert.equal(n.from, undefined);
  assert.equal(n.hello(hello(100)), 0);
  assert.equal(n.batch(batch(100)), "fresh");
  assert.equal(n.batch(batch(100)), "old");
  assert.equal(n.batch(batch(103)), "hole");
  assert.equal(n.from, 101);
  assert.equal(n.hello(hello(103)), 2);
  assert.equal(n.lost, 2);
  assert.equal(n.batch(batch(103)), "fresh");
});

test("a lower epoch is not heard, a gap moves on", () => {
  const n = new Numbers();
  n.hello(hello(100));
  n.batch(batch(100));
  assert.equal(n.gap(gap(101, 120, 6)), "fresh");
  assert.equal(n.batch(batch(121, 5)), "old");
  assert.equal(n.batch(batch(121, 6)), "fresh");
  assert.equal(n.gap(gap(110, 121, 6)), "old");
  assert.equal(n.gap(gap(110, 125, 6)), "fresh");
  assert.equal(n.gap(gap(130, 131, 6)), "hole");
  assert.equal(n.from, 126);
  n.forget();
  assert.equal(n.from, undefined);
  assert.equal(n.batch(batch(90, 5)), "old");
});

test("close codes say what is next", () => {
  assert.equal(afterClose(1006), "elsewhere");
  assert.equal(afterClose(4503), "elsewhere");
  assert.equal(afterClose(4401), "admission");
  assert.equal(afterClose(4410), "stop");
  assert.equal(afterClose(4409), "wait");
  assert.equal(afterClose(4416), "live edge");
  assert.equal(closeFault(4403, "forbidden: revoked"), "forbidden");
  assert.equal(closeFault(4410, ""), "ended");
  assert.equal(closeFault(4401, "expired: get another"), "expired");
});

test("back-off grows, is bounded and spread", () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    assert.ok(backOff(attempt, 0) >= 25 && backOff(attempt, 0.999) <= 10_000);
    assert.ok(backOff(attempt, 0.9) >= backOff(attempt, 0.1));
  }
  assert.ok(backOff(0, 0.999) <= 250);
});

const event = (offset: number, change: TimedEvent["change"]): TimedEvent => ({ ticks: 960, position: { term: 1, offset }, change });
const ada = { seat: 1, user: "us_a", name: "Ada", role: "host" as const, muted: false, held: false, away: false };
const card = (offset: number, revision: number, more: Partial<RoomCard> = {}): RoomCard => ({
  kind: "card", room: "", title: "Tides", state: "live", seats: [ada], listeners: 3, policy: { openStage: true, openListening: true, handMode: "open" },
  position: { term: 1, offset }, revision, epoch: 5, ...more,
});

test("each position of the log counts once", () => {
  const stage = new Stage();
  assert.ok(stage.take(card(4, 1)));
  assert.equal(stage.apply(event(4, { kind: "muted", seat: 1 })), undefined);
  assert.ok(stage.apply(event(5, { kind: "muted", seat: 1 })));
  assert.ok(stage.seats[0]!.muted);
  assert.ok(!stage.take(card(4, 9)));
  assert.ok(stage.seats[0]!.muted);
  assert.ok(stage.apply(event(6, { kind: "seated", seat: { ...ada, seat: 2, user: "us_b" } })));
  assert.ok(stage.apply(event(7, { kind: "unseated", seat: 1 })));
  assert.deepEqual(stage.seats.map((seat) => seat.user), ["us_b"]);
  stage.note(card(9, 10, { listeners: 8, seats: [] }));
  assert.equal(stage.listeners, 8);
  assert.equal(stage.seats.length, 1);
  assert.ok(stage.apply(event(8, { kind: "ended" })));
  assert.equal(stage.state, "ended");
});

test("a card of a later term wins over every offset", () => {
  const stage = new Stage();
  stage.take(card(900, 1));
  assert.ok(stage.take(card(1, 2, { position: { term: 2, offset: 1 }, seats: [] })));
  assert.equal(stage.seats.length, 0);
});

test("events and levels come due with the sound", () => {
  const schedule = new Schedule();
  const levels = new LevelHistory();
  const told = batch(10, 5, {
    events: [event(5, { kind: "muted", seat: 1 })],
    levels: [{ seat: 1, dbov: Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1, 0) }],
  });
  schedule.add(told);
  levels.add(told);
  assert.equal(schedule.due(96_000 + 959).length, 0);
  assert.equal(schedule.due(96_000 + 960).length, 1);
  assert.equal(schedule.due(96_000 + 9599).length, 0);
  assert.equal(schedule.due(Infinity).length, 1);
  assert.equal(levels.at(1, 96_000), 9);
  assert.equal(levels.at(1, 96_000 + 9599), 0);
  assert.equal(levels.at(1, 95_999), 127);
  assert.equal(levels.at(2, 96_000), 127);
});
