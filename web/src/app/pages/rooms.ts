import { counted, sentence, t } from "../../text/text";
import { codeOf } from "../../sdk";
import type { Room } from "../../sdk";
import { arrange, h, setText } from "../dom";
import { icon } from "../icon";
import { emptyPlace } from "../parts/empty";
import { frontHeader } from "../parts/header";
import { roomCardView } from "../parts/room_card";
import { hashOf } from "../route";
import type { App, Page } from "./page";

const refreshMS = 4000;
const mostPages = 5;

/** The front page: which rooms are live. */
export function roomsPage(app: App): Page {
  const cards = new Map<string, { drawn: string; element: HTMLLIElement }>();
  const list = h("ul", { class: "cards", role: "list", "aria-label": t("rooms.list") });
  const status = h("p", { class: "quiet", role: "status" }, t("rooms.loading"));
  const more = h("button", { type: "button", class: "button plain more", hidden: true, onclick: () => { pages++; void refresh(); } }, t("rooms.more"));
  const empty = emptyPlace(t("rooms.empty.title"), t("rooms.empty.text"));
  const head = h("div", {});
  const drawHead = () => head.replaceChildren(frontHeader(app.account.user?.name, () => {
    void app.account.rename().then(drawHead, (fault: unknown) => app.notices.show(sentence(codeOf(fault))));
  }));
  drawHead();
  let pages = 1;
  let closed = false;
  let told = -1;
  let timer = 0;

  const draw = (rooms: Room[]) => {
    arrange(list, rooms.map((room) => {
      const drawn = JSON.stringify([room.title, room.host.name, room.speakers.map((seat) => seat.name)]);
      const known = cards.get(room.id);
      if (known?.drawn === drawn) return known.element;
      const element = roomCardView(room, (chosen) => void app.enter(chosen).listen());
      if (known?.element.contains(document.activeElement)) queueMicrotask(() => element.querySelector("a")?.focus());
      cards.set(room.id, { drawn, element });
      return element;
    }));
    for (const id of cards.keys()) if (!rooms.some((room) => room.id === id)) cards.delete(id);
    list.hidden = rooms.length === 0;
    empty.hidden = rooms.length > 0;
    if (told !== rooms.length) app.notices.say(counted("say.rooms", rooms.length));
    told = rooms.length;
  };

  const refresh = async () => {
    clearTimeout(timer);
    try {
      const rooms: Room[] = [];
      let cursor = "";
      for (let page = 0; page < Math.min(pages, mostPages); page++) {
        const answer = await app.client.rooms(cursor);
        rooms.push(...answer.rooms);
        cursor = answer.next_cursor;
        if (cursor === "") break;
      }
      if (closed) return;
      more.hidden = cursor === "" || pages >= mostPages;
      setText(status, "");
      draw(rooms);
    } catch (fault) {
      if (!closed) setText(status, sentence(codeOf(fault)));
    }
    if (!closed) timer = setTimeout(() => void refresh(), document.hidden ? refreshMS * 5 : refreshMS);
  };
  void refresh();

  const element = h("div", { class: "page" }, head,
    h("main", { id: "content" },
      h("h1", { tabindex: "-1" }, t("rooms.title")),
      h("p", { class: "lead" }, t("rooms.lead")),
      list, status, empty, more),
    h("nav", { class: "dock", "aria-label": t("rooms.start") },
      h("a", { class: "button primary wide", href: hashOf({ page: "new" }) }, icon("plus"), h("span", {}, t("rooms.start")))));
  return {
    element, title: t("app.name"),
    close: () => { closed = true; clearTimeout(timer); },
  };
}
