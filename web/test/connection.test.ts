import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../src/listen/connection";
import type { ConnectionState } from "../src/listen/connection";
import { clock } from "./clock";
import { batch, bytes, number } from "./encode";

/** A socket that is none, to an edge that says what the test does. */
class Edge {
  static dialled: Edge[] = [];
  binaryType = "";
  readyState = 1;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly address: string) { Edge.dialled.push(this); }
  send(): void {}
  close(): void { this.readyState = 3; }
  hello(first: number): void { this.say(3, [...number(1, 5), ...number(2, first), ...number(3, first + 2)]); }
  batch(n: number, epoch = 5): void { this.say(1, batch(n, undefined, epoch)); }
  gap(first: number, last: number, epoch: number): void { this.say(2, [...number(1, first), ...number(2, last), ...number(3, epoch)]); }
  private say(field: number, body: number[]): void { this.onmessage?.({ data: Uint8Array.from(bytes(field, body)).buffer }); }
}

/** A listener that has heard batch 100. */
async function listening(): Promise<{ edge: Edge; states: ConnectionState[]; told: string[] }> {
  Object.assign(globalThis, {
    WebSocket: Edge, location: { href: "https://x/" }, addEventListener: () => undefined, removeEventListener: () => undefined,
  });
  Edge.dialled = [];
  const states: ConnectionState[] = [], told: string[] = [];
  const connection = new Connection({
    admit: async () => ({ grant: "grant", doors: ["https://a/listen", "https://b/listen"] }), cadenceMS: 200, heard: () => undefined, random: () => 0.5,
  }, {
    hello: () => undefined, card: () => undefined, stopped: () => undefined, lost: (n) => { told.push(`lost ${n}`); },
    batch: (b) => { told.push(`${b.epoch}: ${b.number}`); }, gap: (g) => { told.push(`${g.epoch}: gap ${g.first} to ${g.last}`); },
    state: (state) => { states.push(state); },
  });
  connection.open();
  for (let i = 0; i < 10; i++) await Promise.resolve();
  const edge = Edge.dialled[0]!;
  edge.hello(100);
  edge.batch(100);
  return { edge, states, told };
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

timed("the hole that a dead home leaves is waited out", async () => {
  const { edge, states, told } = await listening();
  clock.tick(6000);
  edge.gap(101, 129, 9);
  edge.batch(130, 9);
  assert.deepEqual(told, ["5: 100", "9: gap 101 to 129", "9: 130"]);
  assert.deepEqual(states, ["connecting", "live"]);
  assert.equal(Edge.dialled.length, 1);
});

timed("an edge that says nothing for long is left for the next", async () => {
  const { edge, states } = await listening();
  clock.tick(8000);
  assert.equal(edge.readyState, 3);
  assert.deepEqual(states, ["connecting", "live", "retrying"]);
  clock.tick(1000);
  assert.equal(Edge.dialled[1]!.address, "wss://b/listen?cadence=200&from=101");
});
