import { counted, t } from "../../text/text";
import type { Fold } from "../../sdk";
import { h, setText } from "../dom";
import { icon } from "../icon";
import type { Session } from "../session";
import { confirm } from "./dialog";
import { HandModeSwitch } from "./hand_mode_switch";
import { PersonList } from "./person_list";
import { handPerson, invitePerson, otherPerson, removedPerson, seatPerson } from "./people";

const firstHands = 30;
const moreHands = 100;

/** Panel is the moderators' sheet: the queue, invites, seats, and who may raise a hand. It is told by the socket alone. */
export class Panel {
  private readonly title = h("h2", { id: "panel-title", tabindex: "-1" }, t("panel.title"));
  private readonly stale = h("p", { class: "stale", role: "status" });
  private readonly hands = new PersonList(t("panel.hands"), t("panel.hands.none"));
  private readonly invites = new PersonList(t("panel.invites"));
  private readonly seats = new PersonList(t("panel.seats"), t("panel.seats.none"));
  private readonly others = new PersonList(t("panel.others"));
  private readonly removed = new PersonList(t("panel.removed"));
  private readonly mode: HandModeSwitch;
  private readonly rest = h("span", { class: "quiet" });
  private readonly more = h("div", { class: "more-hands", hidden: true }, this.rest,
    h("button", { type: "button", class: "chip", onclick: () => { this.most += moreHands; this.draw(); } }, t("panel.hands.show")));
  private readonly lowerAll = h("button", { type: "button", class: "chip danger", onclick: () => void this.askLowerAll() }, t("panel.lower_all"));
  private readonly dialog: HTMLDialogElement;
  private session: Session | undefined;
  private most = firstHands;
  /** Names of people as they were seen last: a log of ids has none. */
  private readonly names = new Map<string, string>();

  constructor() {
    this.mode = new HandModeSwitch((mode) => void this.session?.ask({ do: "hand_mode", mode }));
    this.hands.element.append(this.more, this.lowerAll);
    this.dialog = h("dialog", { class: "sheet panel", "aria-labelledby": "panel-title" },
      h("div", { class: "panel-head" }, this.title,
        h("button", { type: "button", class: "button round small", "aria-label": t("panel.close"), title: t("panel.close"), onclick: () => this.close() }, icon("close") as unknown as Node)),
      this.stale, this.hands.element, this.invites.element, this.seats.element, this.others.element, this.mode.element,
      this.removed.element);
    document.body.append(this.dialog);
  }

  open(): void {
    this.most = firstHands;
    this.draw();
    if (!this.dialog.open) this.dialog.showModal();
    this.title.focus();
  }

  close(): void {
    this.dialog.close();
  }

  /** For good. */
  remove(): void {
    this.close();
    this.dialog.remove();
  }

  /** Draws what the session knows now, where the panel is open; closes it for who moderates no more. */
  show(session: Session | undefined): void {
    this.session = session;
    const fold = session?.involvement.fold;
    if (fold) this.learn(fold);
    if (!this.dialog.open) return;
    if (!session?.moderates || session.place === "stopped") return this.close();
    this.draw();
  }

  private draw(): void {
    const { session } = this;
    const fold = session?.involvement.fold;
    setText(this.stale, fold && session.involvement.state === "open" ? "" : t("panel.stale"));
    if (!session || !fold || fold.view !== "moderator") return;
    const named = (user: string) => this.names.get(user) ?? t("panel.somebody");
    this.hands.show(fold.hands.slice(0, this.most).map((hand, i) => [hand.user, handPerson(session, hand, i + 1)]), fold.hands.length);
    this.more.hidden = fold.hands.length <= this.most;
    setText(this.rest, counted("panel.hands.more", Math.max(0, fold.hands.length - this.most)));
    this.lowerAll.hidden = fold.hands.length === 0;
    this.invites.show(fold.invites.map((invite) => [invite.user, invitePerson(session, invite)]));
    this.seats.show(fold.seats.map((seat) => [seat.user, seatPerson(session, fold, seat)]));
    const unseated = fold.moderators.filter((user) => !fold.seatOf(user));
    this.others.show(unseated.map((user) => [user, otherPerson(session, user, named(user))]));
    this.removed.show(fold.removed.map((user) => [user, removedPerson(session, user, named(user))]));
    this.mode.show(fold.handMode, session.involvement.asks("hand_mode"));
  }

  private learn(fold: Fold): void {
    for (const { user, name } of [...fold.seats, ...fold.hands, ...fold.invites]) if (name) this.names.set(user, name);
  }

  private async askLowerAll(): Promise<void> {
    const sure = await confirm(t("panel.lower_all.title"), t("panel.lower_all.text"), t("panel.lower_all"));
    if (sure) await this.session?.ask({ do: "lower_all" });
  }
}
