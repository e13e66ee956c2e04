import { svg } from "./dom";

// Drawn on 24 x 24 with a line of 2.
const paths = {
  back: ["M15 5l-7 7 7 7"],
  share: ["M12 15V4", "M7.5 8.5L12 4l4.5 4.5", "M5 13v5a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-5"],
  headphones: ["M4 15v-2a8 8 0 0 1 16 0v2", "M4 15.5A1.5 1.5 0 0 1 5.5 14H7v6H5.5A1.5 1.5 0 0 1 4 18.5z", "M20 15.5a1.5 1.5 0 0 0-1.5-1.5H17v6h1.5a1.5 1.5 0 0 0 1.5-1.5z"],
  microphone: ["M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z", "M5.5 11a6.5 6.5 0 0 0 13 0", "M12 17.5V21"],
  muted: ["M9 9V6a3 3 0 0 1 6 0v5c0 .3 0 .5-.1.8", "M5.5 11a6.5 6.5 0 0 0 9.7 5.7", "M18.5 11c0 1-.2 2-.7 2.9", "M12 17.5V21", "M4 4l16 16"],
  pause: ["M8.5 6v12", "M15.5 6v12"],
  play: ["M8 5.5v13l10.5-6.5z"],
  leave: ["M14 4H7a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h7", "M10.5 12H20", "M16.5 8.5L20 12l-3.5 3.5"],
  plus: ["M12 5v14", "M5 12h14"],
  crown: ["M4 17.5l-1-9 5 3.5 4-6.5 4 6.5 5-3.5-1 9z"],
  hand: ["M7 12.5V6.8a1.5 1.5 0 0 1 3 0V11", "M10 11V4.8a1.5 1.5 0 0 1 3 0V11", "M13 11V5.8a1.5 1.5 0 0 1 3 0v6.4", "M16 9.3a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 7c-2.7 0-4.3-1.1-5.6-3.3l-2.2-3.9a1.5 1.5 0 0 1 2.5-1.6L7 12.5z"],
  shield: ["M12 3.5l7 2.5v5.5c0 4.3-2.9 7.4-7 9-4.1-1.6-7-4.7-7-9V6z", "M9 12l2.2 2.2L15.2 10"],
  more: ["M6 12h.01", "M12 12h.01", "M18 12h.01"],
  close: ["M6.5 6.5l11 11", "M17.5 6.5l-11 11"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  stop: ["M7 7h10v10H7z"],
} as const;

export type IconName = keyof typeof paths;

/** A picture beside a text or in a labelled button: nothing for a screen reader. */
export function icon(name: IconName): SVGElement {
  const lines = paths[name].map((d) => svg("path", { d }));
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, ...lines);
}
