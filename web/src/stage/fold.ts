import { compare } from "../listen/message";
import type { HandMode, Position, Role, Seat } from "../listen/message";
import type { Hand, Invite, ServerMessage, StageEvent, StageSnapshot, You } from "./message";

/** A seat, and where its microphone was last closed or opened. */
export interface FoldedSeat extends Seat {
  changed: Position;
}

/** Fold is a stage as one person may see it: the newest snapshot and the events since. */
export class Fold {
  readonly view: "moderator" | "person";
  state: string;
  readonly title: string;
  readonly host: string;
  readonly openStage: boolean;
  readonly maxSeats: number;
  handMode: HandMode;
  handCount: number;
  enforced: Position | null;
  /** Rising by number. */
  seats: FoldedSeat[];
  moderators: string[];
  /** In the order of the queue. */
  hands: Hand[];
  invites: Invite[];
  removed: string[];
  you: You;

  /** `me` is the user whom the socket belongs to. */
  constructor(public position: Position, stage: StageSnapshot, you: You, private readonly me: string) {
    this.view = stage.view;
    this.state = stage.state;
    this.title = stage.title;
    this.host = stage.host;
    this.openStage = stage.open_stage;
    this.maxSeats = stage.max_seats;
    this.handMode = stage.hand_mode;
    this.handCount = stage.hand_count;
    this.enforced = stage.enforced ?? null;
    // When a seat was muted is not in a snapshot: it may be as new as the snapshot itself.
    this.seats = (stage.seats ?? []).map((seat) => ({ ...seat, changed: position }));
    this.moderators = [...stage.moderators ?? []];
    this.hands = [...stage.hands ?? []];
    this.invites = [...stage.invites ?? []];
    this.removed = [...stage.removed ?? []];
    this.you = { ...you, invite: you.invite ?? null };
  }

  /** The stage as a snapshot at this position would tell it. */
  get snapshot(): StageSnapshot {
    const stage: StageSnapshot = {
      view: this.view, state: this.state, title: this.title, host: this.host, moderators: this.moderators,
      hand_mode: this.handMode, open_stage: this.openStage, max_seats: this.maxSeats, hand_count: this.handCount,
      enforced: this.enforced, seats: this.seats.map(({ changed: _, ...seat }) => seat),
    };
    if (this.view === "person") return stage;
    return { ...stage, hands: this.hands, invites: this.invites, removed: this.removed };
  }

  seatOf(user: string): FoldedSeat | undefined {
    return this.seats.find((seat) => seat.user === user);
  }

  roleOf(user: string): Role {
    if (user === this.host) return "host";
    if (this.moderators.includes(user)) return "moderator";
    return this.seatOf(user) ? "speaker" : "listener";
  }

  /** Whether the SFU does what the stage says of a seat: whether "muted" is true yet. */
  isEnforced(seat: FoldedSeat): boolean {
    return this.enforced !== null && compare(seat.changed, this.enforced) <= 0;
  }

  /** Takes a message that is no snapshot. Answers whether anything is other than before. */
  take(message: ServerMessage): boolean {
    switch (message.type) {
      case "event": return this.apply(message);
      case "place":
        this.you.place = message.place;
        this.handCount = message.of;
        return true;
      case "enforced":
        if (this.enforced && compare(message.position, this.enforced) <= 0) return false;
        this.enforced = message.position;
        return true;
      case "still":
        if (compare(message.position, this.position) > 0) this.position = message.position;
        return false;
      default: return false;
    }
  }

  private apply(event: StageEvent): boolean {
    if (compare(event.position, this.position) <= 0) return false;
    this.position = event.position;
    this.change(event);
    this.you.role = this.roleOf(this.me);
    return true;
  }

