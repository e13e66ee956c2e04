import type { Command, Role } from "../sdk";

const rank: Record<Role, number> = { listener: 1, speaker: 2, moderator: 3, host: 4 };

export type Power = Command["do"] & ("mute" | "hold" | "release" | "audience" | "appoint" | "dismiss" | "remove");

/** What one may do with another person on stage (docs/protocol.md section 2.1). Nothing else is offered. */
export function powersOver(mine: Role, theirs: Role): Power[] {
  if (rank[mine] < rank.moderator) return [];
  const powers: Power[] = ["mute"];
  if (rank[theirs] < rank[mine]) powers.push("hold", "release", "audience");
  if (mine === "host" && theirs !== "host") powers.push(theirs === "moderator" ? "dismiss" : "appoint");
  if (rank[theirs] < rank[mine]) powers.push("remove");
  return powers;
}
