// Makes foreign text safe to show and cuts it to a medium's limits. It decides nothing about what
// is said, and knows no medium: each one brings its own escaping (HTML's is here, for many use it).

// Colours and cursor movements that programs print for a terminal (ECMA-48, CSI and OSC).
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the point.
const terminalSequence = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

// Controls but tab and line feed; the overrides and isolates that reorder a line on the screen
// (Unicode annex 9; the "Trojan Source" characters); halves of surrogate pairs.
const unsafe =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are the point.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

// What rings everybody's phone: in Discord as plain text, in Mattermost and Rocket.Chat (which
// take Slack messages) too. Discord also finds the first two at the start of a longer word.
const broadMention = /@(?=everyone|here|(?:all|channel)\b)/gi;

// Three backticks open or end a block of code in most media, and cannot be escaped inside one.
const fence = /`(?=``)/g;

/** An invisible mark between two characters, so that they no longer mean something together. */
const wedge = "\u200b";

/** Foreign text of several lines: what a medium might act on is visible, gone or broken up. */
export function toBlock(value: string): string {
  return value
    .replace(terminalSequence, "")
    .replace(/\r\n?|[\u2028\u2029]/g, "\n")
    .replace(unsafe, "\ufffd")
    .replace(broadMention, `@${wedge}`)
    .replace(fence, `\`${wedge}`)
    .trimEnd();
}

/** The same on one line. */
export function toLine(value: string): string {
  return toBlock(value).replace(/\s+/g, " ").trim();
}

// `"` becomes `&quot;` in HTML: no escaping here makes a character longer than this.
const growthMax = 6;

/**
 * The escaped text, cut so that it ends with "…" where it would be longer than `max`. Neither a
 * character nor an escape is ever cut in half. Lengths are UTF-16 units, which is never less than
 * what a vendor counts, whether that is code points or units.
 *
 *     cut("a & b & c", 9, escapeHtml) === "a &amp; …"
 */
export function cut(
  value: string,
  max: number,
  toMarkup: (part: string) => string = (part) => part,
): string {
  if (value.length <= max) {
    const whole = toMarkup(value);
    if (whole.length <= max) return whole;
  }
  for (let end = Math.min(value.length, max - 1); end > 0; ) {
    const part = `${toMarkup(value.slice(0, endOfCharacter(value, end)))}…`;
    const excess = part.length - max;
    if (excess <= 0) return part;
    end -= Math.ceil(excess / growthMax);
  }
  return "…";
}

function endOfCharacter(value: string, end: number): number {
  return /[\ud800-\udbff]/.test(value.charAt(end - 1)) ? end - 1 : end;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