  private change(event: StageEvent): void {
    const { position } = event;
    switch (event.event) {
      case "seated": return this.seat({ ...event.seat, changed: position });
      case "unseated": return this.unseat(event.seat);
      case "muted": return this.reseat(event.seat, { muted: true, changed: position });
      case "unmuted": return this.reseat(event.seat, { muted: false, changed: position });
      case "held": return this.reseat(event.seat, { muted: true, held: true, changed: position });
      case "released": return this.reseat(event.seat, { held: false });
      case "media_lost": return this.reseat(event.seat, { away: true });
      case "media_found": return this.reseat(event.seat, { away: false });
      case "appointed": return this.appoint(event.user);
      case "dismissed": return this.dismiss(event.user);
      case "hand_raised": return this.raise(event);
      case "hand_lowered": return this.lower(event.user);
      case "hand_absent": return this.absent(event.user, true);
      case "hand_present": return this.absent(event.user, false);
      case "all_hands_lowered": return this.lowerAll();
      case "hand_mode_set":
        this.handMode = event.mode;
        return event.mode === "closed" ? this.lowerAll() : undefined;
      case "invited": return this.invite(event.user, event.name, event.by, event.expires_at);
      case "invite_closed": return this.closeInvite(event.user);
      case "removed":
        if (this.view === "moderator") this.removed = [...without(this.removed, event.user), event.user].sort();
        return;
      case "readmitted":
        this.removed = without(this.removed, event.user);
        return;
      case "room_ended": return this.end();
    }
  }

  private end(): void {
    this.state = "ended";
    this.seats = [];
    this.invites = [];
    this.you.seat = 0;
    this.you.invite = null;
    this.lowerAll();
  }

  private seat(seat: FoldedSeat): void {
    this.seats = [...this.seats.filter((other) => other.seat !== seat.seat), seat].sort((a, b) => a.seat - b.seat);
    if (seat.user === this.me) this.you.seat = seat.seat;
  }

  private unseat(number: number): void {
    if (this.you.seat === number) this.you.seat = 0;
    this.seats = this.seats.filter((seat) => seat.seat !== number);
  }

  private reseat(number: number, change: Partial<FoldedSeat>): void {
    this.seats = this.seats.map((seat) => (seat.seat === number ? { ...seat, ...change } : seat));
  }

  private appoint(user: string): void {
    this.moderators = [...without(this.moderators, user), user].sort();
    this.role(user, "moderator");
  }

  private dismiss(user: string): void {
    this.moderators = without(this.moderators, user);
    this.role(user, "speaker");
  }

  private role(user: string, role: Role): void {
    this.seats = this.seats.map((seat) => (seat.user === user ? { ...seat, role } : seat));
  }

  private raise({ user, name, note, order, raised_at }: Omit<Hand, "absent">): void {
    if (this.view !== "moderator") return;
    const old = this.hands.findIndex((hand) => hand.user === user);
    if (old >= 0) this.hands.splice(old, 1);
    const last = this.hands[this.hands.length - 1];
    this.hands.push({ user, name, note: note ?? "", order, raised_at, absent: false });
    if (last && last.order > order) this.hands.sort((a, b) => a.order - b.order); // they come in order: thousands may
    this.handCount = this.hands.length;
  }

  private lower(user: string): void {
    if (user === this.me) this.you.place = 0;
    if (this.view !== "moderator") return;
    this.hands = this.hands.filter((hand) => hand.user !== user);
    this.handCount = this.hands.length;
  }

  private absent(user: string, absent: boolean): void {
    this.hands = this.hands.map((hand) => (hand.user === user ? { ...hand, absent } : hand));
  }

  private lowerAll(): void {
    this.hands = [];
    this.handCount = 0;
    this.you.place = 0;
  }

  private invite(user: string, name: string, by: string, expires_at: string): void {
    if (user === this.me) this.you.invite = { by, expires_at };
    if (this.view !== "moderator") return;
    this.invites = [...this.invites.filter((other) => other.user !== user), { user, name, by, expires_at }];
  }

  private closeInvite(user: string): void {
    if (user === this.me) this.you.invite = null;
    this.invites = this.invites.filter((other) => other.user !== user);
  }
}

function without(list: string[], user: string): string[] {
  return list.filter((other) => other !== user);
}
