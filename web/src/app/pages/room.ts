import { counted, sentence, t } from "../../text/text";
import type { Code } from "../../text/text";
import { codeOf, silence } from "../../sdk";
import type { Room, StageChange } from "../../sdk";
import { paletteOf } from "../avatar";
import { h, setText } from "../dom";
import { icon } from "../icon";
import { Audience } from "../parts/audience";
import { button } from "../parts/button";
import { askNote, confirm } from "../parts/dialog";
import { Dock } from "../parts/dock";
import { emptyPlace } from "../parts/empty";
import { innerHeader } from "../parts/header";
import { Invitation } from "../parts/invitation";
import { Panel } from "../parts/panel";
import { StageView } from "../parts/stage";
import { Status } from "../parts/status";
import type { News } from "../news";
import type { Session } from "../session";
import type { App, Page } from "./page";

const pollMS = 4000;
const longTitle = 44;
const drawMS = 500; // the delay that is shown moves all the time

/** One room: who is on stage, how it is heard, and what one can do. */
export class RoomPage implements Page {
  readonly element: HTMLElement;
  title: string = t("app.name");
  private session: Session | undefined;
  private room: Room | undefined;
  private readonly heading = h("h1", { tabindex: "-1" });
  private readonly facts = h("p", { class: "facts" });
  private readonly notice = h("div", { class: "notices" });
  private readonly over = emptyPlace(t("room.ended"), t("room.ended.text"));
  private readonly status = new Status();
  private readonly stage = new StageView((seat) => this.session?.level(seat) ?? silence);
  private readonly audience = new Audience(() => this.loudest());
  private readonly panel = new Panel();
  private readonly invitation = new Invitation();
  private readonly dock = new Dock({
    listen: () => this.listen(), startRoom: () => void this.start(), raiseHand: () => void this.raiseHand(),
    answerInvite: () => this.invitation.open(), moderate: () => this.panel.open(), tell: (text) => this.app.notices.show(text),
  });
  private readonly end = button({ kind: "plain", label: t("room.end") }, () => void this.endRoom());
  private names = new Map<number, string>();
  private spoken = "";
  private poll = 0;
  private frame = 0;
  private readonly clock: number;

  constructor(private readonly app: App, private readonly id: string) {
    const share = h("button", { type: "button", class: "button round small", "aria-label": t("room.share"), title: t("room.share"), onclick: () => void this.share() }, icon("share"));
    this.end.classList.add("end");
    this.end.hidden = true;
    this.element = h("div", { class: "page room" }, innerHeader(this.status.element, share),
      h("main", { id: "content" }, this.heading, this.facts, this.notice,
        h("div", { class: "house" }, this.stage.element, this.audience.element), this.over, this.end),
      this.dock.element);
    const session = app.entered(id);
    if (session) this.attach(session);
    else void this.look();
    this.clock = setInterval(() => this.draw(), drawMS);
  }

  close(): void {
    clearTimeout(this.poll);
    clearInterval(this.clock);
    this.stage.close();
    this.audience.close();
    this.panel.remove();
    this.invitation.remove();
    cancelAnimationFrame(this.frame);
    this.session?.leave();
  }

  private attach(session: Session): void {
    clearTimeout(this.poll);
    this.session = session;
    this.room = session.room;
    session.events = {
      changed: () => this.soon(),
      stage: (change) => this.changed(change),
      news: (news) => this.tellMe(news),
      fault: (code) => this.app.notices.show(sentence(code)),
    };
    this.draw();
  }

  /** Who has not come in sees the room as the API tells it. */
  private async look(): Promise<void> {
    try {
      this.room = await this.app.client.room(this.id);
      if (!this.session) this.draw();
    } catch (fault) {
      if (codeOf(fault) === "not_found" || codeOf(fault) === "invalid") return this.drawMissing(codeOf(fault));
      this.app.notices.show(sentence(codeOf(fault)));
    }
    this.poll = setTimeout(() => { if (!this.session) void this.look(); }, pollMS);
  }

  private listen(): void {
    if (!this.room) return;
    this.session?.leave();
    const session = this.app.enter(this.room);
    this.attach(session);
    void session.listen();
  }

  private async start(): Promise<void> {
    try {
      this.room = await this.app.client.startRoom(this.id, await this.app.account.token());
      this.listen();
      void this.session?.takeStage();
    } catch (fault) {
      this.app.notices.show(sentence(codeOf(fault)));
    }
  }

