import { t } from "../../text/text";
import type { Seat } from "../../sdk";
import { palettesOf } from "../avatar";
import { arrange, h } from "../dom";
import { Rings } from "../rings";
import { SeatTile } from "./seat";

/** StageView draws the seats of a room and moves their rings. */
export class StageView {
  readonly element: HTMLElement;
  private readonly list = h("ul", { class: "stage", role: "list" });
  private readonly empty = h("p", { class: "quiet" }, t("room.stage.empty"));
  private readonly tiles = new Map<string, SeatTile>();
  private readonly rings = new Rings();

  /** `level` answers -dBov of a seat as it is heard now. */
  constructor(private readonly level: (seat: number) => number) {
    this.element = h("section", { "aria-label": t("room.stage") }, this.list, this.empty);
  }

  show(seats: Seat[], me: string | undefined): void {
    const kept = new Set<string>();
    const palettes = palettesOf(seats.map((seat) => seat.name));
    const order = seats.map((seat, i) => {
      const key = `${seat.seat} ${seat.user}`;
      kept.add(key);
      const tile = this.tiles.get(key) ?? this.seat(key, seat.seat);
      tile.show(seat, seat.user === me, palettes[i]!);
      return tile.element;
    });
    for (const [key, tile] of this.tiles) {
      if (kept.has(key)) continue;
      this.rings.remove(tile);
      this.tiles.delete(key);
    }
    arrange(this.list, order);
    this.list.dataset["size"] = seats.length <= 2 ? "few" : seats.length <= 6 ? "some" : "many";
    this.list.hidden = seats.length === 0;
    this.empty.hidden = seats.length > 0;
  }

  close(): void {
    this.rings.close();
  }

  private seat(key: string, number: number): SeatTile {
    const tile = new SeatTile(() => this.level(number));
    this.tiles.set(key, tile);
    this.rings.add(tile);
    return tile;
  }
}
