// The credentials of a channel as they are looked for in records: whole, and the parts of them that
// a receiver may quote alone, each with what stands for it. Pure.
import { hidden } from "@trigrun/contract";

// Shorter values are no credentials, and replacing them would garble the record.
const lengthMin = 4;

/** All texts in a config value, with `hidden` or the shown form for each, and secret parts. */
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
