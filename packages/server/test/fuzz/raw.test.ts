// Bytes that are no HTTP, or hardly, over a real socket: the server answers in its own words or
// closes the connection, never with a fault, and goes on. FUZZ_SEED repeats a run.
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";
import { createDice, type Dice } from "./dice.ts";

const seed = Number(process.env.FUZZ_SEED ?? 20_261_123);
// Some seconds' worth; the parser is node's and has had its own fuzzing.
const requests = 600;
// At once: many of them wait for the end that the client puts to what it never finished.
const flightSize = 50;
// An answer takes some milliseconds; after this long the server waits for more, and none will come.
const idleMs = 300;

let api: TestApi;
let port: number;

beforeAll(async () => {
  api = await createTestApi();
  await api.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  port = (api.app.server.address() as AddressInfo).port;
});

afterAll(async () => {
  await api?.close();
});

/** Sends the bytes and takes what is answered, until the server or a long silence ends it. */
async function exchange(bytes: Buffer): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // A server that hangs up in the middle of what it will not read is in its right.
  socket.on("error", () => undefined);
  // Half a connection is a whole end for node, which then sends no answer that is not yet ready.
  socket.setTimeout(idleMs, () => socket.end());
  socket.write(bytes);
  await once(socket, "close");
  return Buffer.concat(chunks).toString("latin1");
}

interface RawAnswer {
  readonly status: number;
  readonly head: string;
}

/** The answers of one connection, one after the other. */
function split(text: string): RawAnswer[] {
  const parts = text.split(/(?=HTTP\/1\.1 \d{3} )/).filter((part) => part !== "");
  return parts.map((part) => ({
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(part)?.[1]),
    head: part.split("\r\n\r\n")[0]?.toLowerCase() ?? "",
  }));
}

/** What is wrong with the answers, as a sentence. */
function findFault(text: string): string | undefined {
  for (const { status, head } of split(text)) {
    // "Go on and send the body" is no answer yet.
    if (status === 100) continue;
    if (!(status >= 200 && status < 500)) return `status ${status}`;
    if (!/^x-request-id: [0-9a-f-]{36}\r?$/m.test(head)) return `no x-request-id with ${status}`;
    if (status >= 400 && !/^content-type: application\/json; charset=utf-8\r?$/m.test(head)) {
      return `${status} is not JSON`;
    }
  }
  return undefined;
}

const lines = (...all: string[]) => `${all.join("\r\n")}\r\n\r\n`;
// The server hangs up after its answer, instead of waiting for another request.
const host = "Host: 127.0.0.1\r\nConnection: close";
const json = "Content-Type: application/json";

/** The head of a POST with a JSON body, which is said to come in this way. */
const post = (...headers: string[]) => lines("POST /v1/jobs HTTP/1.1", host, json, ...headers);
const chunked = post("Transfer-Encoding: chunked");

const byHand: Readonly<Record<string, string>> = {
  "nothing at all": "",
  "an empty line": "\r\n",
  "no version": "GET /healthz\r\n\r\n",
  "HTTP 0.9": "GET /\r\n",
  "HTTP 1.0": lines("GET /healthz HTTP/1.0"),
  "HTTP 2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "HTTP 9.9": lines("GET /healthz HTTP/9.9", host),
  "a TLS greeting": "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
  "an SSH greeting": "SSH-2.0-OpenSSH_9.6\r\n",
  "no host": lines("GET /healthz HTTP/1.1"),
  "two hosts": lines("GET /healthz HTTP/1.1", host, "Host: other"),
  "an unknown method": lines("BREW /healthz HTTP/1.1", host),
  "a method in lower case": lines("get /healthz HTTP/1.1", host),
  CONNECT: lines("CONNECT 127.0.0.1:22 HTTP/1.1", host),
  "OPTIONS of everything": lines("OPTIONS * HTTP/1.1", host),
  "a whole address": lines("GET http://127.0.0.1/healthz HTTP/1.1", host),
  "an address of somebody else": lines("GET http://evil.example/healthz HTTP/1.1", host),
  "a path without slash": lines("GET healthz HTTP/1.1", host),
  "a path with blanks": lines("GET /v1/jobs/a b HTTP/1.1", host),
  "a path with bytes": lines("GET /v1/jobs/\xff\xfe HTTP/1.1", host),
  "a path with NUL": lines("GET /v1/jobs/\0 HTTP/1.1", host),
  "a bad escape": lines("GET /v1/jobs/%zz HTTP/1.1", host),
  "a long path": lines(`GET /${"a".repeat(20_000)} HTTP/1.1`, host),
  "long headers": lines("GET /healthz HTTP/1.1", host, `x: ${"a".repeat(20_000)}`),
  "many headers": lines(
    "GET /healthz HTTP/1.1",
    host,
    ...Array.from({ length: 3_000 }, (_, n) => `a${n}: b`),
  ),
  "a header without colon": lines("GET /healthz HTTP/1.1", host, "nonsense"),
  "a header without name": lines("GET /healthz HTTP/1.1", host, ": x"),
  "a header with a blank in its name": lines("GET /healthz HTTP/1.1", host, "a b: x"),
  "a folded header": lines("GET /healthz HTTP/1.1", host, "x: a", " b"),
  "a header with NUL": lines("GET /healthz HTTP/1.1", host, "x: a\0b"),
  "a bare line feed": "GET /healthz HTTP/1.1\nHost: a\n\n",
  "a bare carriage return": "GET /healthz HTTP/1.1\rHost: a\r\r",
  "an expectation": lines("GET /healthz HTTP/1.1", host, "Expect: the-unexpected"),
  "an announced body": `${post("Expect: 100-continue", "Content-Length: 2")}{}`,
  "an upgrade": lines(
    "GET /healthz HTTP/1.1",
    "Host: a",
    "Connection: Upgrade",
    "Upgrade: websocket",
  ),
  "an upgrade to HTTP 2": lines(
    "GET /healthz HTTP/1.1",
    "Host: a",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAAQAAP__",
  ),
  "a body that is too short": `${post("Content-Length: 100")}{}`,
  "a body that is too long": `${post("Content-Length: 1")}{}{}`,
  "a negative length": post("Content-Length: -1"),
  "a length that is no number": post("Content-Length: x"),
  "a length beyond numbers": post("Content-Length: 99999999999999999999"),
  "two lengths": post("Content-Length: 0", "Content-Length: 5"),
  "a length and chunks": post("Content-Length: 4", "Transfer-Encoding: chunked").concat(
    "2\r\n{}\r\n0\r\n\r\n",
  ),
  chunks: `${chunked}2\r\n{}\r\n0\r\n\r\n`,
  "chunks that never end": `${chunked}2\r\n{}\r\n`,
  "a chunk of no length": `${chunked}x\r\n{}\r\n0\r\n\r\n`,
  "a huge chunk": `${chunked}ffffffffffffffff\r\n{}`,
  "chunks with trailers": `${chunked}0\r\nx: y\r\n\r\n`,
  "an unknown encoding": post("Transfer-Encoding: gzip"),
  "a body for the health route": lines("GET /healthz HTTP/1.1", host, "Content-Length: 1").concat(
    "{",
  ),
  "two requests": lines("GET / HTTP/1.1", "Host: a") + lines("GET /readyz HTTP/1.1", host),
  "a good one and a bad one": `${lines("GET /healthz HTTP/1.1", "Host: a")}nonsense\r\n\r\n`,
  "a cut request": "GET /healthz HT",
  "cut headers": "GET /healthz HTTP/1.1\r\nHost: 127",
};

