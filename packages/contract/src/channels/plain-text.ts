// Foreign text for services that show it as it is, but hand it on: to mail, to Slack, to a page of
// somebody's own. It must still be read as it was written, so nothing in it is replaced.
import { cut, toLine } from "./text.ts";

/**
 * Breaks up what a later reader could take for a tag, a mention or a link in angle brackets, with
 * an invisible mark. Escaping would show: these services print `&lt;` as it stands.
 */
export function toPlain(value: string): string {
  return value.replace(/<(?=[!#/@?a-z])/gi, "<\u200b");
}

/** A name from elsewhere, clean and plain on one line of at most `max` characters. */
export function toPlainLine(value: string, max: number): string {
  // Cut before it is cleaned, so that a megabyte costs nothing.
  return cut(toLine(value.slice(0, 4 * max)), max, toPlain);
}
