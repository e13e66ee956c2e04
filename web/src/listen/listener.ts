import { Connection } from "./connection";
import type { Admission, ConnectionState } from "./connection";
import type { Door } from "./door";
import { compare, nowhere } from "./message";
import type { Batch, Gap, Hello, Position, RoomCard, StageChange } from "./message";
import { LevelHistory, Schedule, silence } from "./schedule";
import { Stage } from "./stage";
import { batchMS, batchTicks, milliseconds, numberAt } from "./time";

const startMS = 600; // what is played of the past at a join
const cardWaitMS = 4000; // a card that no sound confirms is believed after this
const tickMS = 250;
const talkingDBOV = 60;
const originMS = 360; // a batch is complete 200 ms after its start and mixed 160 ms later

export interface ListenerOptions {
  door: Door;
  admit(): Promise<Admission>;
  cadenceMS: number;
}

export interface ListenerEvents {
  /** The stage is not what it was; `change` where one heard event did it. */
  stage(change?: StageChange): void;
  connection(state: ConnectionState): void;
  /** The program has another origin: a higher epoch than any before. */
  epoch?(epoch: number): void;
  /** The listener is out: a fault code of docs/protocol.md. */
  stopped(code: string): void;
}

/**
 * Listener joins one room's audience: it keeps the connection, plays the sound, and lets the stage change when the
 * change is heard.
 */
export class Listener {
  readonly stage = new Stage();
  readonly counts = { batches: 0, gaps: 0, lost: 0 };
  private readonly schedule = new Schedule();
  private readonly levels = new LevelHistory();
  private connection: Connection | undefined;
  private card: { card: RoomCard; at: number } | undefined;
  private log: Position = nowhere;
  private playFrom = 0;
  private newest = 0;
  /** What came last while silent: what the audience hears first again. */
  private recent: Batch[] = [];
  /** Media time of what the audience hears first after silence. */
  resumedAt: number | undefined;
  /** The highest epoch that was heard of; 0 before the first. */
  epoch = 0;
  private silent = false;
  private timer = 0;

  constructor(private readonly options: ListenerOptions, private readonly events: ListenerEvents) {
    options.door.onprogress = () => this.catchUp();
  }

  async start(): Promise<void> {
    await this.options.door.start();
    this.connect();
  }

  /** Stops sound and connection; `resume` joins at the live edge. */
  pause(): void {
    this.disconnect();
    this.options.door.pause();
  }

  /** To be called within a tap. */
  resume(): void {
    this.options.door.wake();
    this.connect();
  }

  get paused(): boolean {
    return this.connection === undefined;
  }

  /**
   * While its user is on stage a listener is silent: its own program is late and has the user's voice in it. The stage
   * then changes at once instead of when it is heard. The change back must come within a tap.
   */
  set onStage(on: boolean) {
    if (on === this.silent) return;
    this.silent = on;
    if (on) {
      this.options.door.hush();
      this.catchUp();
    } else {
      this.options.door.flush();
      this.options.door.wake();
      for (const batch of this.recent) this.options.door.play(batch);
      this.resumedAt = this.recent[0] && this.recent[0].number * batchTicks;
      this.recent = [];
    }
  }

  close(): void {
    this.disconnect();
    this.options.door.close();
  }

  /** -dBov of a seat at what is heard now: 0 the loudest, 127 silence. */
  level(seat: number): number {
    const heard = this.options.door.heard;
    if (heard === undefined || !this.options.door.running) return silence;
    return this.levels.at(seat, heard);
  }

  /** Milliseconds from a word to its hearing; undefined while nothing is heard. */
  get delayMS(): number | undefined {
    const heard = this.options.door.heard;
    if (this.silent || heard === undefined || !this.options.door.running) return undefined;
    return Math.max(0, milliseconds((this.newest + 1) * batchTicks - heard)) + originMS;
  }

  /** The media time that leaves the loudspeaker now, in ticks; undefined while nothing does. */
  get heard(): number | undefined {
    const { heard, running } = this.options.door;
    return this.silent || !running ? undefined : heard;
  }

  /** Whether somebody but this seat talks, as far as the newest batch tells. */
  talks(except: number): boolean {
    const media = (this.newest + 1) * batchTicks - 1;
    return this.stage.seats.some(({ seat }) => seat !== except && this.levels.loudest(seat, media) < talkingDBOV);
  }

