// Takes credentials out of what is recorded and shown. Pure.
// It looks for the values themselves, wherever they turn up and however they are spelt there:
// headers, bodies, error messages; escaped, encoded, cut off in the middle.
import { hidden } from "@trigrun/contract";

/** A text with every credential replaced. `end` tells whether the text itself was cut off. */
export type Scrub = (text: string, end?: "whole" | "cut") => string;

// Shorter values are no credentials, and replacing them would garble the record.
const lengthMin = 4;
// A coincidence of so many letters of base64 is one in 2^48.
const encodedMin = 8;

/** A function that replaces every given value by what stands for it. */
export function createScrubber(masks: ReadonlyMap<string, string>): Scrub {
  const values = [...masks]
    .filter(([value]) => value.length >= lengthMin)
    // Longest first: a URL before the token that is part of it.
    .sort(([a], [b]) => b.length - a.length);
  const forms = values.map(([value, mask]) => [toPattern(value), mask] as const);
  const encoded = values.flatMap(([value]) => encodingsOf(value)).map(toSource);
  if (encoded.length > 0) forms.push([new RegExp(encoded.join("|"), "gi"), hidden]);
  const beginnings = toBeginnings(values);
  return (text, end = "whole") => {
    // Before anything is replaced: what stands for a credential may end in an ellipsis too.
    const pieces = text.split("…");
    const isCut = (index: number) => index < pieces.length - 1 || end === "cut";
    const ended = pieces
      .map((piece, index) => (isCut(index) ? hideCutOff(piece, beginnings) : piece))
      .join("…");
    return forms.reduce((left, [form, mask]) => left.replace(form, () => mask), ended);
  };
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

/** Letters and digits stand for themselves everywhere; a host name also in the other case. */
function toPattern(value: string): RegExp {
  return new RegExp(toSource(value), "gi");
}

function toSource(value: string): string {
  return Array.from(value, (character) =>
    /[A-Za-z0-9]/.test(character) ? character : toAlternatives(character),
  ).join("");
}

const entities: Readonly<Record<string, string>> = {
  '"': "quot",
  "&": "amp",
  "'": "apos",
  "<": "lt",
  ">": "gt",
};

/** A sign as it is, in JSON, in a URL and in HTML; also where that was done twice. */
function toAlternatives(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const units = Array.from({ length: sign.length }, (_, index) => sign.charCodeAt(index));
  const bytes = Array.from(new TextEncoder().encode(sign));
  const entity = entities[sign];
  return `(?:${[
    bytes.map((byte) => `%(?:25){0,2}${hex(byte, 2)}`).join(""),
    units.map((unit) => `\\\\{1,4}u${hex(unit, 4)}`).join(""),
    `&(?:amp;)?#(?:0{0,6}${code}|x0{0,6}${hex(code, 1)});`,
    ...(entity === undefined ? [] : [`&(?:amp;)?${entity};`]),
    ...(sign === " " ? ["\\+"] : []),
    sign === "\\" ? "\\\\{1,8}" : `\\\\{0,7}${sign.replace(/[$()*+./?[\]^{|}-]/g, "\\$&")}`,
  ].join("|")})`;
}

/** The value within anything that is base64 or hexadecimal as a whole. */
function encodingsOf(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  const cores = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    // The letters at both ends also hold bits of what stands before and behind it.
    const core = text.slice(
      Math.ceil((shift * 8) / 6),
      Math.floor(((shift + bytes.length) * 8) / 6),
    );
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
  return [...new Set([...cores, bytes.toString("hex")])].filter(
    (text) => text.length >= encodedMin,
  );
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

/** All texts in a config value, with `hidden` or the shown form for each, and their secret parts. */
export function collectMasks(
  secrets: Readonly<Record<string, unknown>>,
  mask: (key: string, value: unknown) => unknown,
): Map<string, string> {
  const masks = new Map<string, string>();
  const hide = (value: string) => {
    if (!masks.has(value)) masks.set(value, hidden);
  };
  for (const [key, value] of Object.entries(secrets)) {
    if (typeof value === "string") {
      const shown = String(mask(key, value));
      masks.set(value, shown);
      for (const part of partsOf(value, shown)) hide(part);
    } else {
      for (const text of textsOf(value)) for (const part of [text, ...partsOf(text)]) hide(part);
    }
  }
  return masks;
}

/** What a receiver may quote of a credential alone. `shown` is what of it is no secret. */
export function partsOf(value: string, shown: string = hidden): string[] {
  const parts = /^https?:\/\//i.test(value) ? partsOfUrl(value, shown) : partsOfText(value, shown);
  return parts.filter((part) => part.length >= lengthMin);
}

function partsOfText(value: string, shown: string): string[] {
  const open = shown.endsWith("…") ? shown.slice(0, -1) : "";
  const rest = open !== "" && value.startsWith(open) ? [value.slice(open.length)] : [];
  // `Bearer …`, `Basic …`, `whsec_…`: the word before says what it is, the rest is the secret.
  const [, scheme = "", credential] = /^([A-Za-z][\w-]*) +(.+)$/.exec(value) ?? [];
  const key = /^whsec_(.+)$/.exec(value)?.[1];
  const login = scheme.toLowerCase() === "basic" && credential !== undefined;
  const basic = login ? Buffer.from(credential, "base64").toString("utf8") : "";
  const password = basic.slice(basic.indexOf(":") + 1);
  return [...rest, credential ?? "", key ?? "", basic, password];
}

function partsOfUrl(value: string, shown: string): string[] {
  if (!URL.canParse(value)) return [];
  const url = new URL(value);
  const { href, pathname, search, password } = url;
  const open = shown.endsWith("…") ? shown.slice(0, -1) : "";
  const rest = open !== "" && href.startsWith(open) ? href.slice(open.length) : pathname + search;
  const words = [
    ...(rest.split(/[?#]/)[0] ?? "").split("/").filter(isTokenLike),
    ...search.slice(1).split("&").map(toParameterValue).filter(isParameterLike),
    password,
  ];
  return [
    // 12: shorter paths are words such as "/hooks/cron", which hide nothing.
    ...(pathname.length >= 12 ? [pathname + search, pathname] : []),
    ...words,
    ...words.map(decode),
  ];
}

function toParameterValue(parameter: string): string {
  return parameter.slice(parameter.indexOf("=") + 1);
}

// Words such as "messages" and "triggers" stand in paths too, and anywhere.
function isTokenLike(word: string): boolean {
  return word.length >= 16 || (word.length >= 8 && /[a-z]/i.test(word) && /\d/.test(word));
}

// Versions and dates such as 2016-06-01 are no credentials.
function isParameterLike(word: string): boolean {
  return word.length >= 8 && !/^[\d.-]+$/.test(word);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
