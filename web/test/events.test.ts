import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";
import { clock } from "./clock";
import { Events } from "../src/stage/events";
import type { EventsState } from "../src/stage/events";
import { listener, snapshot } from "./stage";

if (!("crypto" in globalThis)) Object.assign(globalThis, { crypto: webcrypto }); // Node 18

/** A gateway at the other end of sockets that are none. */
class Gateway {
  readonly dialled: { address: string; protocols: string[]; socket: FakeSocket }[] = [];
  readonly states: EventsState[] = [];
  stopped = "";
  told = 0;
  refusals = 0;
  readonly events = new Events({
    address: "wss://x/v1/rooms/rm/events",
    token: async () => `token${this.refusals}`,
    refused: () => { this.refusals++; },
    random: () => 0.5,
    dial: (address, protocols) => {
      const socket = new FakeSocket();
      this.dialled.push({ address, protocols, socket });
      return socket as unknown as WebSocket;
    },
  }, {
    stage: () => { this.told++; },
    state: (state) => { this.states.push(state); },
    stopped: (code) => { this.stopped = code; },
  });

  get last() { return this.dialled[this.dialled.length - 1]!; }

  /** A connection that has said hello, and sent a snapshot unless it resumes. */
  async greet(resumed = false, offset = 10): Promise<FakeSocket> {
    await settle();
    const { socket } = this.last;
    socket.say({ type: "hello", version: 1, user: "cem", resumed });
    if (!resumed) socket.say({ type: "snapshot", position: { term: 1, offset }, stage: snapshot("person"), you: listener });
    return socket;
  }
}

class FakeSocket {
  readyState = 1;
  sent: { id: string; do: string }[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  send(text: string): void { this.sent.push(JSON.parse(text)); }
  close(): void { this.readyState = 3; }
  say(message: unknown): void { this.onmessage?.({ data: JSON.stringify(message) }); }
  end(code: number, reason = ""): void { this.onclose?.({ code, reason }); }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function timed(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    clock.install();
    try {
      await body();
    } finally {
      clock.restore();
    }
  });
}

async function pass(ms: number): Promise<void> {
  clock.tick(ms);
  await settle();
}

timed("a torn connection resumes from its position", async () => {
  const g = new Gateway();
  g.events.open();
  const first = await g.greet();
  assert.deepEqual(g.last.protocols, ["rostrum.events.v1", "token0"]);
  assert.equal(g.last.address, "wss://x/v1/rooms/rm/events");
  first.say({ type: "event", position: { term: 1, offset: 17 }, at: "", by: "ada", event: "muted", user: "bo", seat: 2 });
  first.end(1006);
  assert.equal(g.events.state, "retrying");
  await pass(300);
  assert.equal(g.last.address, "wss://x/v1/rooms/rm/events?from=1-17");
  const second = await g.greet(true);
  second.say({ type: "event", position: { term: 1, offset: 17 }, at: "", by: "ada", event: "unmuted", user: "bo", seat: 2 });
  assert.ok(g.events.fold!.seatOf("bo")!.muted, "nothing counts twice");
  assert.deepEqual(g.states, ["connecting", "open", "retrying", "open"]);
  g.events.close();
});

timed("silence of 12 s means a lost connection", async () => {
  const g = new Gateway();
  g.events.open();
  const socket = await g.greet();
  await pass(11_000);
  socket.say({ type: "still", position: { term: 1, offset: 20 } });
  await pass(11_900);
  assert.equal(g.dialled.length, 1);
  await pass(500);
  assert.equal(g.events.state, "retrying");
  await pass(300);
  assert.equal(g.dialled.length, 2);
  assert.ok(g.last.address.endsWith("?from=1-20"));
  g.events.close();
});

