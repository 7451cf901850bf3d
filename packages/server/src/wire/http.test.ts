// The HTTP door against real servers on loopback: what comes back, what is kept, and what every
// kind of broken far end turns into. Deadlines, redirects and the guard have files of their own.

import { createServer as createTlsServer } from "node:https";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  listen,
  Openings,
  openHttpFarEnd,
  openRawFarEnd,
  selfSigned,
} from "../../test/support/far-end.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor, type HttpDoorOptions } from "./http.ts";
import type { HttpCall } from "./http-call.ts";

const openings = new Openings();
afterEach(async () => {
  vi.unstubAllEnvs();
  await openings.close();
});

function openDoor(options: Partial<HttpDoorOptions> = {}) {
  const guard = createAddressGuard(["127.0.0.1/32"]);
  return openings.keep(createHttpDoor({ guard, ...options }));
}

function ask(url: string, more: Partial<HttpCall> = {}): HttpCall {
  const base = { method: "GET", headers: {}, body: null, timeoutMs: 5_000, bodyBytesMax: 1_000 };
  return { ...base, followRedirects: false, ...more, url };
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("an answer", () => {
  it("comes back as it is for every status from 200 to 599", async () => {
    const far = openings.keep(
      await openHttpFarEnd((request, response) => {
        response.writeHead(Number(request.url?.slice(1)), { location: "/elsewhere" }).end();
      }),
    );
    const door = openDoor();
    for (let status = 200; status < 600; status += 1) {
      expect(await door.call(ask(`${far.url}/${status}`))).toMatchObject({
        kind: "answered",
        statusCode: status,
        redirects: [],
      });
    }
  });

  it("carries headers in lower case, joined when they came twice, and the body", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () =>
          socket.end(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Twice: a\r\nx-twice: b\r\n" +
              "Set-Cookie: c=1\r\nset-cookie: d=2\r\nX-Empty:\r\n__proto__: x\r\n\r\ngrüß",
          ),
        );
      }),
    );
    const startedAt = new Date("2026-11-23T10:00:00.000Z");
    const door = openDoor({ clock: { now: () => startedAt } });
    const outcome = await door.call(ask(far.url));
    expect(outcome).toMatchObject({
      kind: "answered",
      statusCode: 200,
      startedAt,
      bodyTruncated: false,
      headers: {
        "content-type": "text/plain",
        "x-twice": "a, b",
        "set-cookie": "c=1, d=2",
        "x-empty": "",
      },
    });
    if (outcome.kind !== "answered") throw new Error(outcome.message);
    expect(outcome.body.toString()).toBe("grüß");
    for (const value of Object.values(outcome.headers)) expect(typeof value).toBe("string");
    expect(outcome.phases).toMatchObject({ dnsMs: null, tlsMs: null });
    expect(outcome.phases.connectMs).toBeGreaterThanOrEqual(0);
    expect(outcome.phases.firstByteMs).toBeGreaterThanOrEqual(0);
    expect(outcome.phases.bodyMs).toBeGreaterThanOrEqual(0);
    expect(Number.isInteger(outcome.latencyMs)).toBe(true);
  });

  it("is the final one: hints before it are passed over", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () =>
          socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok}`),
        );
      }),
    );
    const outcome = await openDoor().call(ask(far.url));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(outcome).not.toHaveProperty("headers.link");
  });

  it.each(["POST", "PUT", "PATCH", "DELETE"])("follows a %s that arrives whole", async (method) => {
    const seen: unknown[] = [];
    const far = openings.keep(
      await openHttpFarEnd((request, response) => {
        let body = "";
        request.setEncoding("utf8").on("data", (chunk) => {
          body += chunk;
        });
        request.on("end", () => {
          seen.push([request.method, request.url, request.headers["x-own"], body]);
          response.end();
        });
      }),
    );
    const outcome = await openDoor().call(
      ask(`${far.url}/a%20b?q=1#f`, { method, headers: { "X-Own": "1" }, body: '{"ü":"✓"}' }),
    );
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(seen).toEqual([[method, "/a%20b?q=1", "1", '{"ü":"✓"}']]);
  });

  it("has no body for HEAD, 204 and 304", async () => {
    const far = openings.keep(
      await openHttpFarEnd((request, response) => {
        response.writeHead(request.method === "HEAD" ? 200 : 304, { "content-length": "5" }).end();
      }),
    );
    const door = openDoor();
    for (const method of ["HEAD", "GET"]) {
      const outcome = await door.call(ask(far.url, { method }));
      expect(outcome).toMatchObject({ kind: "answered", bodyTruncated: false });
      expect(outcome).toHaveProperty("body.length", 0);
    }
  });
});

