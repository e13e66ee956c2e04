import { Client, codeOf, Listener, roomCard, silence } from "../sdk";
import type { Admission, Command, ConnectionState, Joined, Room, Seat, StageChange, StageEvent, You } from "../sdk";
import type { Account } from "./account";
import { cadenceMS, makeDoor } from "./door";
import { Involvement } from "./involvement";
import { changeOf, newsOf } from "./news";
import type { News } from "./news";
import { Turn } from "./turn";

export type Place = "outside" | "joining" | "listening" | "paused" | "stopped" | "stage";

export interface SessionEvents {
  changed(): void;
  /** Somebody came, left or was muted, and it is heard now. */
  stage(change: StageChange): void;
  /** Something happened to this person. */
  news(news: News): void;
  /** A fault code that the person should read. */
  fault(code: string): void;
}

const deaf: SessionEvents = { changed: () => undefined, stage: () => undefined, news: () => undefined, fault: () => undefined };

/** Session is one person in one room: in its audience or on its stage. It knows nothing of how that looks. */
export class Session {
  readonly listener: Listener;
  readonly involvement: Involvement;
  readonly turn: Turn;
  /** Whoever draws the session. */
  events: SessionEvents = deaf;
  place: Place = "outside";
  connection: ConnectionState = "connecting";
  /** Why it was stopped. */
  stopCode = "";
  /** Whether this person was invited or seated here before. */
  private acquainted = false;
  private before: You;
  /** Mutes of others that the SFU does not do yet, by seat. */
  private readonly unheard = new Set<number>();
  private oggAddress = "";
  private gone = false;

  /** To be made within a tap, or the browser keeps it silent. */
  constructor(
    private readonly client: Client,
    private readonly account: Account,
    public room: Room,
    batches: boolean,
  ) {
    this.listener = new Listener({ door: makeDoor(batches, () => this.oggDoor()), admit: () => this.admit(), cadenceMS }, {
      stage: (change) => this.heard(change),
      connection: (state) => this.connected(state),
      epoch: (epoch) => this.turn.rehome(epoch),
      stopped: (code) => this.stopped(code),
    });
    this.involvement = new Involvement(client, account, room.id, {
      changed: (event) => this.involved(event),
      stopped: (code) => this.dismissed(code),
    });
    this.turn = new Turn(room.id, client, account, this.listener, this.involvement, {
      changed: () => this.events.changed(),
      live: (live) => this.enter(live ? "stage" : "listening"),
      joined: (joined) => this.welcome(joined),
      fault: (fault) => this.tell(fault),
    });
    this.before = this.involvement.you;
  }

  get myID(): string | undefined {
    return this.account.user?.id;
  }

  get isHost(): boolean {
    return this.room.host.id === this.myID;
  }

  get moderates(): boolean {
    return this.isHost || this.involvement.you.role === "moderator";
  }

  /** Whether taking the microphone is more than a wish. */
  get maySpeak(): boolean {
    return this.moderates || this.listener.stage.policy.openStage
      || this.room.allowed_speakers.includes(this.myID ?? "") || this.seated;
  }

  /** Whether a hand may be raised, as far as is heard and known here. */
  get mayRaise(): boolean {
    const mode = this.listener.stage.policy.handMode;
    return mode === "open" || mode === "invited" && this.acquainted;
  }

  /** Whether this person has a seat, here or on another device. */
  get seated(): boolean {
    if (this.involvement.fold) return this.involvement.you.seat > 0;
    return this.listener.stage.seatOf(this.myID ?? "") !== undefined;
  }

  /**
   * Who is on stage: in the audience as the sound tells it; on stage as it is now, and muted is who is not heard any more.
   */
  get seats(): Seat[] {
    const { fold, state } = this.involvement;
    if (this.place !== "stage" || !fold || state !== "open") return this.listener.stage.seats;
    return fold.seats.map((seat) => ({ ...seat, muted: seat.muted && (seat.user === this.myID || fold.isEnforced(seat)) }));
  }

  /** Whether this person has left. */
  get over(): boolean {
    return this.gone;
  }

  async listen(): Promise<void> {
    this.enter("joining");
    try {
      await this.listener.start();
      if (!this.gone && this.place === "joining") this.enter("listening");
    } catch (fault) {
      this.stopped(codeOf(fault));
    }
  }

  pause(): void {
    this.listener.pause();
    this.enter("paused");
  }

  resume(): void {
    this.listener.resume();
    this.enter("listening");
  }

  /** Within a tap, as is `accept`. */
  takeStage(): Promise<void> {
    if (this.place === "paused") this.resume();
    return this.turn.take();
  }

  accept(): Promise<void> {
    if (this.place === "paused") this.resume();
    return this.turn.accept();
  }

