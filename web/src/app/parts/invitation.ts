import { t } from "../../text/text";
import { h, setText } from "../dom";
import { icon } from "../icon";
import type { Session } from "../session";

const buzz = [180, 90, 180];

/** Invitation is the dialog of an invite: from whom, how long it holds, yes or no. Put away, it can be opened again. */
export class Invitation {
  private readonly text = h("p", { id: "invite-text" });
  private readonly left = h("span", {});
  private readonly bar = h("i");
  private readonly dialog: HTMLDialogElement;
  private session: Session | undefined;
  private shown = "";
  private wholeMS = 1;

  constructor() {
    this.dialog = h("dialog", { class: "sheet invitation", role: "alertdialog", "aria-labelledby": "invite-title", "aria-describedby": "invite-text" },
      h("div", { class: "spot", "aria-hidden": "true" }, icon("microphone") as unknown as Node),
      h("h2", { id: "invite-title" }, t("invite.title")), this.text,
      h("p", { class: "countdown" }, h("span", { class: "track", "aria-hidden": "true" }, this.bar), this.left),
      h("div", { class: "choices stacked" },
        h("button", { type: "button", class: "button primary", autofocus: true, onclick: () => this.answer((session) => session.accept()) }, t("invite.accept")),
        h("button", { type: "button", class: "button plain", onclick: () => this.answer((session) => session.ask({ do: "decline" })) }, t("invite.decline"))));
    document.body.append(this.dialog);
  }

  /** Opens the dialog for an invite that is new, and counts down. */
  show(session: Session | undefined): void {
    this.session = session;
    const invite = session?.involvement.you.invite;
    if (!session || !invite || session.turn.state !== "off" || session.place === "stage") {
      this.shown = "";
      return this.dialog.close();
    }
    const remaining = session.involvement.until(invite.expires_at);
    if (this.shown !== invite.expires_at) {
      this.shown = invite.expires_at;
      this.wholeMS = Math.max(1, remaining);
      setText(this.text, t("invite.text", { name: nameOf(session, invite.by) }));
      navigator.vibrate?.(buzz);
      this.open();
    }
    setText(this.left, t("invite.left", { seconds: Math.ceil(remaining / 1000) }));
    this.bar.style.setProperty("--left", String(Math.min(1, remaining / this.wholeMS)));
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** For good. */
  remove(): void {
    this.dialog.close();
    this.dialog.remove();
  }

  private answer(how: (session: Session) => Promise<void>): void {
    this.dialog.close();
    if (this.session) void how(this.session);
  }
}

function nameOf(session: Session, user: string): string {
  if (user === session.room.host.id) return session.room.host.name;
  return session.involvement.fold?.seatOf(user)?.name ?? t("invite.somebody");
}