describe("the body cap", () => {
  const far = () =>
    openHttpFarEnd((request, response) => {
      response.end("x".repeat(Number(request.url?.slice(1))));
    });

  it.each([
    [0, 0, false],
    [999, 999, false],
    [1_000, 1_000, false],
    [1_001, 1_000, true],
    [200_000, 1_000, true],
  ])("of 1,000 bytes turns %i into %i", async (sent, kept, bodyTruncated) => {
    const end = openings.keep(await far());
    const outcome = await openDoor().call(ask(`${end.url}/${sent}`));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 200, bodyTruncated });
    expect(outcome).toHaveProperty("body.length", kept);
  });

  it("of nothing keeps nothing", async () => {
    const end = openings.keep(await far());
    const outcome = await openDoor().call(ask(`${end.url}/1`, { bodyBytesMax: 0 }));
    expect(outcome).toMatchObject({ kind: "answered", bodyTruncated: true });
    expect(outcome).toHaveProperty("body.length", 0);
  });

  it("ends an endless body and its connection, and the next call works", async () => {
    const end = openings.keep(
      await openHttpFarEnd((request, response) => {
        if (request.url === "/short") {
          response.end("ok");
          return;
        }
        const pour = () => {
          while (!response.destroyed && response.write("y".repeat(16_384)));
        };
        response.on("drain", pour);
        pour();
      }),
    );
    const door = openDoor();
    const outcome = await door.call(ask(end.url, { bodyBytesMax: 100_000 }));
    expect(outcome).toMatchObject({ kind: "answered", bodyTruncated: true });
    expect(outcome).toHaveProperty("body.length", 100_000);
    await end.emptied();
    expect(await door.call(ask(`${end.url}/short`))).toMatchObject({ kind: "answered" });
  });
});

describe("connections", () => {
  it("are kept for the next call to the same origin", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const door = openDoor();
    const outcomes = [];
    for (let i = 0; i < 5; i += 1) outcomes.push(await door.call(ask(`${far.url}/${i}`)));
    expect(outcomes.map((each) => each.kind)).toEqual(Array(5).fill("answered"));
    expect(far.accepted()).toBe(1);
    expect(outcomes[0]?.phases.connectMs).not.toBeNull();
    expect(outcomes[1]?.phases).toMatchObject({ dnsMs: null, connectMs: null, tlsMs: null });
    expect(outcomes[1]?.phases.firstByteMs).not.toBeNull();
  });

  it("are not kept when the far end says so, and nothing is lost over that", async () => {
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        response.setHeader("connection", "close").end("ok");
      }),
    );
    const door = openDoor({ connectionsPerOriginMax: 3 });
    const calls = Array.from({ length: 30 }, () => door.call(ask(far.url, { method: "POST" })));
    for (const outcome of await Promise.all(calls)) expect(outcome.kind).toBe("answered");
    expect(far.accepted()).toBe(30);
  });

  it("are at most so many per origin, and further calls wait in line", async () => {
    let most = 0;
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        most = Math.max(most, far.open());
        setImmediate(() => response.end("ok"));
      }),
    );
    const door = openDoor({ connectionsPerOriginMax: 3 });
    const calls = Array.from({ length: 200 }, () => door.call(ask(far.url)));
    for (const outcome of await Promise.all(calls)) expect(outcome.kind).toBe("answered");
    expect(far.accepted()).toBe(3);
    expect(most).toBe(3);
  });

  it("that idle are at most so many over all origins: the longest idle one ends", async () => {
    const ends = [];
    for (let i = 0; i < 3; i += 1) {
      ends.push(openings.keep(await openHttpFarEnd((_request, response) => response.end("ok"))));
    }
    const door = openDoor({ connectionsIdleMax: 2 });
    for (const end of ends) await door.call(ask(end.url));
    await ends[0]?.emptied();
    expect(ends.map((end) => end.open())).toEqual([0, 1, 1]);
  });

  it("end with the door", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const door = openDoor();
    await Promise.all([door.call(ask(far.url)), door.call(ask(far.url))]);
    expect(far.open()).toBe(2);
    await door.close();
    await far.emptied();
    expect(await door.call(ask(far.url))).toMatchObject({ kind: "cancelled" });
    expect(far.accepted()).toBe(2);
  });
});

