import { compare, nowhere } from "./message";
import type { Policy, Position, RoomCard, RoomState, Seat, StageChange, TimedEvent } from "./message";

/** Stage is the room as it is drawn: the newest card, and the stage events heard since. Each position counts once. */
export class Stage {
  title = "";
  state: RoomState = "unknown";
  listeners = 0;
  policy: Policy = { openStage: false, openListening: false, handMode: "open" };
  position: Position = nowhere;
  private epoch = 0;
  private revision = -1;
  private readonly bySeat = new Map<number, Seat>();

  /** By seat number. */
  get seats(): Seat[] {
    return [...this.bySeat.values()].sort((a, b) => a.seat - b.seat);
  }

  seatOf(user: string): Seat | undefined {
    return this.seats.find((seat) => seat.user === user);
  }

  /** Applies an event unless its position was applied. Answers what changed. */
  apply(event: TimedEvent): StageChange | undefined {
    if (compare(event.position, this.position) <= 0) return undefined;
    this.position = event.position;
    const change = event.change;
    switch (change.kind) {
      case "seated": this.bySeat.set(change.seat.seat, change.seat); break;
      case "unseated": this.bySeat.delete(change.seat); break;
      case "muted": this.mute(change.seat, true); break;
      case "unmuted": this.mute(change.seat, false); break;
      case "changed": this.bySeat.set(change.seat.seat, change.seat); break;
      case "policy": this.policy = change.policy; break;
      case "ended": this.state = "ended"; break;
    }
    return change;
  }

  /** Takes a card whole, unless a later one or a later event was applied. Answers whether it was taken. */
  take(card: RoomCard): boolean {
    const order = compare(card.position, this.position) || card.epoch - this.epoch || card.revision - this.revision;
    if (order <= 0 && this.revision >= 0) return false;
    this.note(card);
    this.position = card.position;
    this.policy = card.policy;
    this.state = card.state === "unknown" ? this.state : card.state;
    this.bySeat.clear();
    for (const seat of card.seats) this.bySeat.set(seat.seat, seat);
    return true;
  }

  /** Takes from a card only what is no stage event: it may be ahead of the sound. */
  note(card: RoomCard): void {
    if (card.epoch < this.epoch || card.epoch === this.epoch && card.revision < this.revision) return;
    this.epoch = card.epoch;
    this.revision = card.revision;
    this.title = card.title || this.title;
    this.listeners = card.listeners;
  }

  private mute(seat: number, muted: boolean): void {
    const old = this.bySeat.get(seat);
    if (old) this.bySeat.set(seat, { ...old, muted });
  }
}
