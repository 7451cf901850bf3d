// The whole story in plain lines, for services that know no layout: what happened, the facts, the
// link, and as much of the output or of the list as there is room for. It must never be longer than
// it may.
import { fitList, listHeading } from "./listing.ts";
import type { Ruler } from "./ruler.ts";
import type { Summary } from "./summary.ts";

// Ours: with less room than this, an output says nothing.
const outputMin = 60;

interface Room {
  /** What the service takes, in the ruler's unit. */
  readonly max: number;
  /** What the story may take of it; about 300 are facts, and up to 1,000 the link. */
  readonly lead: number;
  readonly ruler: Ruler;
  /** False where the link has a place of its own. */
  readonly hasLink: boolean;
}

export function toPlainMessage(summary: Summary, { max, lead, ruler, hasLink }: Room): string {
  const facts = summary.facts.map(({ label, value }) => `${label}: ${value}`);
  const link = hasLink && summary.link !== null ? ["", summary.link] : [];
  const said = [ruler.cutTo(summary.lead, lead), "", ...facts, ...link].join("\n");
  const heading = `\n\n${summary.list === null ? "Output" : listHeading}:\n`;
  const room = max - ruler.sizeOf(said) - ruler.sizeOf(heading);
  const rest = restOf(summary, room, ruler);
  return rest === "" ? said : `${said}${heading}${rest}`;
}

function restOf({ output, list }: Summary, room: number, ruler: Ruler): string {
  if (list !== null) return fitList(list, room, { sizeOf: ruler.sizeOf });
  return output === null || room < outputMin ? "" : ruler.cutTo(output, room);
}
