// Ways around the address guard, each tried on a canary that listens on loopback: every one must
// be refused by the door itself, whatever was checked at save time, and the canary must stay at 0.

import { afterEach, describe, expect, it } from "vitest";
import { Openings, openHttpFarEnd } from "../../test/support/far-end.ts";
import { forbiddenShortUrls, forbiddenUrls, zoneUrls } from "../../test/support/forbidden-urls.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor, type HttpDoorOptions } from "./http.ts";
import type { HttpCall } from "./http-call.ts";

const openings = new Openings();
afterEach(() => openings.close());

const openCanary = async () =>
  openings.keep(await openHttpFarEnd((_request, response) => response.end("secret")));

function openDoor(options: Partial<HttpDoorOptions> = {}) {
  return openings.keep(createHttpDoor({ guard: createAddressGuard([]), ...options }));
}

function ask(url: string, more: Partial<HttpCall> = {}): HttpCall {
  const base = { method: "GET", headers: {}, body: null, timeoutMs: 5_000, bodyBytesMax: 1_000 };
  return { ...base, followRedirects: true, ...more, url };
}

/** A name server that gives these answers, one after the other, the last one for ever. */
function answering(...answers: string[][]): NonNullable<HttpDoorOptions["resolve"]> {
  let asked = 0;
  return (_name, _options, callback) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    callback(
      null,
      answer.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  };
}

describe("a spelling of this machine", () => {
  it.each([...forbiddenUrls, ...forbiddenShortUrls])(
    "%j is refused at save time and at the socket",
    async (template) => {
      const canary = await openCanary();
      const url = template.replace("PORT", String(canary.port));
      const guard = createAddressGuard([]);
      expect(guard.refusalOfUrl(url)).toBeDefined();
      expect(await openDoor().call(ask(url))).toMatchObject({
        kind: "refused",
        errorClass: "target_not_allowed",
        phases: { connectMs: null },
      });
      // The same without the check of the URL: what is left is the check of the address.
      const bare = { refusal: guard.refusal, refusalOfUrl: () => undefined };
      const outcome = await openDoor({ guard: bare }).call(ask(url));
      expect(outcome.kind).not.toBe("answered");
      expect(canary.accepted()).toBe(0);
    },
  );

  it.each(zoneUrls)("%j, with a zone, is no URL", async (template) => {
    const canary = await openCanary();
    const url = template.replace("PORT", String(canary.port));
    expect(createAddressGuard([]).refusalOfUrl(url)).toContain("cannot be read");
    expect(await openDoor().call(ask(url))).toMatchObject({ errorClass: "invalid_request" });
    expect(canary.accepted()).toBe(0);
  });

  it("and no other kind of URL leads anywhere", async () => {
    const urls = ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x", "unix:/run/x"];
    for (const url of urls)
      expect(await openDoor().call(ask(url))).toMatchObject({ kind: "refused" });
  });
});

