const wrap = 2 ** 32;

/** A step from the audience to the stage or back, in ms from the tap or the news that began it. For tests and the curious. */
export interface Crossing {
  to: "stage" | "audience";
  /** The microphone was open. */
  microphone_ms?: number;
  /** The stage had given the seat. */
  seated_ms?: number;
  /** Sound could flow both ways. */
  connected_ms?: number;
  /** Another speaker was decoded live. Absent where nobody spoke. */
  first_live_ms?: number;
  /** The new sound had taken the place of the old. */
  replaced_ms?: number;
  /** Nobody spoke, or was heard live, at the change: their silence is in the dip. */
  quiet?: boolean;
  /** Without any sound between the last of the old and the first of the new. Absent where nobody spoke. */
  dip_ms?: number;
  /** Program left out between the two; below 0 where some was heard twice. */
  jump_ms?: number;
}

/** How far media time a is ahead of b, in ticks, where both may have been cut to 32 bits. */
export function ahead(a: number, b: number): number {
  const difference = (((a - b) % wrap) + wrap) % wrap;
  return difference < wrap / 2 ? difference : difference - wrap;
}
