// How a service counts the length of a text, and how text is cut to it: in characters, or in bytes
// of the JSON that it arrives in. Every text that it cuts is made plain first.
import { toPlain } from "./plain-text.ts";
import { cut } from "./text.ts";

export interface Ruler {
  sizeOf(text: string): number;
  /** Ends with "…" where the text would be longer. */
  cutTo(text: string, max: number): string;
}

/** UTF-16 units: never less than a service counts, whether that is code points or units. */
export const characters: Ruler = {
  sizeOf: (text) => text.length,
  cutTo: (text, max) => cut(text, max, toPlain),
};

/**
 * UTF-8 bytes of the text as a JSON string without its quotes: never less than the bytes of the
 * text itself, so it keeps limits on either.
 */
export const jsonBytes: Ruler = {
  sizeOf: countJsonBytes,
  cutTo: (text, max) => cutToJsonBytes(text, max, toPlain),
};

const encoder = new TextEncoder();

function countJsonBytes(text: string): number {
  return encoder.encode(JSON.stringify(text)).length - 2;
}

/** The markup, cut as `cut` does it but measured in bytes of JSON. */
export function cutToJsonBytes(
  value: string,
  max: number,
  toMarkup: (part: string) => string,
): string {
  // No unit is less than a byte, so more than `max` of them never fit.
  if (value.length <= max) {
    const whole = toMarkup(value);
    if (countJsonBytes(whole) <= max) return whole;
  }
  const partOf = (units: number) => toMarkup(cut(value, units));
  let [fitting, tooMany] = [0, Math.min(value.length, max + 1)];
  while (tooMany - fitting > 1) {
    const units = Math.floor((fitting + tooMany) / 2);
    if (countJsonBytes(partOf(units)) <= max) fitting = units;
    else tooMany = units;
  }
  return partOf(fitting);
}