describe("a name", () => {
  it.each([
    ["this machine", ["127.0.0.1"]],
    ["this machine in IPv6", ["::1"]],
    ["nothing in particular", ["0.0.0.0"]],
    ["a metadata service", ["169.254.169.254"]],
    ["a private address", ["10.0.0.1"]],
    ["a shared address", ["100.64.0.1"]],
    ["a mapped address", ["::ffff:127.0.0.1"]],
    ["an IPv4-compatible address", ["::127.0.0.1"]],
    ["an address behind NAT64", ["64:ff9b::7f00:1"]],
    ["a 6to4 address", ["2002:7f00:1::"]],
    ["a link-local address with a zone", ["fe80::1%lo"]],
    ["a public and a private address", ["93.184.216.34", "127.0.0.1"]],
    ["a private and a public address", ["127.0.0.1", "93.184.216.34"]],
    ["something that is no address", ["localhost"]],
  ])("that leads to %s is refused", async (_what, addresses) => {
    const canary = await openCanary();
    const door = openDoor({ resolve: answering(addresses) });
    const outcome = await door.call(ask(`http://api.example.com:${canary.port}/`));
    expect(outcome).toMatchObject({
      kind: "refused",
      errorClass: "target_not_allowed",
      message: expect.stringContaining("api.example.com"),
    });
    expect(outcome).toHaveProperty("message", expect.stringContaining("TRIGRUN_ALLOW_NETWORKS"));
    expect(canary.accepted()).toBe(0);
  });

  it("that mixes an opened and a forbidden address is refused, whichever comes first", async () => {
    const canary = await openCanary();
    const guard = createAddressGuard(["127.0.0.1/32"]);
    for (const answer of [
      ["127.0.0.1", "10.0.0.1"],
      ["10.0.0.1", "127.0.0.1"],
    ]) {
      const door = openDoor({ guard, resolve: answering(answer) });
      const outcome = await door.call(ask(`http://api.example.com:${canary.port}/`));
      expect(outcome).toMatchObject({ kind: "refused" });
    }
    expect(canary.accepted()).toBe(0);
  });

  it("that changes its mind between two calls is refused at the second", async () => {
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        response.setHeader("connection", "close").end("first");
      }),
    );
    const door = openDoor({
      guard: createAddressGuard(["127.0.0.1/32"]),
      resolve: answering(["127.0.0.1"], ["10.0.0.1"]),
    });
    const url = `http://rebind.example.com:${far.port}/`;
    expect(await door.call(ask(url))).toMatchObject({ kind: "answered" });
    await far.emptied();
    expect(await door.call(ask(url))).toMatchObject({ kind: "refused" });
    expect(far.accepted()).toBe(1);
  });

  it("is looked up once per connection: what was checked is what is dialled", async () => {
    const far = await openCanary();
    const answers: string[] = [];
    const resolve = answering(["127.0.0.1"], ["10.0.0.1"]);
    const door = openDoor({
      guard: createAddressGuard(["127.0.0.1/32"]),
      resolve: (name, options, callback) => {
        answers.push(name);
        resolve(name, options, callback);
      },
    });
    const url = `http://rebind.example.com:${far.port}/`;
    expect(await door.call(ask(url))).toMatchObject({ kind: "answered" });
    expect(answers).toEqual(["rebind.example.com"]);
  });

  it("of this machine is reached in the family that the operator opened", async () => {
    const far = await openCanary();
    const door = openDoor({
      guard: createAddressGuard(["127.0.0.1/32"]),
      resolve: answering(["::1", "127.0.0.1"]),
    });
    for (const name of ["localhost", "hooks.localhost"]) {
      const outcome = await door.call(ask(`http://${name}:${far.port}/`));
      expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
    }
  });
});

describe("what the operator opened", () => {
  it("is reached under every spelling", async () => {
    const far = await openCanary();
    const door = openDoor({ guard: createAddressGuard(["127.0.0.1/32"]) });
    for (const host of ["127.0.0.1", "2130706433", "127.1", "localhost"]) {
      const outcome = await door.call(ask(`http://${host}:${far.port}/`));
      expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
    }
  });

  it("does not open its neighbours", async () => {
    const door = openDoor({ guard: createAddressGuard(["127.0.0.1/32"]) });
    for (const host of ["127.0.0.2", "10.0.0.1", "[::1]", "169.254.169.254"]) {
      expect(await door.call(ask(`http://${host}/`))).toMatchObject({ kind: "refused" });
    }
  });

  it("still takes no password in the URL, not even on a connection that is open", async () => {
    const far = await openCanary();
    const door = openDoor({ guard: createAddressGuard(["127.0.0.1/32"]) });
    expect(await door.call(ask(far.url))).toMatchObject({ kind: "answered" });
    const outcome = await door.call(ask(`http://user:hunter2@127.0.0.1:${far.port}/`));
    expect(outcome).toMatchObject({ kind: "refused" });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });
});
