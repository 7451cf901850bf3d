// The link in a mail that ends the mails of its channel (RFC 2369, RFC 8058). Its token is a MAC
// over the channel, so that whoever got a mail may end them, and nobody else. Pure.
import { timingSafeEqual } from "node:crypto";

/** A MAC of the text, which stays what it is when the encryption key is changed. */
export type Fingerprint = (text: string) => Buffer;

// So that no other MAC of the same key can be taken for one of these.
const toText = (channelId: string) => `unsubscribe ${channelId}`;

export function toUnsubscribeUrl(
  publicUrl: string,
  channelId: string,
  fingerprint: Fingerprint,
): string {
  const mac = fingerprint(toText(channelId)).toString("base64url");
  return `${publicUrl}/unsubscribe/${channelId}.${mac}`;
}

/** The channel that the token was made for; undefined for any other text. */
export function readUnsubscribeToken(token: string, fingerprint: Fingerprint): string | undefined {
  const [, channelId, mac] = /^(chan_[0-9a-f]{32})\.([\w-]{43})$/.exec(token) ?? [];
  if (channelId === undefined || mac === undefined) return undefined;
  const given = Buffer.from(mac, "base64url");
  const known = fingerprint(toText(channelId));
  const isOurs = known.length === given.length && timingSafeEqual(known, given);
  return isOurs ? channelId : undefined;
}

/** `List-Unsubscribe-Post` may stand only beside an https address (RFC 8058, section 3.1). */
export function toUnsubscribeHeaders(url: string): Record<string, string> {
  return {
    "List-Unsubscribe": `<${url}>`,
    ...(url.startsWith("https:") && { "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }),
  };
}
