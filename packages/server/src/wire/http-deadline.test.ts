// The deadline of a call, its cancellation, and what its sentences must never hold.

import { afterEach, describe, expect, it } from "vitest";
import { Openings, openHttpFarEnd, openRawFarEnd } from "../../test/support/far-end.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor, type HttpDoorOptions } from "./http.ts";
import type { HttpCall, HttpOutcome } from "./http-call.ts";

const openings = new Openings();
afterEach(() => openings.close());

function openDoor(options: Partial<HttpDoorOptions> = {}) {
  const guard = createAddressGuard(["127.0.0.1/32"]);
  return openings.keep(createHttpDoor({ guard, ...options }));
}

function ask(url: string, more: Partial<HttpCall> = {}): HttpCall {
  const base = { method: "GET", headers: {}, body: null, timeoutMs: 5_000, bodyBytesMax: 1_000 };
  return { ...base, followRedirects: false, ...more, url };
}

/** A far end that takes requests and never answers, and tells when one has come. */
async function openSilent() {
  let tell: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const far = openings.keep(await openRawFarEnd((socket) => socket.on("data", () => tell())));
  return { ...far, asked };
}

/** Writes a piece every 20 ms until the connection ends. */
function openDripping(head: string, piece: string) {
  return openRawFarEnd((socket) => {
    socket.write(head);
    const timer = setInterval(() => socket.write(piece), 20);
    socket.on("close", () => clearInterval(timer));
  });
}

function expectTimely(outcome: HttpOutcome, timeoutMs: number) {
  // setTimeout may fire up to a millisecond early by the finer clock; the rest is a busy machine.
  expect(outcome.latencyMs).toBeGreaterThanOrEqual(timeoutMs - 2);
  expect(outcome.latencyMs).toBeLessThan(timeoutMs + 3_000);
}

describe("the deadline", () => {
  it("ends a call that gets no answer", async () => {
    const far = await openSilent();
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 150 }));
    expect(outcome).toMatchObject({
      kind: "timeout",
      errorClass: "timeout_response",
      message: `127.0.0.1:${far.port} took the request but did not answer within 150 ms.`,
      statusCode: null,
      phases: { firstByteMs: null, bodyMs: null },
    });
    expect(outcome.phases.connectMs).not.toBeNull();
    expectTimely(outcome, 150);
    await far.emptied();
  });

  it("ends a call whose headers drip", async () => {
    const far = openings.keep(await openDripping("HTTP/1.1 200 OK\r\n", "x-drip: 1\r\n"));
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 150 }));
    expect(outcome).toMatchObject({ kind: "timeout", errorClass: "timeout_response" });
    expect(outcome.phases.firstByteMs).not.toBeNull();
    expectTimely(outcome, 150);
    await far.emptied();
  });

  it("ends a call whose body drips", async () => {
    const far = openings.keep(
      await openDripping(
        "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1\r\nx\r\n",
      ),
    );
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 150 }));
    expect(outcome).toMatchObject({
      kind: "timeout",
      errorClass: "timeout_body",
      statusCode: 201,
      phases: { bodyMs: null },
    });
    expectTimely(outcome, 150);
    await far.emptied();
  });

  it("ends a call that is told to wait for ever", async () => {
    const far = openings.keep(await openDripping("", "HTTP/1.1 102 Processing\r\n\r\n"));
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 150 }));
    expect(outcome).toMatchObject({ kind: "timeout", errorClass: "timeout_response" });
    expectTimely(outcome, 150);
  });

  it("ends a call whose name is not found in time", async () => {
    const door = openDoor({ resolve: () => undefined });
    const outcome = await door.call(ask("http://slow.example.com/", { timeoutMs: 100 }));
    expect(outcome).toMatchObject({
      kind: "timeout",
      errorClass: "timeout_connect",
      message: expect.stringContaining("its name was still being looked up"),
      phases: { dnsMs: null, connectMs: null },
    });
    expectTimely(outcome, 100);
  });

  it("ends a call whose TLS handshake hangs", async () => {
    const far = await openSilent();
    const url = `https://127.0.0.1:${far.port}/`;
    const door = openDoor({ connectTimeoutMs: 600_000 });
    const outcome = await door.call(ask(url, { timeoutMs: 150 }));
    expect(outcome).toMatchObject({
      kind: "timeout",
      errorClass: "timeout_connect",
      message: expect.stringContaining("the TLS handshake was not complete"),
      phases: { tlsMs: null },
    });
    expect(outcome.phases.connectMs).not.toBeNull();
    await far.emptied();
  });

  it("is shorter for connecting than for a long call", async () => {
    const far = await openSilent();
    const door = openDoor({ connectTimeoutMs: 100 });
    const outcome = await door.call(ask(`https://127.0.0.1:${far.port}/`, { timeoutMs: 60_000 }));
    expect(outcome).toMatchObject({
      kind: "timeout",
      errorClass: "timeout_connect",
      message: expect.stringContaining("within 100 ms"),
    });
    expectTimely(outcome, 100);
    await far.emptied();
  });

  // Few of the line give up, then most of it: the two are forgotten in different ways.
  it.each([
    [2, 10],
    [20, 1],
  ])("counts waiting in line: %i give up and are never sent, %i wait", async (hasty, patient) => {
    const urls: (string | undefined)[] = [];
    const far = openings.keep(
      await openHttpFarEnd((request, response) => {
        urls.push(request.url);
        if (request.url !== "/slow") response.end();
      }),
    );
    const door = openDoor({ connectionsPerOriginMax: 1 });
    const callAll = (count: number, path: string, timeoutMs: number) =>
      Promise.all(
        Array.from({ length: count }, () => door.call(ask(`${far.url}${path}`, { timeoutMs }))),
      );
    const [slow, gone, answered] = await Promise.all([
      callAll(1, "/slow", 400),
      callAll(hasty, "/hasty", 100),
      callAll(patient, "/patient", 10_000),
    ]);
    expect(slow[0]).toMatchObject({ kind: "timeout", errorClass: "timeout_response" });
    for (const outcome of answered) expect(outcome).toMatchObject({ kind: "answered" });
    for (const outcome of gone) {
      expect(outcome).toMatchObject({
        kind: "timeout",
        errorClass: "timeout_queue",
        phases: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null },
      });
    }
    expect(urls).toEqual(["/slow", ...Array(patient).fill("/patient")]);
  });

  it("of one call leaves the others on the same origin alone", async () => {
    const far = openings.keep(
      await openHttpFarEnd((request, response) => {
        if (request.url !== "/never") setTimeout(() => response.end("ok"), 250);
      }),
    );
    const door = openDoor();
    const [never, ...others] = await Promise.all([
      door.call(ask(`${far.url}/never`, { timeoutMs: 100 })),
      door.call(ask(far.url)),
      door.call(ask(far.url)),
    ]);
    expect(never).toMatchObject({ kind: "timeout" });
    for (const outcome of others) expect(outcome).toMatchObject({ kind: "answered" });
  });

  it("may be longer than a timer can count", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 2 ** 40 }));
    expect(outcome).toMatchObject({ kind: "answered" });
  });
});

