import { Client, codeOf, Fault, Listener, Microphone, roomCard, silence, Speaker } from "../sdk";
import type { Admission, ConnectionState, Joined, Room, SpeakerState, StageChange } from "../sdk";
import type { Account } from "./account";
import { cadenceMS, makeDoor } from "./door";

const echoMS = 2000;

export type Place = "outside" | "joining" | "listening" | "paused" | "stopped" | "stage";

export interface SessionEvents {
  changed(): void;
  /** Somebody came, left or was muted, and it is heard now. */
  stage(change: StageChange): void;
  /** A fault code that the person should read. */
  fault(code: string): void;
}

const deaf: SessionEvents = { changed: () => undefined, stage: () => undefined, fault: () => undefined };

/** Session is one person in one room: in its audience or on its stage. It knows nothing of how that looks. */
export class Session {
  readonly listener: Listener;
  /** Whoever draws the session. */
  events: SessionEvents = deaf;
  place: Place = "outside";
  connection: ConnectionState = "connecting";
  stageState: SpeakerState | "taking" | "off" = "off";
  /** Why it was stopped. */
  stopCode = "";
  private speaker: Speaker | undefined;
  private microphone: Microphone | undefined;
  private token: string | undefined;
  private seat = 0;
  private toggledAt = 0;
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
      stage: (change) => this.changed(change),
      connection: (state) => this.connected(state),
      stopped: (code) => this.stopped(code),
    });
  }

  get myID(): string | undefined {
    return this.account.user?.id;
  }

  get isHost(): boolean {
    return this.room.host.id === this.myID;
  }

  /** Whether taking the microphone is more than a wish. */
  get maySpeak(): boolean {
    const stage = this.listener.stage;
    return this.isHost || stage.openStage || this.room.open_stage
      || this.room.allowed_speakers.includes(this.myID ?? "") || this.seated;
  }

  /** Whether this person has a seat, here or on another device. */
  get seated(): boolean {
    return this.listener.stage.seatOf(this.myID ?? "") !== undefined;
  }

  /** Whether this person has left. */
  get over(): boolean {
    return this.gone;
  }

  get muted(): boolean {
    return this.microphone?.muted ?? true;
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

  /** Opens the microphone, takes a seat, speaks. */
  async takeStage(): Promise<void> {
    this.stageState = "taking";
    this.events.changed();
    try {
      this.token = await this.account.token();
      this.microphone = await Microphone.open();
      const joined = await this.client.takeSeat(this.room.id, this.token);
      this.seat = joined.seat ?? 0;
      this.welcome(joined);
      await this.speak(joined.whip_url ?? "");
    } catch (fault) {
      await this.leaveMicrophone();
      this.stageState = "off";
      this.events.changed();
      if (codeOf(fault) !== "unnamed") this.tell(fault);
    }
  }

  private async speak(url: string): Promise<void> {
    const microphone = this.microphone!;
    this.listener.onStage = true;
    const me = this.listener.stage.seatOf(this.myID ?? "");
    microphone.muted = me?.muted ?? false;
    this.speaker = new Speaker({
      url, microphone, token: () => this.account.token(),
      state: (state) => this.spoke(state),
    });
    await this.speaker.start();
    if (this.gone) return void this.leaveMicrophone();
    this.enter("stage");
  }

  async leaveStage(): Promise<void> {
    await this.backToAudience();
    await this.leaveSeat();
  }

  async toggleMute(): Promise<void> {
    const microphone = this.microphone;
    if (!microphone || !this.token) return;
    const muted = !microphone.muted;
    microphone.muted = muted; // at once; the stage follows
    this.toggledAt = performance.now();
    this.events.changed();
    try {
      await (muted ? this.client.mute(this.room.id, this.token) : this.client.unmute(this.room.id, this.token));
    } catch (fault) {
      if (!muted) microphone.muted = true; // nobody would hear it
      this.events.changed();
      this.tell(fault);
    }
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
    const seated = this.speaker !== undefined;
    void this.leaveMicrophone();
    if (seated) void this.leaveSeat();
    this.listener.close();
  }

  /** -dBov of a seat as it is heard now; one's own as it is said. */
  level(seat: number): number {
    if (this.place !== "stage") return this.listener.level(seat);
    const mine = this.listener.stage.seatOf(this.myID ?? "")?.seat === seat;
    if (mine) return this.microphone && !this.microphone.muted ? this.microphone.level : silence;
    return this.speaker?.level(seat) ?? silence;
  }

  private changed(change?: StageChange): void {
    if (!change) return this.events.changed();
    if ("seat" in change && change.seat === this.seat && this.place === "stage") this.obey(change.kind);
    this.events.stage(change);
  }

  /** The host moved or muted this person. One's own commands come back as events too, a little later. */
  private obey(kind: StageChange["kind"]): void {
    if (kind === "unseated") void this.backToAudience();
    if (kind === "muted" && this.microphone && performance.now() - this.toggledAt > echoMS) this.microphone.muted = true;
  }

  private async backToAudience(): Promise<void> {
    this.listener.onStage = false; // first, within the tap, so that sound may start
    this.stageState = "off";
    this.enter("listening");
    await this.leaveMicrophone();
  }

  private async admit(): Promise<Admission> {
    const joined = await this.joinAsListener();
    this.welcome(joined);
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

  /** A stream for other players, fresh from the last join; empty before. */
  get ogg(): string {
    return this.oggAddress;
  }

  private connected(state: ConnectionState): void {
    this.connection = state;
    this.events.changed();
  }

  private spoke(state: SpeakerState): void {
    this.stageState = state;
    if (state === "lost") {
      void this.leaveStage();
      this.events.fault("speaker_lost");
    }
    this.events.changed();
  }

  private stopped(code: string): void {
    if (this.gone) return;
    void this.leaveMicrophone(code === "ended");
    this.stageState = "off";
    this.stopCode = code;
    this.enter(code === "unnamed" ? "outside" : "stopped");
  }

  private enter(place: Place): void {
    if (this.gone) return;
    this.place = place;
    this.events.changed();
  }

  private async leaveMicrophone(over = false): Promise<void> {
    const { speaker, microphone } = this;
    this.speaker = this.microphone = undefined;
    microphone?.close();
    await speaker?.close(over);
    if (!this.gone && this.place !== "paused") this.listener.onStage = false;
  }

  private async leaveSeat(): Promise<void> {
    if (this.token) await this.client.leaveSeat(this.room.id, this.token).catch(() => undefined);
  }

  private tell(fault: unknown): void {
    if (fault instanceof Fault) this.events.fault(fault.code);
    else this.events.fault("internal");
  }
}
