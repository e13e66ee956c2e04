import assert from "node:assert/strict";
import test from "node:test";
import { newsOf } from "../src/app/news";
import { powersOver } from "../src/app/powers";
import { BrokenMessage, readMessage } from "../src/stage/message";
import { event, fold, listener, seat } from "./stage";

test("a person's own hand, place, invite and seat", () => {
  const f = fold("person", "cem");
  assert.ok(f.take({ type: "place", place: 7, of: 12 }));
  assert.equal(f.you.place, 7);
  assert.equal(f.handCount, 12);
  f.take(event(11, "ada", { event: "invited", user: "cem", name: "Cem", expires_at: "2026-03-01T12:01:00Z" }));
  assert.deepEqual(f.you.invite, { by: "ada", expires_at: "2026-03-01T12:01:00Z" });
  f.take(event(12, "cem", { event: "invite_closed", user: "cem", reason: "accepted" }));
  f.take(event(13, "cem", { event: "hand_lowered", user: "cem", reason: "seated" }));
  f.take(event(14, "cem", { event: "seated", user: "cem", seat: seat(3, "cem") }));
  assert.deepEqual(f.you, { role: "speaker", seat: 3, place: 0, invite: null });
  f.take(event(15, "ada", { event: "appointed", user: "cem" }));
  assert.equal(f.you.role, "moderator");
  assert.equal(f.seatOf("cem")?.role, "moderator");
  f.take(event(16, "ada", { event: "dismissed", user: "cem" }));
  f.take(event(17, "ada", { event: "unseated", user: "cem", seat: 3, reason: "moved_to_audience" }));
  assert.deepEqual(f.you, listener);
  assert.equal(f.hands.length, 0);
});

test("each position counts once, and holes are none", () => {
  const f = fold("person", "cem");
  assert.ok(f.take(event(14, "ada", { event: "muted", user: "bo", seat: 2 })));
  assert.ok(!f.take(event(12, "bo", { event: "unmuted", user: "bo", seat: 2 })));
  assert.ok(f.seatOf("bo")!.muted);
  assert.ok(!f.take({ type: "still", position: { term: 1, offset: 30 } }));
  assert.deepEqual(f.position, { term: 1, offset: 30 });
  assert.ok(f.take(event(31, "ada", { event: "of a newer version" } as never)), "an unknown event moves the position");
});

test("the queue is one order for all", () => {
  const f = fold("moderator", "ada", { ...listener, role: "host" });
  const raise = (offset: number, user: string) =>
    f.take(event(offset, user, { event: "hand_raised", user, name: user, note: "", order: offset, raised_at: "" }));
  for (const [i, user] of ["d", "e", "g"].entries()) raise(11 + i, user);
  assert.deepEqual(f.hands.map((hand) => hand.user), ["d", "e", "g"]);
  assert.equal(f.handCount, 3);
  f.take(event(14, "service:gateway", { event: "hand_absent", user: "e" }));
  assert.ok(f.hands[1]!.absent);
  f.take(event(15, "d", { event: "hand_lowered", user: "d", reason: "self" }));
  raise(16, "d");
  assert.deepEqual(f.hands.map((hand) => hand.user), ["e", "g", "d"]);
  f.take(event(17, "ada", { event: "hand_mode_set", mode: "closed" }));
  assert.equal(f.hands.length + f.handCount, 0);
  assert.equal(f.handMode, "closed");
});

test("muted is true when the SFU does it", () => {
  const f = fold("moderator", "ada");
  f.take(event(11, "ada", { event: "held", user: "bo", seat: 2 }));
  assert.ok(f.seatOf("bo")!.held && f.seatOf("bo")!.muted);
  assert.ok(!f.isEnforced(f.seatOf("bo")!));
  assert.ok(f.take({ type: "enforced", position: { term: 1, offset: 11 } }));
  assert.ok(f.isEnforced(f.seatOf("bo")!));
  assert.ok(!f.take({ type: "enforced", position: { term: 1, offset: 9 } }), "it never goes back");
  f.take(event(12, "ada", { event: "released", user: "bo", seat: 2 }));
  assert.ok(!f.seatOf("bo")!.held && f.seatOf("bo")!.muted);
  const unknown = fold("moderator", "ada", listener, { enforced: null, seats: [seat(2, "bo", { muted: true })] });
  assert.ok(!unknown.isEnforced(unknown.seatOf("bo")!));
});

test("what is told to a person is what others or the clock did", () => {
  const invited = event(11, "ada", { event: "invited", user: "cem", name: "Cem", expires_at: "" });
  assert.equal(newsOf(invited, "cem", listener), "invited");
  assert.equal(newsOf(invited, "bo", listener), undefined);
  assert.equal(newsOf(event(12, "ada", { event: "muted", user: "cem", seat: 3 }), "cem", listener), "muted");
  assert.equal(newsOf(event(12, "cem", { event: "muted", user: "cem", seat: 3 }), "cem", listener), undefined);
  assert.equal(newsOf(event(13, "service:timer", { event: "invite_closed", user: "cem", reason: "expired" }), "cem", listener), "expired");
  assert.equal(newsOf(event(13, "ada", { event: "unseated", user: "cem", seat: 3, reason: "moved_to_audience" }), "cem", listener), "moved");
  assert.equal(newsOf(event(14, "ada", { event: "all_hands_lowered" }), "cem", { ...listener, place: 2 }), "hand_lowered");
  assert.equal(newsOf(event(14, "ada", { event: "all_hands_lowered" }), "cem", listener), undefined);
});

test("only what one may do is offered", () => {
  assert.deepEqual(powersOver("listener", "speaker"), []);
  assert.deepEqual(powersOver("speaker", "speaker"), []);
  assert.deepEqual(powersOver("moderator", "host"), ["mute"]);
  assert.deepEqual(powersOver("moderator", "moderator"), ["mute"]);
  assert.deepEqual(powersOver("moderator", "speaker"), ["mute", "hold", "release", "audience", "remove"]);
  assert.deepEqual(powersOver("host", "moderator"), ["mute", "hold", "release", "audience", "dismiss", "remove"]);
  assert.deepEqual(powersOver("host", "speaker"), ["mute", "hold", "release", "audience", "appoint", "remove"]);
});

test("messages are read or refused", () => {
  assert.equal(readMessage(`{"type":"of a newer version"}`), undefined);
  assert.equal(readMessage(`[]`), undefined);
  assert.equal(readMessage(`{"type":"still","position":{"term":1,"offset":2},"more":1}`)?.type, "still");
  for (const broken of ["", "{", `{"type":"still"}`, `{"type":"still","position":null}`, `{"type":"still","position":{"term":"1","offset":2}}`,
    `{"type":"event","position":{"term":1,"offset":2}}`, `{"type":"snapshot","position":{"term":1,"offset":2}}`]) {
    assert.throws(() => readMessage(broken), BrokenMessage, broken);
  }
});
