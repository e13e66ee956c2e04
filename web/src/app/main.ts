import { capability, Client } from "../sdk";
import type { Room } from "../sdk";
import { t } from "../text/text";
import { Account } from "./account";
import { Notices } from "./announce";
import { h } from "./dom";
import { clearMediaSession, showMediaSession } from "./media_session";
import type { App, Page } from "./pages/page";
import { newRoomPage } from "./pages/new_room";
import { RoomPage } from "./pages/room";
import { roomsPage } from "./pages/rooms";
import { askName } from "./parts/dialog";
import { parseRoute } from "./route";
import { Session } from "./session";

declare global {
  interface Window {
    /** For tests and the curious. */
    rostrum: {
      readonly stats: Session["listener"]["stats"] | undefined;
      readonly crossings: Session["turn"]["crossings"] | undefined;
    };
  }
}

const client = new Client(location.origin);
const account = new Account(client, askName);
let session: Session | undefined;
let page: Page | undefined;

const app: App = {
  client, account, notices: new Notices(), capability: capability(),
  enter: (room: Room) => {
    session?.leave();
    session = new Session(client, account, room, app.capability.batches);
    showMediaSession(session);
    return session;
  },
  entered: (room) => (session?.room.id === room && !session.over ? session : undefined),
};

function show(first: boolean): void {
  const route = parseRoute(location.hash);
  page?.close();
  if (route.page !== "room") clearMediaSession();
  page = route.page === "room" ? new RoomPage(app, route.room) : route.page === "new" ? newRoomPage(app) : roomsPage(app);
  document.title = page.title;
  frame.replaceChildren(page.element);
  scrollTo(0, 0);
  // Who goes on by keyboard or by ear starts at the new page's heading.
  if (!first) page.element.querySelector("h1")?.focus({ preventScroll: true });
}

const frame = h("div", { class: "frame" });
const skip = h("a", {
  class: "skip", href: "#content", onclick: (event: Event) => {
    event.preventDefault(); // the address belongs to the route
    page?.element.querySelector("h1")?.focus();
  },
}, t("app.skip"));
document.body.prepend(skip, frame);
window.rostrum = {
  get stats() { return session?.listener.stats; },
  get crossings() { return session?.turn.crossings; },
};
addEventListener("hashchange", () => show(false));
document.addEventListener("visibilitychange", () => { if (!document.hidden) session?.listener.wake(); });
addEventListener("pagehide", () => session?.leave());
addEventListener("pageshow", (event) => { if (event.persisted) show(false); });
show(true);
