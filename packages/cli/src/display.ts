// Text as a terminal may show it: neutralised, measured in columns, cut to a width.
// Whatever a server or a stranger's endpoint says passes here before it reaches a terminal.

// Control characters (escape sequences begin with one), format characters (right-to-left overrides
// and zero-width ones), line and paragraph separators, half surrogate pairs. The joiners U+200C and
// U+200D stay: words of several scripts and emoji are made with them, and they move nothing.
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of plain text: what could move the cursor or turn the text around is shown escaped. */
export function neutralise(text: string): string {
  return text.replace(unsafe, escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return shortEscapes[character] ?? (code < 256 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
}

/** JSON that means the same, with nothing in it that a terminal would obey. */
export function toSafeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(/[^\n\x20-\x7e]/gu, (character) =>
    neutralise(character) === character ? character : toJsonEscapes(character),
  );
}

function toJsonEscapes(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }).join("");
}

/** The lines of a text, each neutralised; tabs become blanks. */
export function toLines(text: string): string[] {
  return text
    .replace(/\r\n/g, "\n")
    .split("\n")
    .map((line) => neutralise(line.replaceAll("\t", "    ")));
}

// The East Asian Wide and Fullwidth blocks of Unicode's EastAsianWidth.txt, joined over small gaps.
const wideBlocks =
  "\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff" +
  "\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6\\u{20000}-\\u{3fffd}";
// U+FE0F asks for the picture of a character, which is wide.
const wide = new RegExp(`[${wideBlocks}]|\\p{Emoji_Presentation}|\\ufe0f`, "u");
const invisible = /^[\p{Mn}\p{Me}\u200c\u200d]+$/u;
const printableAscii = /^[\x20-\x7e]*$/;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for characters. */
function toGraphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many columns neutralised text takes. */
export function widthOf(text: string): number {
  if (printableAscii.test(text)) return text.length;
  return toGraphemes(text).reduce((sum, grapheme) => sum + widthOfGrapheme(grapheme), 0);
}

function widthOfGrapheme(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** Text of at most `width` columns; what was cut off is marked with an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width <= 0) return "";
  let kept = "";
  let used = 0;
  for (const grapheme of printableAscii.test(text) ? text : toGraphemes(text)) {
    used += widthOfGrapheme(grapheme);
    if (used > width - 1) break;
    kept += grapheme;
  }
  return `${kept}…`;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