  async raiseHand(note: string): Promise<void> {
    try {
      await this.account.token(); // a name is asked for first
      await this.involvement.do({ do: "raise", ...(note && { note }) });
    } catch (fault) {
      this.tell(fault);
    }
  }

  /** Asks something of the stage; a refusal is told. */
  async ask(command: Command): Promise<void> {
    await this.involvement.do(command).catch((fault: unknown) => this.tell(fault));
  }

  async end(): Promise<void> {
    try {
      await this.client.endRoom(this.room.id, await this.account.token());
    } catch (fault) {
      this.tell(fault);
    }
  }

  /** Out of the room. Works while the page is being left. */
  leave(): void {
    if (this.gone) return;
    this.gone = true;
    if (this.turn.begun) void this.turn.leaveSeat();
    else if (this.involvement.you.place > 0) void this.leaveQueue();
    this.turn.close();
    this.involvement.close();
    this.listener.close();
  }

  /** -dBov of a seat as it is heard now; one's own as it is said. */
  level(seat: number): number {
    return this.place === "stage" ? this.turn.level(seat) ?? silence : this.listener.level(seat);
  }

  /** A stream for other players, fresh from the last join; empty before. */
  get ogg(): string {
    return this.oggAddress;
  }

  /** What the sound has told. On stage the socket tells it, and sooner. */
  private heard(change?: StageChange): void {
    if (!change || this.place === "stage" && this.involvement.fold) return this.events.changed();
    this.events.stage(change);
  }

  /** What the socket has told. */
  private involved(event?: StageEvent): void {
    if (this.gone) return;
    const { before } = this;
    const { you, fold } = this.involvement;
    this.before = { ...you };
    if (you.seat > 0 || you.invite) this.acquainted = true;
    if (event?.event !== "unseated" || event.reason !== "ended") this.turn.reconcile();
    const news = event && newsOf(event, this.myID ?? "", before);
    if (news) this.events.news(news);
    if (news === "removed") return this.stopped(news);
    if (this.place === "stage" && fold) this.tellStage(fold, event);
    this.events.changed();
  }

  /** Says what happened to others on stage; a mute when it is true. */
  private tellStage(fold: NonNullable<Involvement["fold"]>, event?: StageEvent): void {
    const change = event && "user" in event && event.user !== this.myID ? changeOf(event) : undefined;
    if (change?.kind === "muted") this.unheard.add(change.seat);
    else if (change) this.events.stage(change);
    for (const number of this.unheard) {
      const seat = fold.seats.find((other) => other.seat === number);
      if (seat?.muted && !fold.isEnforced(seat)) continue;
      this.unheard.delete(number);
      if (seat?.muted) this.events.stage({ kind: "muted", seat: number });
    }
  }

  /** The socket has ended for good. That the room is over is heard later; on stage it is so now. */
  private dismissed(code: string): void {
    if (code === "removed" || code === "ended" && this.place === "stage") return this.stopped(code);
    if (code !== "ended") this.events.fault(code);
  }

  private async admit(): Promise<Admission> {
    const joined = await this.joinAsListener();
    this.welcome(joined);
    this.involvement.consider(joined.you);
    return { grant: joined.grant, doors: joined.edges.map((edge) => edge.listen_url) };
  }

  private async joinAsListener(): Promise<Joined> {
    const token = this.room.open_listening ? await this.account.known().catch(() => undefined) : await this.account.token();
    try {
      return await this.client.listen(this.room.id, token);
    } catch (fault) {
      if (!["unauthenticated", "expired"].includes(codeOf(fault))) throw fault;
      this.account.refuse();
      return this.client.listen(this.room.id, await this.account.token());
    }
  }

  private async oggDoor(): Promise<string> {
    const joined = await this.joinAsListener();
    return joined.edges[0]?.ogg_url ?? this.oggAddress;
  }

  private welcome(joined: Joined): void {
    this.room = joined.room;
    this.oggAddress = joined.edges[0]?.ogg_url ?? "";
    this.listener.welcome(roomCard(joined.card));
  }

  private connected(state: ConnectionState): void {
    this.connection = state;
    this.events.changed();
  }

  private stopped(code: string): void {
    if (this.gone || this.place === "stopped") return;
    this.turn.close(code === "ended");
    this.stopCode = code;
    this.involvement.close();
    this.listener.pause();
    this.listener.onStage = false;
    if (code === "ended") this.listener.stage.state = "ended";
    this.enter(code === "unnamed" ? "outside" : "stopped");
  }

  private enter(place: Place): void {
    if (this.gone) return;
    this.place = place;
    this.events.changed();
  }

  private async leaveQueue(): Promise<void> {
    const token = await this.account.known().catch(() => undefined);
    if (token) await this.client.leave(this.room.id, token).catch(() => undefined);
  }

  private tell(fault: unknown): void {
    if (codeOf(fault) !== "unnamed") this.events.fault(codeOf(fault));
    this.events.changed();
  }
}