describe("a cancelled call", () => {
  it("ends when its signal says so", async () => {
    const far = await openSilent();
    const stop = new AbortController();
    const outcome = openDoor().call(ask(far.url, { signal: stop.signal }));
    await far.asked;
    stop.abort();
    expect(await outcome).toMatchObject({
      kind: "cancelled",
      errorClass: "cancelled",
      phases: { firstByteMs: null },
    });
    await far.emptied();
  });

  it("is not even begun when its signal has spoken before", async () => {
    const far = await openSilent();
    const outcome = await openDoor().call(ask(far.url, { signal: AbortSignal.abort() }));
    expect(outcome).toMatchObject({ kind: "cancelled" });
    expect(far.accepted()).toBe(0);
  });

  it("ends while its name is looked up and while it waits in line", async () => {
    const far = await openSilent();
    const stop = new AbortController();
    const door = openDoor({ connectionsPerOriginMax: 1, resolve: () => undefined });
    const calls = [
      door.call(ask("http://slow.example.com/", { signal: stop.signal })),
      door.call(ask(far.url, { signal: stop.signal })),
      door.call(ask(far.url, { signal: stop.signal })),
    ];
    await far.asked;
    stop.abort();
    for (const outcome of await Promise.all(calls)) {
      expect(outcome).toMatchObject({ kind: "cancelled" });
    }
    await far.emptied();
    expect(far.accepted()).toBe(1);
  });

  it("takes nothing with it that has another signal, and leaves no listener behind", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const stop = new AbortController();
    let listeners = 0;
    const { signal } = stop;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const door = openDoor();
    const calls = Array.from({ length: 50 }, () => door.call(ask(far.url, { signal })));
    expect(listeners).toBe(1);
    for (const outcome of await Promise.all(calls)) expect(outcome.kind).toBe("answered");
    expect(listeners).toBe(0);
    stop.abort();
    expect(await door.call(ask(far.url))).toMatchObject({ kind: "answered" });
  });

  it("is what a closing door makes of every call under way", async () => {
    const far = await openSilent();
    const door = openDoor({ connectionsPerOriginMax: 1 });
    const calls = [door.call(ask(far.url)), door.call(ask(far.url))];
    await far.asked;
    await door.close();
    for (const outcome of await Promise.all(calls)) {
      expect(outcome).toMatchObject({ kind: "cancelled" });
    }
    await far.emptied();
  });
});

describe("a sentence about a failure", () => {
  it("never holds a header value, a query, a body or a password", async () => {
    const silent = await openSilent();
    const garbage = openings.keep(await openRawFarEnd((socket) => socket.write("hunter2\r\n")));
    const gone = await openRawFarEnd(() => undefined);
    await gone.close();
    const door = openDoor({
      connectTimeoutMs: 100,
      resolve: (_name, _options, callback) => callback(new Error("ENOTFOUND"), []),
    });
    const urls = [
      silent.url,
      silent.url.replace("http:", "https:"),
      garbage.url,
      gone.url,
      "http://nowhere.example.com",
      "http://10.0.0.1",
      "http://user:hunter2@10.0.0.1",
      "hunter2://x",
    ];
    const more = { method: "POST", body: "hunter2", headers: { authorization: "hunter2" } };
    const calls = urls.map((url) =>
      door.call(ask(`${url}/p?token=hunter2#hunter2`, { ...more, timeoutMs: 200 })),
    );
    for (const outcome of await Promise.all(calls)) {
      expect(outcome.kind).not.toBe("answered");
      if (outcome.kind === "answered") continue;
      expect(outcome.message).toMatch(/^[A-Z0-9].*\.$/s);
      if (!outcome.message.includes("hunter2:")) expect(outcome.message).not.toContain("hunter2");
    }
  });
});
