// Text given on the command line, or in a file or on standard input: TEXT, @FILE, @-.
import { readFileSync } from "node:fs";
import { messageOf, usageError } from "./errors.ts";
import type { Surroundings } from "./surroundings.ts";

// The API takes 1 MiB; more is a wrong file, and standard input may have no end.
const bytesMax = 2 * 1024 * 1024;

/** The text itself, or the content of what `@` points to. */
export async function readGiven(
  text: string,
  flag: string,
  surroundings: Surroundings,
): Promise<string> {
  if (!text.startsWith("@")) return text;
  return text === "@-" ? readInput(surroundings, flag) : readTextFile(text.slice(1), flag);
}

export function readTextFile(path: string, flag: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw usageError(`The file of ${flag} cannot be read: ${messageOf(error)}.`);
  }
  return toText(bytes, flag);
}

/** All of standard input. */
export async function readInput({ stdin }: Surroundings, flag: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const piece = Buffer.from(chunk);
    bytes += piece.byteLength;
    if (bytes > bytesMax) break;
    chunks.push(piece);
  }
  return toText(Buffer.concat(chunks), flag, bytes);
}

function toText(bytes: Buffer, flag: string, length = bytes.byteLength): string {
  if (length > bytesMax) throw usageError(`What ${flag} gives is over 2 MiB.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`What ${flag} gives is not UTF-8 text.`);
  }
}
