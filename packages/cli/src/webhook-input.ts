// What the webhook commands read: the bytes of a payload, a secret, the headers of a call in a
// file. Payloads stay bytes: turned into text and back they would no longer be what was signed.
import { readFileSync } from "node:fs";
import { messageOf, usageError } from "./errors.ts";
import { readTextFile } from "./given-text.ts";
import type { Surroundings } from "./surroundings.ts";
import type { SignatureHeaders } from "./webhook-signature.ts";

// Twice what TrigRun sends at most; more is a wrong file, and standard input may have no end.
const bytesMax = 2 * 1024 * 1024;

/** The exact bytes of a file, or of standard input when it is `-` or not named. */
export async function readPayload(
  path: string | undefined,
  { stdin }: Surroundings,
): Promise<Buffer> {
  if (path === undefined && stdin.isTTY === true) {
    throw usageError("Name the file of the payload, or - for standard input.");
  }
  const bytes = path === undefined || path === "-" ? await readAll(stdin) : readBytes(path);
  if (bytes.byteLength > bytesMax) throw usageError("The payload is over 2 MiB.");
  return bytes;
}

async function readAll(stdin: Surroundings["stdin"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const piece = Buffer.from(chunk);
    chunks.push(piece);
    bytes += piece.byteLength;
    if (bytes > bytesMax) break;
  }
  return Buffer.concat(chunks);
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw usageError(`The payload cannot be read: ${messageOf(error)}.`);
  }
}

export interface SecretFlags {
  readonly secret?: string;
  readonly secretFile?: string;
}

/** The secret that was given, if any. The line break that ends a file is not part of it. */
export function readSecret({ secret, secretFile }: SecretFlags): string | undefined {
  const given =
    secretFile === undefined
      ? secret
      : readTextFile(secretFile, "--secret-file").replace(/\r?\n$/, "");
  if (given === "") throw usageError("The secret is empty.");
  return given;
}

/**
 * The headers in a file: JSON, or lines of `name: value` as curl and `deliveries get --full`
 * print them, with marks like `> ` before them.
 */
export function readHeaders(path: string): SignatureHeaders {
  const text = readTextFile(path, "--headers");
  const fields = fieldsOfJson(text) ?? fieldsOfLines(text);
  const valuesOf = (header: string) =>
    fields.filter(([name]) => name.toLowerCase() === header).map(([, value]) => value.trim());
  const theOne = (header: string) => {
    const values = valuesOf(header);
    if (values.length > 1) throw usageError(`${header} stands more than once in --headers.`);
    return values[0];
  };
  const signatures = valuesOf("webhook-signature");
  return {
    id: theOne("webhook-id"),
    timestamp: theOne("webhook-timestamp"),
    signature: signatures.length === 0 ? undefined : signatures.join(" "),
  };
}

function fieldsOfJson(text: string): [string, string][] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).flatMap(([name, held]): [string, string][] => {
    const values: unknown[] = Array.isArray(held) ? held : [held];
    return values.map((each) => [name, String(each)]);
  });
}

function fieldsOfLines(text: string): [string, string][] {
  return [...text.matchAll(/^(?:[<>] )?([\w-]+):[ \t]*(.*)$/gm)].map(
    ([, name = "", value = ""]) => [name, value],
  );
}