/** Whole requests to damage, with a token that is right. */
function listGood(): string[] {
  const token = `Authorization: Bearer ${api.token}`;
  const body = JSON.stringify({ kind: "cron", schedule: { cron: "0 2 * * *" } });
  const length = `Content-Length: ${body.length}`;
  return [
    lines("GET /healthz HTTP/1.1", host),
    lines("GET /v1/jobs?limit=5&state=active HTTP/1.1", host, token, "Accept: */*"),
    lines("GET /v1/executions/exec_0193a5c4f7e2a1b2c3d4e5f60718293a HTTP/1.1", host, token),
    lines("POST /v1/schedules/preview HTTP/1.1", host, token, json, length) + body,
    lines("DELETE /v1/notification-channels/chan_x HTTP/1.1", host, token),
  ];
}

function damage(dice: Dice, good: string): Buffer {
  let bytes = Buffer.from(good, "latin1");
  for (let times = dice.int(1, 2); times > 0; times -= 1) {
    const at = dice.int(0, bytes.length);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const odd = Buffer.from(
      dice.pick(["\0", "\r", "\n", "\r\n", " ", ":", "\xff", "%", "\t", "a: b\r\n"]),
      "latin1",
    );
    const made = [
      [before, odd, after],
      [before, after.subarray(dice.int(0, 8))],
      [before],
      [before, after, after],
      [before, Buffer.from([dice.int(0, 255)]), after.subarray(1)],
      [before, Buffer.alloc(dice.int(1, 20_000), "a"), after],
    ];
    bytes = Buffer.concat(dice.pick(made));
  }
  return bytes;
}

describe("bytes that are hardly HTTP", () => {
  it.each(Object.entries(byHand))("%s is answered in our words, or not at all", async (_, text) => {
    expect(findFault(await exchange(Buffer.from(text, "latin1")))).toBeUndefined();
  });

  it("damaged at random never cause a fault", async () => {
    const dice = createDice(seed);
    const good = listGood();
    const statuses = new Map<number, number>();
    for (let sent = 0; sent < requests; sent += flightSize) {
      const flight = Array.from({ length: flightSize }, () => damage(dice, dice.pick(good)));
      const texts = await Promise.all(flight.map(exchange));
      for (const [place, text] of texts.entries()) {
        for (const { status } of split(text)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        const bytes = flight[place]?.toString("latin1").slice(0, 2_000);
        expect(findFault(text), JSON.stringify(bytes)).toBeUndefined();
      }
    }
    const parts = [...statuses].sort(([a], [b]) => a - b).map((pair) => pair.join(": "));
    process.stdout.write(
      `raw: ${requests} requests, seed ${seed}, statuses {${parts.join(", ")}}\n`,
    );
    // It must have been worth it: some were still good, most were not.
    expect(statuses.get(200)).toBeGreaterThan(requests / 50);
    expect(statuses.get(400)).toBeGreaterThan(requests / 20);
  });

  it("leave a server behind that answers", async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: "ready" }]);
  });
});