describe("a kept connection that closes just as the request is sent", () => {
  /** Answers the first request of each connection and closes on the second. */
  const openStale = (firstAnswers = Number.POSITIVE_INFINITY) => {
    let connections = 0;
    const requests: number[] = [];
    return openRawFarEnd((socket) => {
      connections += 1;
      const connection = connections;
      let heard = 0;
      socket.on("data", () => {
        heard += 1;
        requests.push(connection);
        if (heard === 1 && connection <= firstAnswers) socket.write(ok);
        else socket.destroy();
      });
    }).then((far) => Object.assign(far, { requests }));
  };

  it.each(["GET", "HEAD", "PUT", "DELETE"])(
    "is no failure for %s: it is repeated",
    async (method) => {
      const far = openings.keep(await openStale());
      const door = openDoor();
      // HEAD never leaves a connection behind, so a GET goes first.
      await door.call(ask(far.url));
      const outcome = await door.call(ask(far.url, { method }));
      expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
      expect(outcome.phases.connectMs).not.toBeNull();
      expect(far.requests).toEqual([1, 1, 2]);
    },
  );

  it("is repeated once only", async () => {
    const far = openings.keep(await openStale(1));
    const door = openDoor();
    await door.call(ask(far.url));
    expect(await door.call(ask(far.url))).toMatchObject({
      kind: "connection_error",
      errorClass: "socket_closed",
    });
    expect(far.requests).toEqual([1, 1, 2]);
  });

  it("is repeated on a fresh connection, not on another one that is as old", async () => {
    const far = openings.keep(await openStale());
    const door = openDoor({ connectionsPerOriginMax: 2 });
    await Promise.all([door.call(ask(far.url)), door.call(ask(far.url))]);
    expect(await door.call(ask(far.url))).toMatchObject({ kind: "answered" });
    expect(far.requests).toHaveLength(4);
    expect(far.requests.at(-1)).toBe(3);
  });

  it.each(["POST", "PATCH"])("is a connection error for %s, sent once", async (method) => {
    const far = openings.keep(await openStale());
    const door = openDoor();
    await door.call(ask(far.url));
    expect(await door.call(ask(far.url, { method, body: "{}" }))).toMatchObject({
      kind: "connection_error",
      errorClass: "socket_closed",
      message: expect.stringContaining("whether the request arrived is not known"),
    });
    expect(far.requests).toEqual([1, 1]);
  });

  it("is a connection error for all when the answer had begun", async () => {
    let heard = 0;
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.on("data", () => {
          heard += 1;
          if (heard === 1) socket.write(ok);
          else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
        });
      }),
    );
    const door = openDoor();
    await door.call(ask(far.url));
    expect(await door.call(ask(far.url))).toMatchObject({
      kind: "connection_error",
      errorClass: "socket_closed",
      statusCode: 200,
    });
    expect(heard).toBe(2);
  });

  it("is no failure for anything when it closed before: the call dials again", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.on("data", () => socket.end(ok));
      }),
    );
    const door = openDoor();
    for (let i = 0; i < 5; i += 1) {
      const outcome = await door.call(ask(far.url, { method: "POST", body: "{}" }));
      expect(outcome).toMatchObject({ kind: "answered" });
      await far.emptied();
    }
    expect(far.accepted()).toBe(5);
  });
});

