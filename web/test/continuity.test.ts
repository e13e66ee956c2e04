import assert from "node:assert/strict";
import test from "node:test";
import { Continuity } from "../src/speak/continuity";

/** A session that was asked for, answered and live at these times. */
function live(epoch: number, at = 10_000): Continuity {
  const c = new Continuity(epoch);
  c.asked(at - 300);
  c.answered(at - 100);
  c.live(at);
  return c;
}

test("a session belongs to the epoch that was known when it was answered", () => {
  const c = live(5);
  assert.equal(c.rise(4, 20_000), false);
  assert.equal(c.rise(5, 20_000), false);
  assert.equal(c.stays, true);
  assert.equal(c.rise(9, 20_000), true, "another home");
  assert.equal(c.stays, false);
  assert.equal(c.rise(9, 20_100), false, "told once");

  c.asked(20_100);
  c.answered(20_300);
  c.live(20_500);
  assert.equal(c.stays, true);
});

test("a session stays until another is answered, which ends it", () => {
  const c = live(5);
  c.lost(30_000, 0.5);
  c.asked(30_000);
  assert.equal(c.stays, true);
  c.answered(30_200);
  assert.equal(c.stays, false);
  c.live(30_400);
  assert.equal(c.stays, true);
});

test("who answered a moment before is the new home", () => {
  const soon = live(5);
  assert.equal(soon.rise(6, 10_800), false);
  assert.equal(soon.stays, true);
  assert.equal(soon.rise(7, 11_000), true, "it moved again");

  const first = live(0);
  assert.equal(first.rise(6, 60_000), false, "nothing was known before");
  assert.equal(first.rise(7, 61_000), true);
});

test("an offer that waits for its answer is left a second, then made again", () => {
  const quick = live(5);
  quick.asked(20_000);
  assert.equal(quick.rise(6, 20_500), false);
  assert.equal(quick.stays, false, "the session before is still that of the old home");
  quick.answered(20_700);
  quick.live(20_900);
  assert.equal(quick.stays, true);

  const stuck = live(5);
  stuck.asked(20_000);
  assert.equal(stuck.rise(6, 21_500), true);
});

test("three seconds without anything are silence", () => {
  const c = live(5, 0);
  assert.equal(c.looked(10, 1000), "heard");
  assert.equal(c.looked(11, 2000), "heard");
  assert.equal(c.looked(11, 3000), "unsure");
  assert.equal(c.looked(11, 4000), "unsure");
  assert.equal(c.looked(11, 5000), "silent");
  assert.equal(c.looked(11, 6000), "silent");
  assert.equal(c.looked(12, 7000), "heard");
});

test("what the browser does not count is not silence, nor is a page that slept", () => {
  const c = live(5, 0);
  for (let now = 1000; now < 20_000; now += 1000) assert.equal(c.looked(undefined, now), "unsure");
  assert.equal(c.looked(10, 20_000), "heard");
  assert.equal(c.looked(10, 90_000), "unsure");
  assert.equal(c.looked(10, 91_000), "unsure");
  assert.equal(c.looked(10, 92_000), "unsure");
  assert.equal(c.looked(10, 93_000), "silent");
});

test("a good session is tried anew at once, then ever later, then no more", () => {
  const c = live(5);
  assert.equal(c.lost(25_000, 0.5), 0);
  const waits: number[] = [];
  for (;;) {
    const wait = c.failed("offline", 0, 0.5);
    if (wait === undefined) break;
    waits.push(wait);
  }
  assert.equal(waits.length, 16);
  for (let i = 1; i < waits.length; i++) assert.ok(waits[i]! >= waits[i - 1]! && waits[i]! <= 4000, `${waits}`);
  const all = waits.reduce((sum, wait) => sum + wait, 0);
  assert.ok(all > 20_000 && all < 40_000, `${all} ms in all`);

  assert.equal(c.rise(6, 90_000), true);
  assert.ok(c.failed("offline", 0, 0.5)! < 250, "another home: the tries count anew");
});

test("sessions that do not last use up the tries", () => {
  const c = live(5);
  let now = 10_000, sessions = 0;
  for (; c.lost(now += 3000, 0.5) !== undefined; sessions++) {
    c.asked(now);
    c.answered(now);
    c.live(now);
  }
  assert.equal(sessions, 16);
});

test("a refusal may be final, or say how long to wait", () => {
  for (const code of ["removed", "forbidden", "ended", "not_live", "not_found"]) {
    assert.equal(live(5).failed(code, 0, 0.5), undefined, code);
  }
  const c = live(5);
  assert.equal(c.failed("unavailable", 700, 0.1), 700);
  assert.equal(c.failed("unavailable", 60_000, 0.1), 4000);
  assert.ok(c.failed("not_seated", 0, 0.5) !== undefined, "a new home may not know the seat yet");
  assert.equal(c.failed("not_seated", 0, 0.5), undefined);
});
