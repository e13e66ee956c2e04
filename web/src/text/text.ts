import { en } from "./en";

export type Code = keyof typeof en;
type Counted<C> = C extends `${infer Stem}.other` ? Stem : never;
export type CountedCode = Counted<Code>;
export type Parameters = Record<string, string | number>;

const language = "en";
const plural = new Intl.PluralRules(language);
const ordinals = new Intl.PluralRules(language, { type: "ordinal" });
const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const list = new Intl.ListFormat(language, { type: "conjunction" });

/** The text of a code with its parameters filled in. */
export function t(code: Code, parameters: Parameters = {}): string {
  return en[code].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name] ?? "";
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/** The text of a code in the form that a number wants. */
export function counted(code: CountedCode, count: number): string {
  const form = plural.select(count) === "one" ? "one" : "other";
  return t(`${code}.${form}` as Code, { count });
}

/** "7th". */
export function ordinal(place: number): string {
  return t(`ordinal.${ordinals.select(place)}` as Code, { place });
}

/** The sentence for a fault code. A code that is not known reads like an internal fault. */
export function sentence(fault: string): string {
  const code = `error.${fault}`;
  return t(code in en ? code as Code : "error.internal");
}

/** "Ada, Ben and Cleo". */
export function conjunction(names: string[]): string {
  return list.format(names);
}
