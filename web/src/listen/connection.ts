import { afterClose, backOff, closeFault } from "./close";
import type { Batch, Gap, Hello, RoomCard } from "./message";
import { Numbers } from "./numbers";
import { WireError } from "./reader";
import { ack, readServerMessage } from "./wire";

const protocol = "rostrum.listen.v1";
const ackMS = 10_000;
const steadyMS = 5_000; // a connection that lasted this long was a good one
const silentMS = 8_000; // batches come every second at least; a home that dies leaves a hole of 2 to 5 s
const firstMessageMS = 10_000;
const waitMS = 3_000;
/** Faults of an admission after which another try makes sense. */
const passing = ["offline", "timeout", "unavailable", "internal", "rate_limited", "conflict"];

/** Where to listen and with which right; what `join` answers. */
export interface Admission {
  grant: string;
  /** Full addresses of the listen doors, best first. */
  doors: string[];
}

export type ConnectionState = "connecting" | "live" | "retrying" | "waiting" | "stopped";

export interface ConnectionEvents {
  hello(hello: Hello): void;
  batch(batch: Batch): void;
  gap(gap: Gap): void;
  /** So many numbers can be had nowhere any more. */
  lost(numbers: number): void;
  card(card: RoomCard): void;
  state(state: ConnectionState): void;
  /** Nothing more comes; the fault code says why. */
  stopped(code: string): void;
}

export interface ConnectionOptions {
  /** Called at the start and whenever a grant has run out. */
  admit(): Promise<Admission>;
  rendition?: string;
  cadenceMS: number;
  /** The number that is heard now. */
  heard(): number | undefined;
  random?(): number;
}

/**
 * Connection holds one listener's socket, and another one whenever it is lost: at the next edge, from the number after
 * the last one received, until it is closed or the room is over.
 */
export class Connection {
  readonly numbers = new Numbers();
  private socket: WebSocket | undefined;
  private admission: Admission | undefined;
  private edge = 0;
  private attempt = 0;
  private openedAt = 0;
  private closed = false;
  private acks = 0;
  private watchdog = 0;
  private retry = 0;
  private readonly random: () => number;
  private readonly online = () => this.hurry();

  constructor(private readonly options: ConnectionOptions, private readonly events: ConnectionEvents) {
    this.random = options.random ?? Math.random;
  }

  open(): void {
    addEventListener("online", this.online);
    this.acks = setInterval(() => this.acknowledge(), ackMS);
    this.events.state("connecting");
    void this.dial();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    removeEventListener("online", this.online);
    clearInterval(this.acks);
    clearTimeout(this.retry);
    this.drop();
  }

  private async dial(): Promise<void> {
    try {
      this.admission ??= await this.options.admit();
    } catch (fault) {
      return this.refused(fault);
    }
    if (this.closed) return;
    const door = this.admission.doors[this.edge % this.admission.doors.length];
    if (door === undefined) return this.again();
    const socket = new WebSocket(this.address(door), [protocol, this.admission.grant]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.openedAt = performance.now();
    this.expect(firstMessageMS);
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (this.socket === socket) this.ended(event.code, event.reason);
    };
  }

  private address(door: string): string {
    const url = new URL(door, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("cadence", String(this.options.cadenceMS));
    if (this.options.rendition) url.searchParams.set("rendition", this.options.rendition);
    if (this.numbers.from !== undefined) url.searchParams.set("from", String(this.numbers.from));
    return url.href;
  }

  private receive(socket: WebSocket, data: unknown): void {
    if (this.socket !== socket || !(data instanceof ArrayBuffer)) return;
    try {
      this.take(new Uint8Array(data));
    } catch (fault) {
      if (!(fault instanceof WireError)) throw fault;
      this.elsewhere();
    }
  }

  private take(bytes: Uint8Array): void {
    const message = readServerMessage(bytes);
    switch (message.kind) {
      case "hello": {
        const lost = this.numbers.hello(message);
        this.events.state("live");
        this.events.hello(message);
        if (lost > 0) this.events.lost(lost);
        return;
      }
      case "card": return this.events.card(message);
      case "batch":
        if (this.passes(this.numbers.batch(message))) this.events.batch(message);
        return;
      case "gap":
        if (this.passes(this.numbers.gap(message))) this.events.gap(message);
        return;
      case "move": {
        // A url of the message is the address of an edge; the door's path stays.
        const path = new URL(this.admission!.doors[0]!, location.href).pathname;
        const doors = message.urls.map((url) => new URL(url.replace(/\/$/, "") + path, location.href).href);
        if (doors.length > 0) this.admission = { ...this.admission!, doors };
        this.edge = 0;
        this.drop();
        return void this.dial();
      }
      case "unknown": return;
    }
  }

  /** Whether a message is to be heard. A hole is asked for again; if it comes back, the next Hello tells it as lost. */
  private passes(verdict: "fresh" | "old" | "hole"): boolean {
    if (verdict !== "old") this.expect(silentMS);
    if (verdict === "hole") this.elsewhere();
    return verdict === "fresh";
  }

  /** Waits so long for the next message; a network that has gone away says nothing. */
  private expect(ms: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.elsewhere(), ms);
  }

  private ended(code: number, reason: string): void {
    const steady = performance.now() - this.openedAt > steadyMS;
    this.drop();
    if (steady) this.attempt = 0;
    switch (afterClose(code)) {
      case "stop": return this.stop(closeFault(code, reason));
      case "wait":
        this.events.state("waiting");
        return this.later(waitMS * (0.5 + this.random()));
      case "admission":
        this.admission = undefined;
        return this.again();
      case "live edge":
        this.numbers.forget();
        return this.again();
      case "elsewhere":
        this.edge++;
        return this.again();
      case "again": return this.again();
    }
  }

  private elsewhere(): void {
    this.ended(1006, "");
  }

  private refused(fault: unknown): void {
    if (this.closed) return;
    const code = (fault as { code?: string }).code ?? "unavailable";
    if (passing.includes(code)) return this.again();
    if (code !== "not_live") return this.stop(code);
    this.events.state("waiting");
    this.later(waitMS * (0.5 + this.random()));
  }

  private again(): void {
    this.events.state("retrying");
    this.later(backOff(this.attempt++, this.random()));
  }

  private later(ms: number): void {
    clearTimeout(this.retry);
    if (!this.closed) this.retry = setTimeout(() => void this.dial(), ms);
  }

  /** The network is back: no reason to wait out the back-off. */
  private hurry(): void {
    if (!this.socket) this.later(this.random() * 500);
  }

  private stop(code: string): void {
    this.close();
    this.events.state("stopped");
    this.events.stopped(code);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = undefined;
    if (socket) socket.onmessage = socket.onclose = null;
    socket?.close();
  }

  private acknowledge(): void {
    const number = this.options.heard();
    if (number !== undefined && this.socket?.readyState === WebSocket.OPEN) this.socket.send(ack(number));
  }
}