describe("a broken far end", () => {
  it.each([
    ["garbage", "SSH-2.0-OpenSSH_9.2\r\n", "protocol_error"],
    ["a bad status line", "HTTP/1.1 abc OK\r\n\r\n", "protocol_error"],
    [
      "an upgrade nobody asked for",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
      "protocol_error",
    ],
    ["a 100 nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n", "protocol_error"],
    [
      "a bad chunk length",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "protocol_error",
    ],
    [
      "too many headers",
      `HTTP/1.1 200 OK\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`,
      "protocol_error",
    ],
  ])("that sends %s is a %s", async (_what, bytes, errorClass) => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () => socket.write(bytes));
      }),
    );
    expect(await openDoor().call(ask(far.url))).toMatchObject({
      kind: "connection_error",
      errorClass,
      message: expect.stringContaining(`127.0.0.1:${far.port}`),
    });
    await far.emptied();
  });

  it.each([
    ["closes without a word", "", "socket_closed"],
    ["closes inside the headers", "HTTP/1.1 200 OK\r\nContent-Le", "socket_closed"],
    ["closes inside the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "socket_closed"],
    [
      "closes inside a chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "socket_closed",
    ],
  ])("that %s is a socket_closed", async (_what, bytes, errorClass) => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () => socket.end(bytes));
      }),
    );
    const outcome = await openDoor().call(ask(far.url));
    expect(outcome).toMatchObject({ kind: "connection_error", errorClass });
    const hasHeaders = bytes.includes("\r\n\r\n");
    expect(outcome).toHaveProperty("statusCode", hasHeaders ? 200 : null);
  });

  it("that resets is a connection_reset", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () => socket.resetAndDestroy());
      }),
    );
    expect(await openDoor().call(ask(far.url, { method: "POST" }))).toMatchObject({
      kind: "connection_error",
      errorClass: "connection_reset",
      phases: { firstByteMs: null, bodyMs: null },
    });
  });

  it("that is gone is a connection_refused", async () => {
    const far = await openHttpFarEnd(() => undefined);
    await far.close();
    const door = openDoor();
    const outcomes = await Promise.all([1, 2, 3].map(() => door.call(ask(far.url))));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        kind: "connection_error",
        errorClass: "connection_refused",
        phases: { connectMs: null, firstByteMs: null },
      });
    }
  });
});

describe("a name", () => {
  const fail = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code });

  it.each([
    [fail("ENOTFOUND"), "could not be found"],
    [fail("EAI_AGAIN"), "no name server answered"],
    [null, "has no address"],
  ])("that fails with %s is a dns_error", async (error, sentence) => {
    const door = openDoor({ resolve: (_name, _options, callback) => callback(error, []) });
    expect(await door.call(ask("http://api.example.com/"))).toMatchObject({
      kind: "connection_error",
      errorClass: "dns_error",
      message: expect.stringContaining(sentence),
      phases: { connectMs: null },
    });
  });

  it("is looked up once for all calls that want it at that moment", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const asked: string[] = [];
    const door = openDoor({
      resolve: (name, _options, callback) => {
        asked.push(name);
        setImmediate(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));
      },
    });
    const url = `http://api.example.com:${far.port}/`;
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => door.call(ask(url))));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: "answered" });
    expect(outcomes[0]?.phases.dnsMs).not.toBeNull();
    expect(far.accepted()).toBe(4);
    expect(asked).toEqual(["api.example.com"]);
  });

  it("with several addresses is tried on the next when the first is dead", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const door = openDoor({
      guard: createAddressGuard(["127.0.0.1/32", "::1/128"]),
      resolve: (_name, _options, callback) =>
        callback(null, [
          { address: "::1", family: 6 },
          { address: "127.0.0.1", family: 4 },
        ]),
    });
    const outcome = await door.call(ask(`http://api.example.com:${far.port}/`));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
  });
});