  /** Many changes at once are drawn once. A page in the background draws by its clock. */
  private soon(): void {
    if (this.frame || document.hidden) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { session } = this;
    const room = session?.room ?? this.room;
    if (!room) return;
    const stage = session && session.listener.stage.state !== "unknown" ? session.listener.stage : undefined;
    const state = stage?.state === "ended" ? "ended" : room.state;
    const seats = state === "ended" ? [] : stage && session ? session.seats : room.speakers;
    const me = this.app.account.user?.id;
    const title = stage?.title || room.title;
    if (this.title !== title) document.title = this.title = title;
    setText(this.heading, title);
    this.heading.lang = room.language || "en";
    this.heading.classList.toggle("long", title.length > longTitle);
    setText(this.facts, facts(room.host.name, stage?.listeners ?? 0, state));
    this.paint(room.host.name);
    this.stage.element.hidden = state !== "live";
    this.over.hidden = state !== "ended";
    this.stage.show(seats, me);
    this.audience.element.classList.toggle("gone", state !== "live");
    this.audience.show(stage?.listeners ?? 0, session?.place === "listening");
    this.names = new Map(seats.map((seat) => [seat.seat, seat.name]));
    this.status.show(session, state as Room["state"]);
    this.dock.show(session, { live: state === "live", over: state === "ended", mine: room.host.id === me }, this.app.capability.speak);
    this.panel.show(session);
    this.invitation.show(session);
    this.end.hidden = room.host.id !== me || state !== "live" || !session;
    this.drawNotice(state);
    this.speak();
  }

  private loudest(): number {
    return Math.min(silence, ...[...this.names.keys()].map((seat) => this.session?.level(seat) ?? silence));
  }

  private paint(host: string): void {
    const { sky, sun } = paletteOf(host);
    this.element.style.setProperty("--voice", sky);
    this.element.style.setProperty("--voice-light", sun);
  }

  private drawNotice(state: string): void {
    const lines: string[] = [];
    if (state === "scheduled") lines.push(t("room.scheduled"));
    const { session } = this;
    if (session?.place === "stage" && session.turn.held) lines.push(t("speak.held.text"));
    if (session?.place === "stopped" && session.stopCode !== "ended") lines.push(sentence(session.stopCode));
    const missing = this.app.capability.missing[0];
    if (missing && state === "live") lines.push(t(`missing.${missing}`));
    const ogg = missing && session ? session.ogg : "";
    const key = lines.join("\n") + (ogg && "ogg");
    if (this.notice.dataset["of"] === key) return;
    this.notice.dataset["of"] = key;
    this.notice.replaceChildren(...lines.map((line) => h("p", { class: "notice" }, line)));
    if (ogg) this.notice.lastElementChild?.append(" ", h("a", { href: ogg }, t("missing.ogg")));
  }

  private drawMissing(code: string): void {
    setText(this.heading, sentence(code));
    this.dock.show(undefined, { live: false, over: true, mine: false }, false);
  }

  /** Says how one's own place has changed; people who see have the status line. */
  private speak(): void {
    const { session } = this;
    const what = sayOf(session);
    if (what === this.spoken) return;
    this.spoken = what;
    if (what) this.app.notices.say(t(what as Code));
  }

  private changed(change: StageChange): void {
    const text = this.tell(change);
    this.soon();
    if (text) this.app.notices.say(text);
  }

  /** What stands on the page for a while anyway is only said. */
  private tellMe(news: News): void {
    const text = t(`news.${news}` as Code);
    if (!["invited", "held", "removed"].includes(news)) return this.app.notices.show(text);
    this.app.notices.hide();
    this.app.notices.say(text);
  }

  private tell(change: StageChange): string {
    switch (change.kind) {
      case "seated": return t("say.seated", { name: change.seat.name });
      case "unseated":
      case "muted":
      case "unmuted": {
        const mine = this.session?.seats.find((seat) => seat.seat === change.seat)?.user === this.session?.myID;
        if (mine) return "";
        return t(`say.${change.kind}`, { name: this.names.get(change.seat) ?? "" });
      }
      default: return "";
    }
  }

  private async raiseHand(): Promise<void> {
    const { session } = this;
    try {
      await this.app.account.token(); // who raises a hand has a name
    } catch (fault) {
      if (codeOf(fault) !== "unnamed") this.app.notices.show(sentence(codeOf(fault)));
      return;
    }
    const note = await askNote();
    if (note !== undefined) await session?.raiseHand(note);
  }

  private async endRoom(): Promise<void> {
    if (await confirm(t("room.end.title"), t("room.end.text"), t("room.end.confirm"))) await this.session?.end();
  }

  private async share(): Promise<void> {
    const url = location.href;
    try {
      if (navigator.share) return await navigator.share({ title: this.title, url });
      await navigator.clipboard.writeText(url);
      this.app.notices.show(t("room.shared"));
    } catch (cause) {
      if ((cause as DOMException).name !== "AbortError") this.app.notices.show(t("room.share.fallback"));
    }
  }
}

function facts(host: string, listeners: number, state: string): string {
  const hosted = t("room.host", { name: host });
  return listeners > 0 && state === "live" ? `${hosted} · ${counted("room.listening", listeners)}` : hosted;
}

function sayOf(session: Session | undefined): string {
  if (!session) return "";
  if (session.listener.stage.state === "ended") return "room.ended";
  if (session.place === "stage") return session.turn.state === "retrying" ? "say.retrying" : session.turn.muted ? "say.me.muted" : "say.stage";
  if (session.place === "paused") return "say.paused";
  if (session.place !== "listening") return "";
  return session.connection === "retrying" ? "say.retrying" : session.connection === "live" ? "say.live" : "";
}
