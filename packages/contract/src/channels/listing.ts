// A list cut to a medium's room: as many lines as fit, and how many more there are. A line is never
// cut in half, and none is left out silently.
import { symbols } from "./phrase.ts";
import { toPlain } from "./plain-text.ts";
import type { Listing, Tone } from "./summary.ts";

interface Medium {
  /** What a line begins with, in markup. Default: a sign for the outcome. */
  readonly toSign?: (tone: Tone) => string;
  readonly toMarkup?: (line: string) => string;
  readonly sizeOf?: (text: string) => number;
  /** What stands between two lines. */
  readonly joint?: string;
}

/** The lines in the medium's markup, at most `max` long once they are joined. None may fit. */
export function fitLines(
  { lines, total }: Listing,
  max: number,
  {
    toSign = toSymbol,
    toMarkup = toPlain,
    sizeOf = (text) => text.length,
    joint = "\n",
  }: Medium = {},
): readonly string[] {
  let fitting: readonly string[] = [];
  const said: string[] = [];
  let more = total;
  for (const { tone, text, standsFor } of lines) {
    said.push(`${toSign(tone)}${toMarkup(text)}`);
    more -= standsFor;
    if (sizeOf(said.join(joint)) > max) break;
    // With the last line the count goes, so a longer list may fit where a shorter one does not.
    const candidate = more > 0 ? [...said, `and ${more} more`] : [...said];
    if (sizeOf(candidate.join(joint)) <= max) fitting = candidate;
  }
  return fitting;
}

function toSymbol(tone: Tone): string {
  return `${symbols[tone]} `;
}

/** The same as one text. */
export function fitList(listing: Listing, max: number, medium: Medium = {}): string {
  return fitLines(listing, max, medium).join(medium.joint ?? "\n");
}

/** What a list is of. */
export const listHeading = "Notifications";
