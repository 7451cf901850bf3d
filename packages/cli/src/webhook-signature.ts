// Signs and verifies webhooks after the Standard Webhooks specification, as TrigRun does: an
// HMAC-SHA256 over id.timestamp.body. It works on exact bytes and never parses a body.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac, timingSafeEqual } from "node:crypto";
import { toLength } from "./moments.ts";

/** The three headers as they came; one that did not come is undefined. */
export interface SignatureHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** Why a call is not to be trusted. The codes are for programs and keep their meaning. */
export interface Fault {
  readonly code:
    | "header_missing"
    | "header_malformed"
    | "signature_mismatch"
    | "timestamp_too_old"
    | "timestamp_too_new"
    | "body_too_large";
  readonly message: string;
}

export interface Check {
  readonly headers: SignatureHeaders;
  readonly body: Uint8Array;
  readonly secret: string;
  readonly now: Date;
  /** How far the timestamp may be from now, either way; undefined allows any age. */
  readonly toleranceMs: number | undefined;
}

// What the published verifiers of the specification allow: 5 minutes.
export const toleranceMsDefault = 5 * 60 * 1000;

// The specification asks for keys of 24 to 64 bytes.
const keyBytesMin = 24;
const keyBytesMax = 64;

/** `whsec_` + base64 of 24 to 64 bytes is those bytes; any other text is its UTF-8 bytes, whole. */
export function toKey(secret: string): Buffer {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  if (encoded !== undefined) {
    const key = Buffer.from(encoded, "base64");
    const isWhole = key.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
    if (isWhole && key.length >= keyBytesMin && key.length <= keyBytesMax) return key;
  }
  return Buffer.from(secret, "utf8");
}

/** One signature, as it stands in the header. `timestamp` is in seconds. */
export function sign(id: string, timestamp: string, body: Uint8Array, secret: string): string {
  const hmac = createHmac("sha256", toKey(secret)).update(`${id}.${timestamp}.`).update(body);
  return `v1,${hmac.digest("base64")}`;
}

/** Everything that is wrong with a call; nothing when it is verified. */
export function findFaults(check: Check): Fault[] {
  const { id = "", timestamp = "", signature = "" } = check.headers;
  const missing = missingHeaders({ id, timestamp, signature });
  if (missing.length > 0) return [toMissing(missing)];
  const malformed = [...timestampFaults(timestamp), ...signatureFaults(signature)];
  if (malformed.length > 0) return malformed;
  return [...mismatches(check, id, timestamp, signature), ...ageFaults(check, timestamp)];
}

function missingHeaders(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([, text]) => text === "")
    .map(([name]) => `webhook-${name}`);
}

function toMissing(names: readonly string[]): Fault {
  // TrigRun sends the id with every call and the other two with signed ones.
  const isUnsigned = names.includes("webhook-signature");
  const why = isUnsigned ? " The sender did not sign: has its channel a secret?" : "";
  return { code: "header_missing", message: `Missing: ${names.join(", ")}.${why}` };
}

// Seconds have 10 digits until the year 2286; 13 digits are the milliseconds of our time.
const secondsPattern = /^\d{1,11}$/;
const millisecondsPattern = /^\d{13}$/;

function timestampFaults(timestamp: string): Fault[] {
  if (secondsPattern.test(timestamp)) return [];
  const what = millisecondsPattern.test(timestamp)
    ? "is in milliseconds; it must be in seconds"
    : "is not a whole number of seconds since 1970";
  return [{ code: "header_malformed", message: `webhook-timestamp ${what}.` }];
}

// 32 bytes of SHA-256 in base64.
const digestPattern = /^[A-Za-z0-9+/]{43}=$/;

function signaturesIn(header: string): string[] {
  return header.split(" ").filter((signature) => signature.startsWith("v1,"));
}

function signatureFaults(header: string): Fault[] {
  const malformed = (message: string): Fault[] => [{ code: "header_malformed", message }];
  const signatures = signaturesIn(header);
  if (signatures.length === 0) {
    return malformed("webhook-signature holds no signature of version 1: `v1,` and base64.");
  }
  if (signatures.some((signature) => digestPattern.test(signature.slice(3)))) return [];
  return malformed("webhook-signature is no base64 of 32 bytes after `v1,`: was it cut off?");
}

function mismatches(check: Check, id: string, timestamp: string, header: string): Fault[] {
  const signatures = signaturesIn(header);
  const matches = (body: Uint8Array, secret: string) => {
    const expected = Buffer.from(sign(id, timestamp, body, secret));
    return signatures.some((signature) => {
      const given = Buffer.from(signature);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  };
  if (matches(check.body, check.secret)) return [];
  const what =
    signatures.length === 1
      ? "The signature does not match."
      : `None of the ${signatures.length} signatures matches.`;
  return [{ code: "signature_mismatch", message: `${what} ${hint(check, matches)}` }];
}

type Matches = (body: Uint8Array, secret: string) => boolean;

/** Looks for the usual accidents, so that the message can name the one that happened. */
function hint({ body, secret }: Check, matches: Matches): string {
  const likeBody = bodiesLike(body).find((like) => matches(like.body, secret));
  if (likeBody !== undefined) {
    return `The body was changed: ${likeBody.change}. ${rawBytes}.`;
  }
  const likeSecret = secretsLike(secret).find((like) => matches(body, like.secret));
  if (likeSecret !== undefined) return `The secret is not quite right: ${likeSecret.change}.`;
  return (
    "The secret is another one, or the body or the webhook-id was changed on the way. " +
    `${rawBytes}: JSON that is parsed and written again has other bytes.`
  );
}

const rawBytes = "Verify the raw bytes, before any JSON parsing";

function bodiesLike(body: Uint8Array): { body: Buffer; change: string }[] {
  const text = Buffer.from(body).toString("utf8");
  const like = (variant: string, change: string) => ({ body: Buffer.from(variant), change });
  return [
    like(text.replace(/\r?\n$/, ""), "it has a line break at its end that was not signed"),
    like(`${text}\n`, "the line break at its end is missing"),
    like(text.replaceAll("\r\n", "\n"), "its line breaks were turned into those of Windows"),
    like(text.replace(/^\ufeff/, ""), "it has a byte order mark that was not signed"),
    ...compact(text).map((json) => like(json, "it is JSON that was formatted anew")),
  ];
}

function compact(text: string): string[] {
  try {
    return [JSON.stringify(JSON.parse(text))];
  } catch {
    // No JSON, or nested too deeply to be written again.
    return [];
  }
}

function secretsLike(secret: string): { secret: string; change: string }[] {
  return [
    { secret: secret.trim(), change: "it has blanks or line breaks around it" },
    {
      secret: secret.trim().replace(/^(["'])(.*)\1$/s, "$2"),
      change: "its quotation marks do not belong to it",
    },
    { secret: `whsec_${secret}`, change: "`whsec_` is missing at its beginning" },
  ];
}

function ageFaults({ now, toleranceMs }: Check, timestamp: string): Fault[] {
  if (toleranceMs === undefined) return [];
  const ageMs = now.getTime() - Number(timestamp) * 1000;
  if (Math.abs(ageMs) <= toleranceMs) return [];
  const allowed = `${toLength(toleranceMs)} are allowed`;
  return ageMs > 0
    ? [
        {
          code: "timestamp_too_old",
          message: `The timestamp is too old: it is from ${toLength(ageMs)} ago; ${allowed}.`,
        },
      ]
    : [
        {
          code: "timestamp_too_new",
          message:
            `The timestamp is too new: it is ${toLength(-ageMs)} ahead; ${allowed}. ` +
            "Do the clocks agree?",
        },
      ];
}
