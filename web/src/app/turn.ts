import { comparePositions, Fault } from "../sdk";
import type { Client, Joined, Listener, Position, SpeakerState } from "../sdk";
import type { Account } from "./account";
import { Appearance } from "./appearance";
import type { Crossing } from "./crossing";
import type { Involvement } from "./involvement";

export interface TurnEvents {
  changed(): void;
  /** Live sound has taken the place of the batches, or goes to leave it to them. */
  live(live: boolean): void;
  joined(joined: Joined): void;
  fault(fault: unknown): void;
}

/** Turn is a person's way to the microphone and back: asking for the seat, speaking, being muted, leaving. */
export class Turn {
  state: SpeakerState | "taking" | "off" = "off";
  /** The steps so far, as measured. */
  readonly crossings: Crossing[] = [];
  private appearance: Appearance | undefined;
  /** From this position on the stage has the seat. */
  private seatedAt: Position | undefined;
  private unmutedAt: Position | undefined;

  constructor(
    private readonly room: string,
    private readonly client: Client,
    private readonly account: Account,
    private readonly listener: Listener,
    private readonly involvement: Involvement,
    private readonly events: TurnEvents,
  ) {}

  get muted(): boolean {
    return this.appearance?.microphone.muted ?? true;
  }

  /** Whether a moderator keeps the microphone closed. */
  get held(): boolean {
    return this.involvement.fold?.seatOf(this.account.user?.id ?? "")?.held ?? false;
  }

  /** Whether there is a microphone that is on stage, or on its way. */
  get begun(): boolean {
    return this.appearance !== undefined;
  }

  private get over(): boolean {
    return this.state === "off";
  }

  /** Takes a seat that is free for this person, or the one that they have. Within a tap. */
  take(): Promise<void> {
    return this.begin(async () => {
      const joined = await this.client.takeSeat(this.room, await this.account.token());
      this.seatedAt = joined.card.position;
      this.events.joined(joined);
      this.involvement.consider(joined.you ?? { role: joined.role, seat: joined.seat ?? 0, place: 0, invite: null });
      return joined.whip_url ?? this.client.whipAddress(this.room);
    });
  }

  /** Goes where the invite leads. Within a tap. */
  accept(): Promise<void> {
    return this.begin(async () => {
      const { position } = await this.involvement.do({ do: "accept", muted: false });
      this.seatedAt = position;
      return this.client.whipAddress(this.room);
    });
  }

  async leave(): Promise<void> {
    const left = this.involvement.do({ do: "audience" }).catch(() => this.leaveSeat());
    await Promise.all([this.back(), left]);
  }

  async toggleMute(): Promise<void> {
    const microphone = this.appearance?.microphone;
    if (!microphone || this.involvement.asks("unmute")) return;
    try {
      if (!microphone.muted) {
        microphone.muted = true; // at once; the stage follows
        await this.involvement.do({ do: "mute" });
        return;
      }
      const { position } = await this.involvement.do({ do: "unmute" });
      this.unmutedAt = position;
      microphone.muted = false; // only now would anyone hear it
      this.events.changed();
    } catch (fault) {
      this.events.fault(fault);
    }
  }

  /** -dBov of a seat as it is heard live; one's own as it is said, while that reaches anyone. */
  level(seat: number): number | undefined {
    if (seat !== this.involvement.you.seat) return this.appearance?.level(seat);
    return this.muted || this.state !== "live" ? undefined : this.appearance?.microphone.level;
  }

  /** The room's program has another home, under this epoch. */
  rehome(epoch: number): void {
    if (this.appearance) this.appearance.epoch = epoch;
  }

  /** Brings microphone and place to what the stage says of this person. */
  reconcile(): void {
    const { fold } = this.involvement;
    const { appearance, seatedAt } = this;
    if (!fold || fold.state === "ended" || !appearance || !seatedAt || comparePositions(fold.position, seatedAt) < 0) return;
    const seat = fold.seatOf(this.account.user?.id ?? "");
    if (!seat) return void this.back();
    const newer = !this.unmutedAt || comparePositions(fold.position, this.unmutedAt) >= 0;
    if (seat.muted && newer) appearance.microphone.muted = true;
  }

  /** At once, without a step. `over`: the room is. Works while the page is being left. */
  close(over = false): void {
    const { appearance } = this;
    this.forget();
    void appearance?.close(over);
  }

  async leaveSeat(): Promise<void> {
    const token = await this.account.known().catch(() => undefined);
    if (token) await this.client.leaveSeat(this.room, token).catch(() => undefined);
  }

  /** Opens the microphone, gets a seat, goes live. */
  private async begin(seat: () => Promise<string>): Promise<void> {
    if (this.state !== "off") return;
    this.become("taking");
    let appearance: Appearance | undefined;
    try {
      await this.account.token(); // who has no name is asked for it
      const began = performance.now();
      appearance = await Appearance.begin({
        listener: this.listener, seat, token: () => this.account.token(), mine: () => this.involvement.you.seat,
        state: (state) => this.spoke(state),
      });
      if (this.over) return await appearance.close(); // the room was left meanwhile
      this.appearance = appearance;
      const crossing = await appearance.rise(began);
      if (this.appearance !== appearance) return;
      this.crossings.push(crossing);
      this.events.live(true);
      this.reconcile();
    } catch (fault) {
      await this.failed(fault, appearance);
    }
  }

  private async failed(fault: unknown, appearance: Appearance | undefined): Promise<void> {
    if (this.appearance !== appearance) return; // moved to the audience meanwhile
    const seated = this.seatedAt !== undefined;
    this.forget();
    await appearance?.close();
    if (seated) void this.leaveSeat();
    this.listener.onStage = false;
    this.events.fault(fault);
  }

  private async back(): Promise<void> {
    const { appearance } = this;
    const began = performance.now();
    if (!appearance) return;
    this.forget();
    const step = appearance.descend(began); // first, within the tap, so that sound may start
    this.events.live(false);
    this.crossings.push(await step);
  }

  private forget(): void {
    this.appearance = this.seatedAt = this.unmutedAt = undefined;
    this.become("off");
  }

  private spoke(state: SpeakerState): void {
    this.become(state);
    if (state !== "lost") return;
    void this.leave();
    this.events.fault(new Fault("speaker_lost", "no way to the SFU"));
  }

  private become(state: Turn["state"]): void {
    if (state === this.state) return;
    this.state = state;
    this.events.changed();
  }
}