  get stats() {
    return { ...this.options.door.stats, ...this.counts };
  }

  /** Plays on where the system has stopped the sound, as phones do in the background. */
  wake(): void {
    if (!this.paused && !this.silent) this.options.door.wake();
  }

  /** The stage as `join` told it: at once before anything is heard, else when the sound has come there. */
  welcome(card: RoomCard): void {
    this.receiveCard(card);
  }

  private connect(): void {
    if (this.connection) return;
    this.connection = new Connection({
      admit: this.options.admit,
      cadenceMS: this.options.cadenceMS,
      heard: () => this.hearing(),
    }, {
      hello: (hello) => this.greet(hello),
      batch: (batch) => this.receive(batch),
      gap: (gap) => this.miss(gap),
      lost: (numbers) => { this.counts.lost += numbers; },
      card: (card) => this.receiveCard(card),
      state: (state) => this.events.connection(state),
      stopped: (code) => this.leave(code),
    });
    this.playFrom = 0;
    this.connection.open();
    this.timer = setInterval(() => this.catchUp(), tickMS);
  }

  private disconnect(): void {
    clearInterval(this.timer);
    this.connection?.close();
    this.connection = undefined;
    this.schedule.clear();
    this.levels.clear();
    this.recent = [];
  }

  private hearing(): number | undefined {
    const heard = this.options.door.heard;
    return heard === undefined ? this.connection?.numbers.newest : numberAt(heard);
  }

  /** A first delivery may reach back further than a listener who has heard nothing wants. */
  private greet(hello: Hello): void {
    this.rise(hello.epoch);
    if (this.playFrom === 0) this.playFrom = Math.max(hello.first, hello.newest + 1 - startMS / batchMS);
  }

  private receive(batch: Batch): void {
    this.counts.batches++;
    this.newest = batch.number;
    this.rise(batch.epoch);
    this.levels.add(batch);
    this.schedule.add(batch);
    if (this.silent) this.keep(batch);
    else if (batch.number >= this.playFrom) this.options.door.play(batch);
    if (this.silent || batch.events.length > 0) this.catchUp();
  }

  private keep(batch: Batch): void {
    this.recent.push(batch);
    if (this.recent.length > startMS / batchMS) this.recent.shift();
  }

  private miss(gap: Gap): void {
    this.counts.gaps++;
    this.newest = gap.last;
    this.rise(gap.epoch);
    this.recent = [];
    if (!this.silent && gap.last >= this.playFrom) this.options.door.gap((gap.last + 1) * batchTicks);
  }

  private receiveCard(card: RoomCard): void {
    this.rise(card.epoch);
    const heard = this.options.door.heard !== undefined && !this.silent;
    if (!heard || compare(card.position, this.stage.position) <= 0) {
      if (this.stage.take(card)) this.events.stage();
      return;
    }
    this.stage.note(card);
    this.card = { card, at: performance.now() };
    this.events.stage();
  }

  private rise(epoch: number): void {
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    this.events.epoch?.(epoch);
  }

  /** Lets happen what has been heard by now. */
  private catchUp(): void {
    const heard = this.silent ? Infinity : this.options.door.heard;
    if (heard !== undefined) {
      for (const due of this.schedule.due(heard)) {
        if (due.log) this.log = due.log;
        const change = due.event && this.stage.apply(due.event);
        if (change) this.events.stage(change);
      }
    }
    this.believeCard();
  }

  /** A card ahead of the sound is taken when its place in the log is heard, or no sound comes to tell. */
  private believeCard(): void {
    if (!this.card) return;
    const { card, at } = this.card;
    if (compare(this.log, card.position) < 0 && performance.now() - at < cardWaitMS) return;
    this.card = undefined;
    if (this.stage.take(card)) this.events.stage();
  }

  /** What was received is still heard before the end is told. */
  private leave(code: string): void {
    const left = this.silent ? 0 : Math.min(this.options.door.stats.buffered_ms, 2000);
    const timer = this.timer;
    setTimeout(() => {
      if (this.timer !== timer || !this.connection) return; // left or joined again meanwhile
      this.catchUp();
      this.pause();
      if (code === "ended") this.stage.state = "ended";
      this.events.stage();
      this.events.stopped(code);
    }, left);
  }
}
