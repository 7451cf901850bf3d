// Signs a webhook after the Standard Webhooks specification: HMAC-SHA256 over id.timestamp.body.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
import { createHmac } from "node:crypto";

export interface SignedParts {
  /** The delivery's id: the same on every try, so that a receiver can drop a repeat. */
  readonly id: string;
  /** When this try is made. */
  readonly at: Date;
  /** The exact bytes that are sent. */
  readonly body: string;
}

/** The three headers. `secrets` all sign, the current one first; there must be at least one. */
export function toSignatureHeaders(
  parts: SignedParts,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = Math.floor(parts.at.getTime() / 1_000).toString();
  const signed = `${parts.id}.${timestamp}.${parts.body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", toKey(secret)).update(signed).digest("base64")}`,
  );
  return {
    "webhook-id": parts.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

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
