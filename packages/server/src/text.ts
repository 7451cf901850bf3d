// Bytes from strangers as text that PostgreSQL stores and people read.

/** UTF-8, with U+FFFD for what is none and for U+0000, which PostgreSQL text cannot hold. */
export function toText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return text.includes("\0") ? text.replaceAll("\0", "\ufffd") : text;
}

/** At most `max` UTF-16 units, never half a surrogate pair. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(max - 1));
  return text.slice(0, isHalf ? max - 1 : max);
}
