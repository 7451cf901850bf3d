// Redirects through the door: followed only when asked, guarded on every hop, inside one deadline.

import { afterEach, describe, expect, it } from "vitest";
import { Openings, openHttpFarEnd, openRawFarEnd } from "../../test/support/far-end.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor, type HttpDoorOptions } from "./http.ts";
import type { HttpCall } from "./http-call.ts";

const openings = new Openings();
afterEach(() => openings.close());

function openDoor(options: Partial<HttpDoorOptions> = {}) {
  const guard = createAddressGuard(["127.0.0.1/32"]);
  return openings.keep(createHttpDoor({ guard, ...options }));
}

function ask(url: string, more: Partial<HttpCall> = {}): HttpCall {
  const base = { method: "GET", headers: {}, body: null, timeoutMs: 5_000, bodyBytesMax: 1_000 };
  return { ...base, followRedirects: true, ...more, url };
}

interface Seen {
  line: string;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** Redirects by a table from path to location, answers "end" elsewhere, and notes what came. */
async function openRedirecting(locations: Record<string, string> = {}, status = 302) {
  const seen: Seen[] = [];
  const far = openings.keep(
    await openHttpFarEnd((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        seen.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
        const location = locations[request.url ?? ""];
        if (location === undefined) response.end("end");
        else response.writeHead(status, { location }).end("moved");
      });
    }),
  );
  return { ...far, seen, locations };
}

describe("a redirect", () => {
  it("is the answer when the call does not follow it", async () => {
    const far = await openRedirecting({ "/": "/end" });
    const outcome = await openDoor().call(ask(far.url, { followRedirects: false }));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 302, redirects: [] });
    expect(outcome).toHaveProperty("body", Buffer.from("moved"));
    expect(far.seen).toHaveLength(1);
  });

  it("is the answer when it says not where to", async () => {
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => response.writeHead(302).end("lost")),
    );
    const outcome = await openDoor().call(ask(far.url));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 302, redirects: [] });
    expect(outcome).toHaveProperty("body", Buffer.from("lost"));
  });

  it("is followed over the same connection, and each stop is told without its query", async () => {
    const far = await openRedirecting({
      "/": "/a?key=hunter2",
      "/a?key=hunter2": "b/c",
      "/b/c": "/end",
    });
    const outcome = await openDoor().call(ask(far.url));
    expect(outcome).toMatchObject({
      kind: "answered",
      statusCode: 200,
      redirects: [`${far.url}/a?…`, `${far.url}/b/c`, `${far.url}/end`],
    });
    expect(outcome).toHaveProperty("body", Buffer.from("end"));
    expect(far.seen.map((each) => each.line)).toEqual([
      "GET /",
      "GET /a?key=hunter2",
      "GET /b/c",
      "GET /end",
    ]);
    expect(far.accepted()).toBe(1);
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it.each([
    [301, "GET", ""],
    [302, "GET", ""],
    [303, "GET", ""],
    [307, "POST", "{}"],
    [308, "POST", "{}"],
  ])("by %i repeats a POST as %s with the body %j", async (status, method, body) => {
    const far = await openRedirecting({ "/": "/end" }, status);
    const call = ask(far.url, { method: "POST", body: "{}", headers: { "content-type": "x/y" } });
    expect(await openDoor().call(call)).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(far.seen[1]).toMatchObject({ line: `${method} /end`, body });
    expect(far.seen[1]?.headers["content-type"]).toBe(body === "" ? undefined : "x/y");
  });

  it("to another origin leaves credentials behind", async () => {
    const other = await openRedirecting();
    const far = await openRedirecting({ "/": `${other.url}/end`, "/same": "/end" });
    const headers = { authorization: "Bearer hunter2", "x-api-key": "hunter2", "x-own": "1" };
    const door = openDoor();
    await door.call(ask(far.url, { headers }));
    await door.call(ask(`${far.url}/same`, { headers }));
    expect(JSON.stringify(other.seen)).not.toContain("hunter2");
    expect(other.seen[0]?.headers["x-own"]).toBe("1");
    expect(other.seen[0]?.headers.host).toBe(`127.0.0.1:${other.port}`);
    expect(far.seen.at(-1)?.headers.authorization).toBe("Bearer hunter2");
  });

  it("is followed five times, and the sixth is too_many_redirects", async () => {
    const far = await openRedirecting({
      "/1": "/2",
      "/2": "/3",
      "/3": "/4",
      "/4": "/5",
      "/5": "/end",
      "/0": "/1",
    });
    const door = openDoor();
    expect(await door.call(ask(`${far.url}/1`))).toMatchObject({
      kind: "answered",
      statusCode: 200,
    });
    expect(await door.call(ask(`${far.url}/0`))).toMatchObject({
      kind: "connection_error",
      errorClass: "too_many_redirects",
      redirects: { length: 5 },
    });
  });

  it("to something that is no URL is an invalid_redirect", async () => {
    const far = await openRedirecting({ "/": "http://hunter2 .com/" });
    const outcome = await openDoor().call(ask(far.url));
    expect(outcome).toMatchObject({ kind: "connection_error", errorClass: "invalid_redirect" });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it("whose body never ends is followed at once", async () => {
    const end = await openRedirecting();
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        response.writeHead(302, { location: end.url }).write("and then");
      }),
    );
    expect(await openDoor().call(ask(far.url))).toMatchObject({
      kind: "answered",
      statusCode: 200,
    });
    await far.emptied();
  });

  it("counts against the one deadline of the call", async () => {
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        setTimeout(() => response.writeHead(302, { location: "/again" }).end(), 80);
      }),
    );
    const outcome = await openDoor().call(ask(far.url, { timeoutMs: 200 }));
    expect(outcome).toMatchObject({ kind: "timeout", errorClass: "timeout_response" });
    expect(outcome.latencyMs).toBeGreaterThanOrEqual(195);
    expect(outcome.latencyMs).toBeLessThan(3_000);
    expect(outcome.redirects.length).toBeGreaterThan(0);
  });
});

describe("a redirect to a forbidden address", () => {
  it.each([
    ["a literal address", "http://127.0.0.2:PORT/"],
    ["a name", "http://inner.example:PORT/"],
    ["localhost in the other family", "http://[::1]:PORT/"],
    ["a decimal address", "http://2130706434:PORT/"],
    ["a mapped address", "http://[::ffff:127.0.0.2]:PORT/"],
    ["the same scheme", "//127.0.0.2:PORT/"],
    ["backslashes", "\\\\127.0.0.2:PORT\\"],
    ["a metadata service", "http://169.254.169.254/latest/meta-data/"],
    ["a file", "file:///etc/passwd"],
    ["a password", "http://user:hunter2@127.0.0.1:PORT/"],
  ])("by %s is refused, and nobody is reached", async (_what, template) => {
    const canary = openings.keep(await openRawFarEnd((socket) => socket.end()));
    const far = await openRedirecting({ "/": template.replace("PORT", String(canary.port)) });
    const door = openDoor({
      resolve: (_name, _options, callback) => callback(null, [{ address: "127.0.0.3", family: 4 }]),
    });
    const outcome = await door.call(ask(far.url));
    expect(outcome).toMatchObject({ kind: "refused", errorClass: "target_not_allowed" });
    expect(outcome.redirects).toHaveLength(1);
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
    expect(far.seen).toHaveLength(1);
    expect(canary.accepted()).toBe(0);
  });
});
