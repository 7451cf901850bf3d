// A far end that does anything at all, hundreds of times at once: each call must end exactly once
// with an outcome, no origin may get more connections than allowed, and nothing may stay open.

import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Openings, openRawFarEnd } from "../../test/support/far-end.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor } from "./http.ts";

const openings = new Openings();
afterEach(() => openings.close());

/** mulberry32: the same storm every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const moods: ((socket: Socket) => unknown)[] = [
  (socket) => socket.write(ok),
  (socket) => socket.write(ok),
  (socket) => socket.write(ok),
  (socket) => socket.end(ok),
  (socket) => socket.write(`${ok}${ok}`),
  (socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"),
  (socket) => socket.resetAndDestroy(),
  (socket) => socket.destroy(),
  () => undefined,
  (socket) => socket.write("nonsense\r\n\r\n"),
  (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"),
  (socket) => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
  (socket) => socket.write("HTTP/1.1 302 Found\r\nLocation: /on\r\nContent-Length: 2\r\n\r\nok"),
  (socket) => socket.write("HTTP/1.1 302 Found\r\nLocation: /on\r\nContent-Length: 20\r\n\r\nok"),
  (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n${"x".repeat(90_000)}`),
  (socket) => socket.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
  (socket) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${ok}`),
];

describe("a storm", () => {
  it.each([1, 2, 3])(
    "number %i leaves every call with one outcome and nothing open",
    async (seed) => {
      const random = createRandom(seed);
      const pick = <T>(list: readonly T[]): T | undefined =>
        list[Math.floor(random() * list.length)];
      const far = openings.keep(
        await openRawFarEnd((socket) => socket.on("data", () => pick(moods)?.(socket))),
      );
      const door = openings.keep(
        createHttpDoor({
          guard: createAddressGuard(["127.0.0.1/32"]),
          connectionsPerOriginMax: 8,
          connectionsIdleMax: 4,
        }),
      );
      const kinds = new Set<string>();
      let ended = 0;
      const callOnce = async () => {
        const stop = new AbortController();
        if (random() < 0.05) setImmediate(() => stop.abort());
        const outcome = await door.call({
          url: far.url,
          method: pick(["GET", "POST", "HEAD", "PUT", "DELETE"]) ?? "GET",
          headers: random() < 0.03 ? { "not a name": "1" } : { "x-own": "1" },
          body: null,
          timeoutMs: 50 + random() * 100,
          bodyBytesMax: pick([0, 1, 2, 1_000, 100_000]) ?? 0,
          followRedirects: random() < 0.5,
          signal: stop.signal,
        });
        ended += 1;
        kinds.add(outcome.kind);
        expect(outcome.latencyMs).toBeGreaterThanOrEqual(0);
      };
      // 12 at once on 8 connections: some always wait in line.
      const workers = Array.from({ length: 12 }, async () => {
        for (let i = 0; i < 20; i += 1) await callOnce();
      });
      await Promise.all(workers);
      expect(ended).toBe(240);
      expect([...kinds].sort()).toEqual(["answered", "cancelled", "connection_error", "timeout"]);
      await door.close();
      await far.emptied();
    },
  );
});
