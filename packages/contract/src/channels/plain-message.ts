// The whole story in plain lines, for services that know no layout: what happened, the facts, the
// link, and as much of the output as there is room for. It must never be longer than it may.
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
  const heading = "\n\nOutput:\n";
  const room = max - ruler.sizeOf(said) - ruler.sizeOf(heading);
  if (summary.output === null || room < outputMin) return said;
  return `${said}${heading}${ruler.cutTo(summary.output, room)}`;
}
