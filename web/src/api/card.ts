import type { RoomCard } from "../listen/message";
import type { Card } from "./types";

/** A card as `join` answers it, in the form of the listen protocol. An edge's card at the same position replaces it. */
export function roomCard(card: Card): RoomCard {
  return {
    kind: "card", room: card.room, title: card.title, state: card.state, seats: card.seats, listeners: 0,
    policy: {
      openStage: card.policy.open_stage, openListening: card.policy.open_listening, handMode: card.policy.hand_mode ?? "open",
    },
    position: card.position, revision: -1, epoch: card.epoch,
  };
}
