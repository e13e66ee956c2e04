import { svg } from "./dom";

/** The colours of one person: sky above, ground below, and a sun. White letters are readable on all of them. */
export interface Palette {
  sky: string;
  ground: string;
  sun: string;
}

const palettes: Palette[] = [
  { sky: "#d8643f", ground: "#7a2747", sun: "#f6b26b" }, // ember
  { sky: "#3f7f8c", ground: "#1d3f63", sun: "#8fd0c0" }, // lagoon
  { sky: "#8a5aa8", ground: "#3c2768", sun: "#e39bb8" }, // heather
  { sky: "#5c8a4c", ground: "#1f4f4a", sun: "#d3cf78" }, // orchard
  { sky: "#c2557c", ground: "#5f2268", sun: "#f7a994" }, // peony
  { sky: "#4a71b5", ground: "#2b2f73", sun: "#9fc4ee" }, // harbour
  { sky: "#b07a2e", ground: "#6b3524", sun: "#f2cf7a" }, // honey
  { sky: "#43876b", ground: "#1b4557", sun: "#a9dca0" }, // fern
  { sky: "#b5524c", ground: "#4d2356", sun: "#f0a37a" }, // brick
  { sky: "#6b6bb8", ground: "#2d2a5c", sun: "#d5a8e6" }, // dusk
];

/** FNV-1a: the same name has the same colours everywhere. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text.normalize("NFC"))) sum = Math.imul(sum ^ byte, 0x01000193) >>> 0;
  return (sum ^ (sum >>> 15)) >>> 0;
}

export function paletteOf(name: string): Palette {
  return palettes[hash(name) % palettes.length]!;
}

/** Palettes for people who stand together: each a name's own, or the next one that nobody before it has. */
export function palettesOf(names: string[]): Palette[] {
  const taken = new Set<Palette>();
  return names.map((name) => {
    const own = palettes.indexOf(paletteOf(name));
    let chosen = palettes[own]!;
    for (let i = 0; i < palettes.length && taken.has(chosen); i++) chosen = palettes[(own + 3 * i) % palettes.length]!;
    taken.add(chosen);
    return chosen;
  });
}

/** The first letters of a name's first and last word, as people count letters. */
export function initials(name: string): string {
  const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const words = name.trim().split(/\s+/).filter((word) => word !== "");
  const chosen = words.length > 1 ? [words[0]!, words[words.length - 1]!] : words;
  return chosen.map((word) => [...segmenter.segment(word)][0]?.segment ?? "").join("").toLocaleUpperCase();
}

let drawn = 0;

/** A small evening landscape made from a name, with the initials before it. */
export function avatar(name: string, { sky, ground, sun } = paletteOf(name)): SVGElement {
  const seed = hash(name + "\0");
  const pick = (shift: number, from: number, to: number) => from + (((seed >>> shift) & 31) / 31) * (to - from);
  const id = `avatar${drawn++}`;
  const hill = (base: number, bend: number) =>
    `M0 ${base}C${25 + bend} ${base - 16} ${40 + bend} ${base + 12} 62 ${base - 3}S90 ${base - 12} 100 ${base - 5}V100H0Z`;
  return svg("svg", { viewBox: "0 0 100 100", class: "avatar", "aria-hidden": "true", focusable: "false" },
    svg("defs", {},
      svg("linearGradient", { id: `${id}s`, x1: 0.2, y1: 0, x2: 0.6, y2: 1 },
        svg("stop", { offset: 0, "stop-color": sky }), svg("stop", { offset: 1, "stop-color": ground })),
      svg("radialGradient", { id: `${id}g` },
        svg("stop", { offset: 0, "stop-color": sun, "stop-opacity": 0.95 }),
        svg("stop", { offset: 0.42, "stop-color": sun, "stop-opacity": 0.75 }),
        svg("stop", { offset: 0.46, "stop-color": sun, "stop-opacity": 0.28 }),
        svg("stop", { offset: 1, "stop-color": sun, "stop-opacity": 0 })),
      svg("clipPath", { id: `${id}c` }, svg("circle", { cx: 50, cy: 50, r: 50 }))),
    svg("g", { "clip-path": `url(#${id}c)` },
      svg("rect", { width: 100, height: 100, fill: `url(#${id}s)` }),
      svg("circle", { cx: pick(0, 18, 82), cy: pick(5, 20, 34), r: pick(10, 34, 44), fill: `url(#${id}g)` }),
      svg("path", { d: hill(pick(15, 64, 74), pick(20, -14, 14)), fill: ground, opacity: 0.55 }),
      svg("path", { d: hill(pick(25, 80, 88), pick(8, -20, 20)), fill: ground, opacity: 0.85 })),
    svg("text", { x: 50, y: 51, "text-anchor": "middle", "dominant-baseline": "central", class: "initials" }, initials(name)));
}
