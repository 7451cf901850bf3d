// Refuses what is no HTTP, or does not come to an end, in our own words: there is no request to
// answer. Whatever the client does with it, the connection is gone a moment later.
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { ApiError } from "@trigrun/contract";
import type { ConnectionError } from "fastify";
import { toEnvelope } from "./refusals.ts";

// A refusal is one packet. Who has not taken it by then, or goes on sending, does not want it.
const lingerMs = 1_000;

export type RefuseRaw = (error: Pick<ConnectionError, "code">, socket: Socket) => void;

export function createRawRefusals(headers: Readonly<Record<string, string>>): RefuseRaw {
  const fixed = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
  return (error, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = new ApiError("validation_failed", toMessage(error.code));
    const body = JSON.stringify(toEnvelope(refusal));
    socket.end(
      `HTTP/1.1 ${refusal.status} Bad Request\r\nconnection: close\r\n` +
        `content-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n` +
        `x-request-id: ${randomUUID()}\r\n${fixed}\r\n${body}`,
    );
    // `end` closes our half only, and a client that drips keeps the other half open for ever. At
    // once would be too soon: with bytes unread, closing tears up the answer on its way.
    const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
    socket.once("close", () => clearTimeout(timer));
  };
}

function toMessage(code: string): string {
  if (code === "HPE_HEADER_OVERFLOW") return "The headers are over 16 KiB.";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "The request did not arrive whole in time.";
  if (code === "NO_HOST") return "The request has no Host header.";
  return "The request is not valid HTTP.";
}