timed("a command without an answer is sent again with its id", async () => {
  const g = new Gateway();
  g.events.open();
  const raised = g.events.do({ do: "raise", note: "tides" });
  const first = await g.greet();
  assert.equal(first.sent.length, 1, "it waited for the connection");
  first.end(4503, "too_slow: take more");
  await pass(300);
  const second = await g.greet(true);
  assert.deepEqual(second.sent, first.sent);
  second.say({ type: "answer", id: second.sent[0]!.id, position: { term: 1, offset: 11 }, place: 3 });
  assert.deepEqual(await raised, { position: { term: 1, offset: 11 }, place: 3 });
  second.end(1006);
  await pass(300);
  assert.equal((await g.greet(true)).sent.length, 0, "an answered one is not");
  g.events.close();
});

timed("at most 16 commands wait for an answer", async () => {
  const g = new Gateway();
  g.events.open();
  const socket = await g.greet();
  const answers = Array.from({ length: 20 }, (_, i) => g.events.do({ do: "lower", user: `us_${i}` }));
  for (const answer of answers.slice(1)) answer.catch(() => undefined);
  assert.equal(socket.sent.length, 16);
  socket.say({ type: "answer", id: socket.sent[0]!.id, error: { code: "forbidden", message: "" } });
  assert.equal(socket.sent.length, 17);
  await assert.rejects(answers[0]!, (fault) => fault.code === "forbidden");
  g.events.close();
});

timed("a command is given up after a while", async () => {
  const g = new Gateway();
  g.events.open();
  await g.greet();
  const lost = g.events.do({ do: "lower" });
  clock.tick(20_000);
  await assert.rejects(lost, (fault) => fault.code === "timeout");
  g.events.close();
});

timed("close codes say what is next", async () => {
  for (const [code, reason, fault] of [[4403, "removed: out", "removed"], [4410, "ended: over", "ended"], [4404, "", "not_found"], [4408, "idle: nothing", "idle"]] as const) {
    const g = new Gateway();
    g.events.open();
    const socket = await g.greet();
    const refused = g.events.fold && code !== 4408 ? g.events.do({ do: "lower" }) : undefined;
    socket.end(code, reason);
    assert.equal(g.stopped, fault);
    assert.equal(g.events.state, "closed");
    if (refused) await assert.rejects(refused, (thrown) => thrown.code === fault);
  }

  const expired = new Gateway();
  expired.events.open();
  (await expired.greet()).end(4401, "expired: get another");
  await pass(300);
  assert.equal(expired.last.protocols[1], "token1");
  expired.events.close();

  const ahead = new Gateway();
  ahead.events.open();
  (await ahead.greet()).end(4416);
  await pass(300);
  assert.ok(!ahead.last.address.includes("from"));
  ahead.events.close();

  const waiting = new Gateway();
  waiting.events.open();
  await settle();
  waiting.last.socket.end(4409, "not_live: wait");
  assert.equal(waiting.events.state, "waiting");
  await pass(3000);
  assert.equal(waiting.dialled.length, 2);
  waiting.events.close();
});

timed("whoever has a command under way is not idle", async () => {
  const g = new Gateway();
  g.events.open();
  const socket = await g.greet();
  g.events.do({ do: "raise" }).catch(() => undefined);
  socket.end(4408, "idle: nothing concerns you");
  await pass(300);
  assert.equal(g.stopped, "");
  assert.equal((await g.greet(true)).sent.length, 1);
  g.events.close();
});

timed("a gateway that breaks the protocol is asked for a snapshot", async () => {
  const g = new Gateway();
  g.events.open();
  const socket = await g.greet();
  socket.say({ type: "event", position: { term: 2, offset: 40 }, at: "", by: "ada", event: "muted", user: "bo", seat: 2 });
  await pass(300);
  assert.equal(g.dialled.length, 2);
  assert.ok(!g.last.address.includes("from"));
  await g.greet(false, 41);
  assert.equal(g.events.fold!.position.offset, 41);
  g.events.close();
});

timed("a closed socket takes no commands", async () => {
  const g = new Gateway();
  g.events.open();
  await g.greet();
  g.events.close();
  await assert.rejects(g.events.do({ do: "raise" }), (fault) => fault.code === "unavailable");
});
