// Takes credentials out of what is recorded and shown. Pure.
// It looks for the values themselves, wherever and however written they turn up: headers, bodies,
// error messages. What a stranger has encrypted or cut into pieces it cannot find.
import { hidden } from "@trigrun/contract";

// Shorter values are no credentials, and replacing them would garble the record.
const lengthMin = 4;
// A line of a longer value, such as a private key, counts as a credential from this length on.
const lineLengthMin = 8;
// Longer values are looked for in pieces: a pattern grows with its value, and engines have limits.
const pieceLength = 200;
// A piece whose every character is written in ten; more than the doubled percent signs of a URL.
const endLength = pieceLength * 10;

/** `isCut`: the text was longer, so that its end may be the beginning of a value. */
export type Scrub = (text: string, isCut?: boolean) => string;

/** A function that replaces every given value, however it is written, by what stands for it. */
export function createScrubber(masks: ReadonlyMap<string, string>): Scrub {
  if (masks.size === 0) return (text) => text;
  const values = [...masks]
    .filter(([value]) => value.length >= lengthMin)
    // Longest first: a URL before the token that is part of it.
    .sort(([a], [b]) => b.length - a.length);
  const finders = values.flatMap(([value, mask]) =>
    formsOf(value).map((form) => new Finder(form, mask)),
  );
  if (finders.length === 0) return (text) => text;
  const beginnings = toBeginnings(values);
  return (text, isCut = false) => {
    // Before anything is replaced: what stands for a credential may end in an ellipsis too.
    const shown = hideBeforeEllipses(text, beginnings);
    const around = toAnchorable(shown);
    const whole = finders.reduce((result, finder) => finder.replaceIn(result, around), shown);
    return isCut ? finders.reduce((result, finder) => finder.replaceAtEnd(result), whole) : whole;
  };
}

/** Our own sentences quote what a receiver said and cut it with an ellipsis. */
function hideBeforeEllipses(text: string, beginnings: Beginnings): string {
  const pieces = text.split("…");
  const last = pieces.length - 1;
  return pieces
    .map((piece, index) => (index < last ? hideCutOff(piece, beginnings) : piece))
    .join("…");
}

// Channels whose scrubbers are kept: more are seldom busy at once. One takes 0.2 ms to make, which
// is much beside a message.
const keptMax = 500;

/** `createScrubber` that remembers those it made last. */
export function createScrubbers(): typeof createScrubber {
  const kept = new Map<string, Scrub>();
  return (masks) => {
    const key = JSON.stringify([...masks]);
    const scrub = kept.get(key) ?? createScrubber(masks);
    // Last in the map is last to be forgotten.
    kept.delete(key);
    kept.set(key, scrub);
    for (const oldest of kept.keys()) {
      if (kept.size <= keptMax) break;
      kept.delete(oldest);
    }
    return scrub;
  };
}

/** What a value is looked for as: its characters, and the pattern that finds each of them. */
interface Form {
  readonly characters: readonly string[];
  readonly toPattern: (character: string) => string;
}

/** The value, its lines, and the value in hexadecimal and in base64. */
function formsOf(value: string): Form[] {
  const bytes = Buffer.from(value, "utf8");
  const lines = value.split(/\r?\n/).filter((line) => line.length >= lineLengthMin);
  const plain = [value, bytes.toString("hex"), ...(lines.length > 1 ? lines : [])];
  return [
    ...plain.map((text) => ({ characters: [...text], toPattern })),
    ...inBase64(bytes).map((text) => ({ characters: [...text], toPattern: toBase64Pattern })),
  ];
}

/** The text as anchors are looked for in it: base64 may be broken into lines anywhere. */
function toAnchorable(text: string): string {
  return text.toLowerCase().replace(/[\r\n]+/g, "");
}

/** The longest run of characters that no encoder changes. Without it the piece cannot be there. */
function toAnchor(piece: readonly string[]): string {
  const runs =
    piece
      .join("")
      .toLowerCase()
      .match(/[0-9a-z]+/g) ?? [];
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), "");
}

/** Looks for one form of one value. Patterns are made only when their anchor is in the text. */
class Finder {
  readonly #form: Form;
  readonly #mask: string;
  readonly #pieces: { readonly characters: readonly string[]; readonly anchor: string }[] = [];

  constructor(form: Form, mask: string) {
    const { characters } = form;
    this.#form = form;
    this.#mask = mask;
    for (let at = 0; at < characters.length; at += pieceLength) {
      const piece = characters.slice(at, at + pieceLength);
      if (piece.length < lengthMin) continue;
      this.#pieces.push({ characters: piece, anchor: toAnchor(piece) });
    }
  }

