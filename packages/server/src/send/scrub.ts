// Takes credentials out of what is recorded and shown. Pure.
// It looks for the values themselves, wherever they turn up: headers, bodies, error messages.
import { hidden } from "@trigrun/contract";

// Shorter values are no credentials, and replacing them would garble the record.
const lengthMin = 4;

/** A function that replaces every given value by what stands for it. */
export function createScrubber(masks: ReadonlyMap<string, string>): (text: string) => string {
  const forms = [...masks]
    .filter(([value]) => value.length >= lengthMin)
    .flatMap(([value, mask]) => [...spellings(value)].map((form) => [form, mask] as const))
    // Longest first: a URL before the token that is part of it.
    .sort(([a], [b]) => b.length - a.length);
  return (text) => forms.reduce((result, [form, mask]) => result.replaceAll(form, mask), text);
}

/** The value as it stands in text, in JSON and in a URL. */
function spellings(value: string): Set<string> {
  return new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]);
}

/** All texts in a config value, with `hidden` or the shown form for each. */
export function collectMasks(
  secrets: Readonly<Record<string, unknown>>,
  mask: (key: string, value: unknown) => unknown,
): Map<string, string> {
  const masks = new Map<string, string>();
  for (const [key, value] of Object.entries(secrets)) {
    if (typeof value === "string") {
      masks.set(value, String(mask(key, value)));
      // A receiver's error may quote the path alone, and there the token is.
      const path = pathOf(value);
      if (path !== undefined) masks.set(path, hidden);
    } else for (const text of textsOf(value)) masks.set(text, hidden);
  }
  return masks;
}

/** The path and query of a web address, where they are long enough to hold a token. */
function pathOf(value: string): string | undefined {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return undefined;
  const { pathname, search } = new URL(value);
  // 12: shorter paths are words such as "/hooks/cron", which hide nothing.
  return pathname.length >= 12 ? pathname + search : undefined;
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}
