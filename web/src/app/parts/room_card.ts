import { conjunction, counted, t } from "../../text/text";
import type { Room } from "../../sdk";
import { avatar, paletteOf, palettesOf } from "../avatar";
import { h } from "../dom";
import { hashOf } from "../route";

const mostFaces = 4;

/** One live room in the list. The whole card is a link; `enter` runs within the tap, so that sound may start. */
export function roomCardView(room: Room, enter: (room: Room) => void): HTMLLIElement {
  const faces = room.speakers.slice(0, mostFaces).map((seat) => seat.name);
  const palettes = palettesOf(faces);
  const { sky, sun } = paletteOf(room.host.name);
  const card = h("li", { class: "card" },
    h("a", { href: hashOf({ page: "room", room: room.id }), onclick: (event: MouseEvent) => plain(event) && enter(room) },
      h("span", { class: "card-state" },
        h("span", { class: "live" }, bars(), t("card.live")),
        room.speakers.length > 0 && h("span", {}, counted("card.stage", room.speakers.length))),
      h("h2", { lang: room.language || undefined }, room.title),
      h("span", { class: "faces", "aria-hidden": "true" }, ...faces.map((name, i) => avatar(name, palettes[i]))),
      h("span", { class: "card-names" }, names(room.speakers.map((seat) => seat.name))),
      h("span", { class: "card-host" }, t("card.host", { name: room.host.name }))));
  card.style.setProperty("--voice", sky);
  card.style.setProperty("--voice-light", sun);
  return card;
}

/** Whether a click follows the link here, not in another tab or window. */
function plain(event: MouseEvent): boolean {
  return !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}

function names(all: string[]): string {
  if (all.length === 0) return t("card.nobody");
  if (all.length <= 3) return conjunction(all);
  return t("card.more", { names: all.slice(0, 2).join(", "), count: all.length - 2 });
}

/** Three bars that breathe: somebody is talking. */
export function bars(): HTMLSpanElement {
  return h("span", { class: "bars", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
}
