import { Events } from "../sdk";
import type { Answer, Client, Command, EventsState, Fold, StageEvent, You } from "../sdk";
import type { Account } from "./account";

const lingerMS = 10_000;
const nobody: You = { role: "listener", seat: 0, place: 0, invite: null };

export interface InvolvementEvents {
  /** One's own place, or what moderators see, is other than before. `event` where one did it. */
  changed(event?: StageEvent): void;
  /** No more is told: a fault code. */
  stopped(code: string): void;
}

/**
 * Involvement is what a person has to do with a stage beyond listening: a role, a hand, an invite. It holds the events
 * socket while there is something, and no longer.
 */
export class Involvement {
  private socket: Events | undefined;
  private known = nobody;
  private linger = 0;
  private skewMS = Infinity;
  private readonly asked = new Map<string, number>();

  constructor(
    private readonly client: Client,
    private readonly account: Account,
    private readonly room: string,
    private readonly events: InvolvementEvents,
  ) {}

  /** The stage as the socket tells it; undefined while there is none. */
  get fold(): Fold | undefined {
    return this.socket?.fold;
  }

  get state(): EventsState {
    return this.socket?.state ?? "closed";
  }

  get you(): You {
    return this.fold?.you ?? this.known;
  }

  /** Takes what a join knows of this person: opens the socket where something concerns them. */
  consider(you: You | undefined): void {
    if (!you || this.fold || !this.account.user) return;
    this.known = you;
    if (concerned(you)) this.open();
  }

  /** Throws Fault. The socket is opened for it. */
  async do(command: Command): Promise<Answer> {
    const key = asking(command.do, "user" in command ? command.user : "");
    this.open();
    this.count(key, 1);
    try {
      return await this.socket!.do(command);
    } finally {
      this.count(key, -1);
      this.rest();
    }
  }

  /** Whether such a command waits for its answer. */
  asks(what: Command["do"], user = ""): boolean {
    return this.asked.has(asking(what, user));
  }

  /** Milliseconds until a time of the server's clock. */
  until(time: string): number {
    const skew = Number.isFinite(this.skewMS) ? this.skewMS : 0;
    return Math.max(0, Date.parse(time) + skew - Date.now());
  }

  /** Milliseconds since a time of the server's clock. */
  since(time: string): number {
    const skew = Number.isFinite(this.skewMS) ? this.skewMS : 0;
    return Math.max(0, Date.now() - skew - Date.parse(time));
  }

  close(): void {
    clearTimeout(this.linger);
    this.known = nobody;
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private open(): void {
    if (this.socket) return;
    const socket = new Events({
      address: this.client.eventsAddress(this.room),
      token: () => this.account.token(),
      refused: () => this.account.refuse(),
    }, {
      stage: (_, event) => this.told(event),
      state: () => { if (this.socket === socket) this.events.changed(); },
      stopped: (code) => this.stopped(code),
    });
    this.socket = socket;
    socket.open();
  }

  private told(event: StageEvent | undefined): void {
    // The quickest of all events tells best how the two clocks differ.
    if (event) this.skewMS = Math.min(this.skewMS, Date.now() - Date.parse(event.at));
    this.rest();
    this.events.changed(event);
  }

  private stopped(code: string): void {
    this.socket = undefined;
    this.known = nobody;
    this.events.changed();
    if (code !== "idle") this.events.stopped(code);
  }

  /** Closes the socket a while after nothing concerns this person any more. */
  private rest(): void {
    clearTimeout(this.linger);
    if (!this.fold || concerned(this.you) || this.socket?.busy) return;
    this.linger = setTimeout(() => {
      this.close();
      this.events.changed();
    }, lingerMS);
  }

  private count(key: string, step: number): void {
    const count = (this.asked.get(key) ?? 0) + step;
    if (count > 0) this.asked.set(key, count);
    else this.asked.delete(key);
    this.events.changed();
  }
}

function concerned(you: You): boolean {
  return you.role !== "listener" || you.seat > 0 || you.place > 0 || you.invite !== null;
}

function asking(what: string, user = ""): string {
  return `${what} ${user}`;
}
