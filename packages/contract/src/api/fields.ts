// The field schemas that resources share: text, ids, instants, pages.
// Text refuses what PostgreSQL cannot store, so that no text field can become an internal error.
import { z } from "zod";

// PostgreSQL text and jsonb hold no U+0000, and a lone surrogate is not valid UTF-8.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control character is the point.
const unstorable = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function isStorable(value: string): boolean {
  return !unstorable.test(value);
}

/** Text of `min` to `max` UTF-16 units. */
export function text(min: number, max: number) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine(isStorable, "must not contain the character U+0000 or half a surrogate pair");
}

// 64 levels: deeper JSON is no real configuration, and recursion over it could end the stack.
const jsonDepthMax = 64;

/** True for JSON that PostgreSQL can store. Walks without recursion: the depth is the client's. */
function isStorableJson(root: unknown): boolean {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const { value, depth } = entry;
    if (typeof value === "string" && !isStorable(value)) return false;
    if (typeof value !== "object" || value === null) continue;
    if (depth >= jsonDepthMax || !Object.keys(value).every(isStorable)) return false;
    for (const child of Object.values(value)) stack.push({ value: child, depth: depth + 1 });
  }
  return true;
}

/** Any JSON value. */
export const jsonValue = z
  .unknown()
  .refine(
    isStorableJson,
    "must not contain the character U+0000 or half a surrogate pair, nor nest over 64 levels",
  );

/** A name that people read: not blank, no control characters. 1 MB names stop here. */
export const name = text(1, 200)
  .refine((value) => value.trim() === value && value !== "", "must not begin or end with a blank")
  .refine((value) => !/\p{Cc}/u.test(value), "must not contain control characters")
  .meta({ description: "For people to read, 1 to 200 characters.", example: "nightly-backup" });

const idBody = "[0-9a-f]{32}";
export const idPrefixes = {
  workspace: "ws",
  token: "tok",
  user: "user",
  session: "ses",
  member: "mem",
  invitation: "inv",
  mail: "mail",
  job: "job",
  execution: "exec",
  channel: "chan",
  destination: "dest",
  rule: "rule",
  delivery: "dlv",
  secret: "sec",
  node: "node",
  audit: "aud",
} as const;
export type IdKind = keyof typeof idPrefixes;

/** An id in an answer or a body. `kind` decides its prefix. */
export function id(kind: IdKind) {
  return z
    .string()
    .regex(new RegExp(`^${idPrefixes[kind]}_${idBody}$`), `must be the id of a ${kind}`)
    .meta({ example: `${idPrefixes[kind]}_0193a5c4f7e2a1b2c3d4e5f60718293a` });
}

/** `:id` in a path. Any text is let through: what matches no row is `not_found`. */
export const pathId = z.string().max(200);

/** An instant in an answer: ISO 8601 UTC with milliseconds and `Z`. */
export const instant = z.iso
  .datetime({ precision: 3 })
  .meta({ example: "2026-11-23T10:00:00.000Z" });

/** An instant from a client: any ISO 8601 date and time with a zone, read as a `Date`. */
export const instantInput = z.iso
  .datetime({ offset: true, error: "must be a date and time with a zone: 2026-11-23T10:00:00Z" })
  .transform((value) => new Date(value))
  // An offset can carry it out of what `instant` is able to answer.
  .refine(hasFourDigitYear, "must be in the years 0000 to 9999 of UTC");

function hasFourDigitYear(at: Date): boolean {
  const year = at.getUTCFullYear();
  return year >= 0 && year <= 9999;
}

// Up to 15 digits: every such number is exact in JavaScript.
const decimalInteger = /^(?:0|-?[1-9]\d{0,14})$/;

/**
 * A whole number in a query, where everything arrives as text. Digits only: what `Number` also
 * reads (`0x10`, `1e1`, blanks, nothing at all) is a mistake there.
 */
export function queryInteger(min: number, max: number) {
  return (
    z
      .custom<number | string>(
        (value) => typeof value === "number" || decimalInteger.test(String(value)),
        "must be a whole number in decimal digits",
      )
      .pipe(z.coerce.number<number | string>().int().min(min).max(max))
      // A schema made by hand has to say by itself what it is in documents.
      .meta({ type: "integer", minimum: min, maximum: max })
  );
}

export const pageQuery = {
  limit: queryInteger(1, 100).default(50).meta({ description: "How many items at most." }),
  cursor: z.string().max(500).optional().meta({ description: "`next_cursor` of the page before." }),
};

/** The envelope of every list, newest first. `next_cursor` is null on the last page. */
export function page<S extends z.ZodType>(item: S) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() });
}

export const httpUrl = text(1, 2048)
  .refine((value) => {
    if (!/^https?:\/\//i.test(value)) return false;
    try {
      return new URL(value).hostname !== "";
    } catch {
      return false;
    }
  }, "must be a whole http:// or https:// address")
  // Not `format: "uri"`, which is ASCII alone: letters of every script are taken, as browsers do.
  .meta({ pattern: "^[Hh][Tt][Tt][Pp][Ss]?://", example: "https://api.example.com/hooks/cron" });

// Printable ASCII, blanks, tabs and the upper half of Latin-1 (RFC 9110, field-content).
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Header fields: token names (RFC 9110), values without line breaks. */
export const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "is not a header name"),
    text(0, 8192).refine((value) => headerValue.test(value), "must be one line of Latin-1 text"),
  )
  .refine((value) => Object.keys(value).length <= 50, "must not be more than 50 headers")
  .refine(
    (value) => !Object.keys(value).some((key) => connectionHeaders.has(key.toLowerCase())),
    "must not name headers of the connection itself (connection, content-length, expect, " +
      "keep-alive, te, trailer, transfer-encoding, upgrade): TrigRun sets them",
  );

const connectionHeaders = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