describe("TLS", () => {
  const openTls = () =>
    listen(createTlsServer(selfSigned, (_request, response) => response.end("secure")));

  it("with a certificate nobody vouches for is a tls_error", async () => {
    const far = openings.keep(await openTls());
    expect(await openDoor().call(ask(`https://127.0.0.1:${far.port}/`))).toMatchObject({
      kind: "connection_error",
      errorClass: "tls_error",
      message: expect.stringContaining("self-signed"),
    });
  });

  it("with a server that speaks plain HTTP is a tls_error", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("plain")));
    expect(await openDoor().call(ask(`https://127.0.0.1:${far.port}/`))).toMatchObject({
      kind: "connection_error",
      errorClass: "tls_error",
    });
  });

  it("with a server that hangs up is a tls_error", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.once("data", () => socket.end());
      }),
    );
    expect(await openDoor().call(ask(`https://127.0.0.1:${far.port}/`))).toMatchObject({
      kind: "connection_error",
      errorClass: "tls_error",
    });
  });

  it("is timed as a phase of its own, and its session is resumed", async () => {
    // Trust itself is node's business and shown above; here any certificate will do.
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const reused: boolean[] = [];
    const names: unknown[] = [];
    const server = createTlsServer(selfSigned, (_request, response) => {
      response.setHeader("connection", "close").end("secure");
    });
    server.on("secureConnection", (socket) => {
      reused.push(socket.isSessionReused());
      names.push(socket.servername);
    });
    const far = openings.keep(await listen(server));
    const door = openDoor({
      resolve: (_name, _options, callback) => callback(null, [{ address: "127.0.0.1", family: 4 }]),
    });
    for (let i = 0; i < 2; i += 1) {
      const outcome = await door.call(ask(`https://api.example.com:${far.port}/`));
      expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
      expect(outcome.phases.tlsMs).not.toBeNull();
      expect(outcome.phases.dnsMs).not.toBeNull();
    }
    expect(reused).toEqual([false, true]);
    expect(names).toEqual(["api.example.com", "api.example.com"]);
  });
});

describe("a request that cannot be sent", () => {
  it.each<[string, Partial<HttpCall>]>([
    ["a header name with a space", { headers: { "x y": "hunter2" } }],
    ["an empty header name", { headers: { "": "hunter2" } }],
    ["a header value with a line break", { headers: { "x-a": "hunter2\r\nx-b: 1" } }],
    ["a header value with a NUL", { headers: { "x-a": "hunter2\0" } }],
    ["a header value beyond latin1", { headers: { "x-a": "hunter2 ✓" } }],
    ["a transfer-encoding of its own", { headers: { "transfer-encoding": "hunter2" } }],
    ["an expectation", { headers: { expect: "100-continue" } }],
    ["a wrong content-length", { method: "POST", body: "abc", headers: { "content-length": "5" } }],
    ["a body on GET", { body: "hunter2" }],
    ["a body on HEAD", { method: "HEAD", body: "hunter2" }],
    ["a method with a space", { method: "GET /" }],
  ])("because of %s is an invalid_request that reaches nobody", async (_what, more) => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const door = openDoor();
    const outcome = await door.call(ask(far.url, more));
    expect(outcome).toMatchObject({ kind: "connection_error", errorClass: "invalid_request" });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
    expect(await door.call(ask(far.url))).toMatchObject({ kind: "answered" });
  });

  it("because of its URL is an invalid_request that does not repeat it", async () => {
    const outcome = await openDoor().call(ask("http://hunter2 .com/"));
    expect(outcome).toMatchObject({ kind: "connection_error", errorClass: "invalid_request" });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it("is sent all the same when the body is the empty string", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    expect(await openDoor().call(ask(far.url, { body: "" }))).toMatchObject({ kind: "answered" });
  });
});
