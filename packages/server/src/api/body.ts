// Reads JSON bodies: strict UTF-8, JSON and nothing else, no content that no field could hold.
// Routes without a body never look at what a client sends along.
import { isUtf8 } from "node:buffer";
import { ApiError } from "@trigrun/contract";
import type { FastifyInstance } from "fastify";
import { toValidationError } from "./issues.ts";
import { findUnfit } from "./unfit.ts";

type Done = (error: Error | null, body?: unknown) => void;

/** Makes the routes of this scope take `application/json` and an empty body of any type. */
export function acceptJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  const read = (body: Buffer, done: Done) => {
    try {
      done(null, parseJson(body));
    } catch (error) {
      // parseJson throws nothing but errors.
      done(error as Error);
    }
  };
  scope.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    // `parseAs: "buffer"` makes it one.
    read(body as Buffer, done),
  );
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    const message = "The body must be JSON: send it with `Content-Type: application/json`.";
    done(new ApiError("unsupported_media_type", message));
  });
}

/** Makes the routes of this scope leave every body unread; node discards it after the answer. */
export function ignoreBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  scope.addHook("onRequest", async ({ raw }) => {
    // Fastify refuses a malformed content type before it looks for a parser.
    delete raw.headers["content-type"];
  });
}

/** Undefined for an empty body. */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw new ApiError("invalid_json", "The body is not valid UTF-8.");
  // The mark that some editors put first is no JSON, but everybody means it well.
  const text = body.toString("utf8").replace(/^\ufeff/, "");
  if (text.trim() === "") return undefined;
  const value = parseText(text);
  const unfit = findUnfit(value);
  if (unfit.length > 0) throw toValidationError(unfit);
  return value;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own sentence quotes the body, which may hold credentials: only the place is
    // told.
    const position = /position (\d+)/.exec(String(error))?.[1];
    const place = position === undefined ? "" : ` at ${toPlace(text, Number(position))}`;
    throw new ApiError("invalid_json", `The body is not valid JSON${place}.`);
  }
}

function toPlace(text: string, position: number): string {
  const lines = text.slice(0, position).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
