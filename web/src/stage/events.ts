import { backOff, closeFault } from "../listen/close";
import { afterClose } from "./close";
import { Commands } from "./commands";
import type { Answer } from "./commands";
import { Fold } from "./fold";
import { BrokenMessage, positionText, readMessage } from "./message";
import type { Command, ServerMessage, StageEvent } from "./message";

const protocol = "rostrum.events.v1";
const silentMS = 12_000;
const steadyMS = 5_000; // a connection that lasted this long was a good one
const waitMS = 3_000;
const mostRefusals = 3;
/** Faults of getting a token after which another try makes sense. */
const passing = ["offline", "timeout", "unavailable", "internal", "rate_limited"];

export type EventsState = "connecting" | "open" | "retrying" | "waiting" | "closed";

export interface EventsOptions {
  /** Full address of the room's events. */
  address: string;
  token(): Promise<string>;
  /** The last token was not taken: the next one has to be another. */
  refused(): void;
  random?(): number;
  dial?(address: string, protocols: string[]): WebSocket;
}

export interface EventsEvents {
  /** The stage is not what it was; `event` where one did it, else a snapshot, a place or a report. */
  stage(fold: Fold, event?: StageEvent): void;
  state(state: EventsState): void;
  /** No more is told; the fault code says why. "idle": nothing here concerned this person. */
  stopped(code: string): void;
}

/**
 * Events holds one person's events socket, and another whenever it is lost, from the last position on: no event is missed
 * or told twice. Commands go over it too.
 */
export class Events {
  fold: Fold | undefined;
  state: EventsState = "closed";
  private readonly commands = new Commands();
  private socket: WebSocket | undefined;
  private me = "";
  private attempt = 0;
  private refusals = 0;
  private fresh = true;
  private closed = false;
  private watchdog = 0;
  private steady = 0;
  private retry = 0;
  private readonly random: () => number;
  private readonly dialler: (address: string, protocols: string[]) => WebSocket;
  private readonly online = () => this.hurry();

  constructor(private readonly options: EventsOptions, private readonly events: EventsEvents) {
    this.random = options.random ?? Math.random;
    this.dialler = options.dial ?? ((address, protocols) => new WebSocket(address, protocols));
  }

  open(): void {
    globalThis.addEventListener?.("online", this.online);
    this.become("connecting");
    void this.dial();
  }

  /** Throws Fault. The command waits for a connection for a while. */
  do(command: Command): Promise<Answer> {
    const answer = this.commands.do(command);
    if (this.closed) this.commands.stop("unavailable");
    return answer;
  }

  /** Whether a command waits for its answer. */
  get busy(): boolean {
    return !this.commands.idle;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    globalThis.removeEventListener?.("online", this.online);
    clearTimeout(this.retry);
    this.drop();
    this.commands.stop("unavailable");
    this.become("closed");
  }

  private async dial(): Promise<void> {
    let token: string;
    try {
      token = await this.options.token();
    } catch (fault) {
      const code = (fault as { code?: string }).code ?? "unavailable";
      return passing.includes(code) ? this.again() : this.stop(code);
    }
    if (this.closed || this.socket) return;
    const socket = this.dialler(this.address(), [protocol, token]);
    this.socket = socket;
    this.expect();
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (this.socket === socket) this.ended(event.code, event.reason);
    };
  }

  private address(): string {
    return this.options.address + (this.fresh || !this.fold ? "" : `?from=${positionText(this.fold.position)}`);
  }

  private receive(socket: WebSocket, data: unknown): void {
    if (this.socket !== socket || typeof data !== "string") return;
    try {
      this.expect();
      const message = readMessage(data);
      if (message) this.take(socket, message);
    } catch (fault) {
      if (!(fault instanceof BrokenMessage)) throw fault;
      this.fresh = true;
      this.ended(1006, "");
    }
  }

  private take(socket: WebSocket, message: ServerMessage): void {
    switch (message.type) {
      case "hello": return this.greet(socket, message.user, message.resumed);
      case "answer": return this.commands.answered(message);
      case "snapshot":
        this.fold = new Fold(message.position, message.stage, message.you, this.me);
        this.fresh = false;
        return this.events.stage(this.fold);
    }
    if (!this.fold || this.fresh) return;
    if (message.type === "event" && message.position.term !== this.fold.position.term) {
      throw new BrokenMessage("an event of another term without a snapshot");
    }
    if (this.fold.take(message)) this.events.stage(this.fold, message.type === "event" ? message : undefined);
  }

  private greet(socket: WebSocket, me: string, resumed: boolean): void {
    if (resumed && (this.fresh || this.me !== me)) throw new BrokenMessage("resumed what was not begun");
    this.fresh = !resumed;
    this.me = me;
    this.refusals = 0;
    clearTimeout(this.steady);
    this.steady = setTimeout(() => { this.attempt = 0; }, steadyMS);
    this.become("open");
    this.commands.connected((text) => {
      if (socket.readyState === 1) socket.send(text);
    });
  }

  /** A network that has gone away says nothing. */
  private expect(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.ended(1006, ""), silentMS);
  }

  private ended(code: number, reason: string): void {
    this.drop();
    switch (afterClose(code)) {
      case "stop": return this.stop(closeFault(code, reason));
      case "idle": return this.commands.idle ? this.stop("idle") : this.again();
      case "wait":
        this.become("waiting");
        return this.later(waitMS * (0.5 + this.random()));
      case "token":
        if (++this.refusals > mostRefusals) return this.stop("unauthenticated");
        this.options.refused();
        return this.again();
      case "afresh":
        this.fresh = true;
        return this.again();
      case "resume": return this.again();
    }
  }

  private again(): void {
    if (this.closed) return;
    this.become("retrying");
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
    this.commands.stop(code);
    this.close();
    this.events.stopped(code);
  }

  private become(state: EventsState): void {
    if (state === this.state) return;
    this.state = state;
    this.events.state(state);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.steady);
    this.commands.disconnected();
    const socket = this.socket;
    this.socket = undefined;
    if (socket) socket.onmessage = socket.onclose = null;
    socket?.close();
  }
}