  replaceIn(text: string, around: string): string {
    let result = text;
    for (const { characters, anchor } of this.#pieces) {
      if (!around.includes(anchor)) continue;
      const pattern = new RegExp(characters.map(this.#form.toPattern).join(""), "gi");
      result = result.replace(pattern, () => this.#mask);
    }
    return this.#pieces.length > 1 ? this.#joinMasks(result) : result;
  }

  /** The first characters of a piece, as many as there are, at the end of the text. */
  replaceAtEnd(text: string): string {
    const before = text.slice(0, -endLength);
    let end = text.slice(-endLength);
    for (const { characters } of this.#pieces) {
      const patterns = characters.map(this.#form.toPattern);
      const certain = patterns.slice(0, lengthMin).join("");
      if (!new RegExp(certain, "i").test(end)) continue;
      const others = patterns.slice(lengthMin, -1);
      const optional = others.reduceRight((after, one) => `(?:${one}${after})?`, "");
      // Half a character at the cut was read as U+FFFD.
      end = end.replace(new RegExp(`${certain}${optional}\\ufffd*$`, "i"), () => this.#mask);
    }
    return before + end;
  }

  #joinMasks(text: string): string {
    const twice = this.#mask + this.#mask;
    let result = text;
    while (result.includes(twice)) result = result.replaceAll(twice, this.#mask);
    return result;
  }
}

// Every repetition is bounded: a stranger's text must not make the search slow.
const backslashes = "\\\\{0,8}";

/**
 * One character as encoders of JSON, URLs, forms, HTML and string literals write it, also when two
 * of them worked on it. Letters and digits no encoder changes; upper and lower case are alike.
 */
function toPattern(character: string): string {
  if (/^[0-9A-Za-z]$/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const bytes = [...Buffer.from(character, "utf8")].map((byte) => toHex(byte, 2));
  const forms = [
    `${backslashes}${toLiteral(character)}`,
    toUnits(character)
      .map((unit) => `\\\\{1,8}u${unit}`)
      .join(""),
    bytes.map((byte) => `%(?:25){0,2}${byte}`).join(""),
    bytes.map((byte) => `\\\\{1,8}x${byte}`).join(""),
    `&(?:amp;){0,2}#(?:0{0,4}${code}|x0{0,4}${code.toString(16)});`,
    ...(named.get(character) ?? []),
    ...(code > 0x7f ? toMisread(character) : []),
  ];
  return `(?:${forms.join("|")})`;
}

const named: ReadonlyMap<string, readonly string[]> = new Map([
  [" ", ["\\+"]],
  ["\n", ["\\\\{1,8}n", "\\r\\n"]],
  ["\r", ["\\\\{1,8}r"]],
  ["\t", ["\\\\{1,8}t"]],
  ["&", ["&(?:amp;){1,2}"]],
  ["<", ["&(?:amp;){0,2}lt;"]],
  [">", ["&(?:amp;){0,2}gt;"]],
  ['"', ["&(?:amp;){0,2}quot;"]],
  ["'", ["&(?:amp;){0,2}apos;"]],
]);

/** A header is Latin-1 on the wire, whichever of Latin-1 and UTF-8 a program reads it as. */
function toMisread(character: string): string[] {
  const asLatin1 = Buffer.from(character, "utf8").toString("latin1");
  return [[...asLatin1].map(toLiteral).join(""), "\\ufffd"];
}

function toUnits(character: string): string[] {
  return character.split("").map((unit) => toHex(unit.charCodeAt(0), 4));
}

function toHex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}

function toLiteral(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
}

/**
 * Alone, and as a part of something longer (`user:password`), where what comes before shifts it by
 * none, one or two bytes: of each the characters that the value alone decides.
 */
function inBase64(bytes: Buffer): string[] {
  const shifted = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = Math.ceil((before * 8) / 6);
    return text.slice(first, Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [bytes.toString("base64"), ...shifted];
}

/** In both alphabets, in a URL, and broken into lines. */
function toBase64Pattern(character: string): string {
  const breaks = "[\\r\\n]{0,2}";
  if (character === "+") return `(?:\\+|-|%2b)${breaks}`;
  if (character === "/") return `(?:\\\\{0,8}/|_|%2f)${breaks}`;
  if (character === "=") return `(?:=|%3d)${breaks}`;
  return `${character}${breaks}`;
}

/** What may be found at the end of a text that was cut off. */
interface Beginnings {
  /** The values as they stand in text, in JSON and in a URL. */
  readonly values: readonly string[];
  /** What of them may be shown, whichever part of it. */
  readonly open: readonly string[];
}

function toBeginnings(masks: readonly (readonly [string, string])[]): Beginnings {
  const spell = (text: string) => [
    ...new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)]),
  ];
  return {
    values: masks.flatMap(([value]) => spell(value)),
    open: masks.flatMap(([, mask]) => (mask.endsWith("…") ? spell(mask.slice(0, -1)) : [])),
  };
}

/** Hides the beginning of a credential at the end of a text: the cut took only the rest of it. */
function hideCutOff(text: string, { values, open }: Beginnings): string {
  let from = text.length;
  for (const value of values) {
    const longest = Math.min(value.length - 1, text.length);
    for (let length = longest; length >= lengthMin; length -= 1) {
      const beginning = value.slice(0, length);
      if (!text.endsWith(beginning)) continue;
      if (!open.some((shown) => shown.endsWith(beginning))) {
        from = Math.min(from, text.length - length);
      }
      break;
    }
  }
  return from === text.length ? text : text.slice(0, from) + hidden;
}
