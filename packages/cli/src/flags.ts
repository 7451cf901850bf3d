// Readers of flag values: each takes text as typed and gives a value or refuses with a sentence.
import { InvalidArgumentError } from "commander";
import { parseInstant } from "./moments.ts";

/** A whole number; its bounds are the API's business. */
export function wholeNumber(text: string): number {
  if (!/^-?\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError("It must be 1 or more.");
  return value;
}

/** Numbers as "200,201", repeatable; "none" is the empty list. */
export function numberList(text: string, before: readonly number[] = []): readonly number[] {
  if (text === "none") return before;
  return [...before, ...text.split(",").map((part) => wholeNumber(part.trim()))];
}

/** Texts, repeatable. */
export function textList(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** "name: value" as in HTTP, repeatable. A later one of the same name replaces the earlier. */
export function textRecord(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const colon = text.indexOf(":");
  if (colon < 1) throw new InvalidArgumentError("It must look like `name: value`.");
  return { ...before, [text.slice(0, colon).trim()]: text.slice(colon + 1).trim() };
}

/** "channel:event". Names may hold colons, events do not: the last one divides. */
export function splitAtLastColon(text: string): readonly [string, string] | undefined {
  const colon = text.lastIndexOf(":");
  if (colon < 1 || colon === text.length - 1) return undefined;
  return [text.slice(0, colon), text.slice(colon + 1)];
}

/** An instant in the past (`2h` is two hours ago) or ahead (`10m` is in ten minutes). */
export function instantFlag(now: () => Date, direction: "past" | "future") {
  return (text: string): string => {
    const instant = parseInstant(text, now(), direction);
    if (instant !== undefined) return instant;
    throw new InvalidArgumentError(
      "It must be a date and time (2026-11-24T10:00:00Z; without a zone: local), a date, " +
        `or a length like 90s, 30m, 2h, 7d (${direction === "past" ? "ago" : "from now"}).`,
    );
  };
}
