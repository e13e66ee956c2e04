import { counted, t } from "../../text/text";
import type { Fold, FoldedSeat, Hand, Invite } from "../../sdk";
import { powersOver } from "../powers";
import type { Session } from "../session";
import { confirm } from "./dialog";
import type { Action, Person } from "./person_row";

// What the moderators' panel says of people, and what it offers to do with them.

/** A raised hand at a place in the queue. */
export function handPerson(session: Session, hand: Hand, place: number): Person {
  const { user, name } = hand;
  const { involvement } = session;
  const waited = Math.floor(involvement.since(hand.raised_at) / 60_000);
  const inviting = involvement.asks("invite", user);
  const invited = involvement.fold?.invites.some((invite) => invite.user === user) ?? false;
  return {
    name, mark: String(place),
    lines: [
      hand.note ? `“${hand.note}”` : "",
      (waited < 1 ? t("panel.waiting.now") : counted("panel.waiting.minutes", waited)) + (hand.absent ? ` · ${t("panel.absent")}` : ""),
    ],
    actions: [
      ...(invited ? [] : [{
        label: inviting ? t("panel.inviting") : t("panel.invite"), look: "primary" as const, busy: inviting,
        press: () => void session.ask({ do: "invite", user }),
      }]),
      { label: t("panel.seat"), busy: involvement.asks("seat", user), press: () => void session.ask({ do: "seat", user }) },
      { label: t("panel.lower"), busy: involvement.asks("lower", user), press: () => void session.ask({ do: "lower", user }) },
    ],
    more: [removal(session, user, name)],
  };
}

/** Somebody who was invited and has not answered. */
export function invitePerson(session: Session, { user, name, expires_at }: Invite): Person {
  const { involvement } = session;
  return {
    name, lines: [t("panel.expires", { seconds: Math.ceil(involvement.until(expires_at) / 1000) })],
    actions: [{ label: t("panel.withdraw"), busy: involvement.asks("withdraw", user), press: () => void session.ask({ do: "withdraw", user }) }],
  };
}

/** Somebody on stage. "Muted" stands there when it is true. */
export function seatPerson(session: Session, fold: Fold, seat: FoldedSeat): Person {
  const { user, name } = seat;
  const me = user === session.myID;
  const powers = me ? [] : powersOver(fold.you.role, fold.roleOf(user));
  const can = (power: (typeof powers)[number]) => powers.includes(power);
  const asks = (power: (typeof powers)[number]) => session.involvement.asks(power, user);
  const muting = asks("mute") || asks("hold") || seat.muted && !fold.isEnforced(seat);
  const act = (power: (typeof powers)[number]): Action => ({
    label: t(`panel.${power}`), busy: asks(power), press: () => void session.ask({ do: power, user }),
  });
  return {
    name,
    lines: [standing(fold, seat, me), muting ? t("panel.muting") : seat.held ? t("seat.held") : seat.muted ? t("seat.muted") : "",
      seat.away ? t("seat.away") : ""],
    actions: [
      ...(can("mute") && !seat.muted && !muting ? [act("mute")] : []),
      ...(can("release") && seat.held ? [act("release")] : []),
    ],
    more: [
      ...(can("hold") && !seat.held ? [act("hold")] : []),
      ...(can("audience") ? [act("audience")] : []),
      ...(can("appoint") ? [act("appoint")] : []),
      ...(can("dismiss") ? [act("dismiss")] : []),
      ...(can("remove") ? [removal(session, user, name)] : []),
    ],
  };
}

/** A moderator without a seat. */
export function otherPerson(session: Session, user: string, name: string): Person {
  const offered = session.isHost && user !== session.myID;
  return {
    name, lines: [user === session.myID ? t("seat.you.moderator") : t("seat.moderator")],
    actions: offered ? [{ label: t("panel.dismiss"), busy: session.involvement.asks("dismiss", user), press: () => void session.ask({ do: "dismiss", user }) }] : [],
  };
}

export function removedPerson(session: Session, user: string, name: string): Person {
  return {
    name, lines: [],
    actions: [{ label: t("panel.readmit"), busy: session.involvement.asks("readmit", user), press: () => void session.ask({ do: "readmit", user }) }],
  };
}

function removal(session: Session, user: string, name: string): Action {
  return {
    label: t("panel.remove"), look: "danger", busy: session.involvement.asks("remove", user),
    press: () => void confirm(t("panel.remove.title", { name }), t("panel.remove.text"), t("panel.remove"))
      .then((sure) => (sure ? session.ask({ do: "remove", user }) : undefined)),
  };
}

function standing(fold: Fold, { user }: FoldedSeat, me: boolean): string {
  const role = fold.roleOf(user);
  if (role === "host") return me ? t("seat.you.host") : t("seat.host");
  if (role === "moderator") return me ? t("seat.you.moderator") : t("seat.moderator");
  return me ? t("seat.you") : "";
}
