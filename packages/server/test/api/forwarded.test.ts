// Whose address counts: that of whoever connects, unless a proxy that the operator trusts speaks
// for somebody else. Over real sockets, from addresses of 127.0.0.0/8.
import type { AddressInfo } from "node:net";
import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";
import { askRaw } from "../support/raw-client.ts";

const near = "127.0.0.8";
const far = "127.0.1.9";
const stranger = "127.0.0.66";
const client = "198.51.100.7";

let trusting: TestApi;
let plain: TestApi;
beforeAll(async () => {
  const settings = { TRIGRUN_RATE_LIMIT_PER_ADDRESS: "1" };
  plain = await createTestApi({ settings });
  trusting = await createTestApi({
    settings: { ...settings, TRIGRUN_TRUSTED_PROXIES: `${near},127.0.1.0/24,2001:db8:aa::/48` },
  });
  for (const { app } of [plain, trusting]) await app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => Promise.all([plain.close(), trusting.close()]));

/** The address that the server counts and logs: the second request is one too many. */
async function addressOf(api: TestApi, ask: () => Promise<unknown>): Promise<unknown> {
  // Nobody is over a limit by an earlier test.
  api.clock.advance(61_000);
  api.logged.length = 0;
  await ask();
  await ask();
  expect(api.logged).toMatchObject([{ message: "an address is over its limit" }]);
  return api.logged[0]?.fields.address;
}

function seenAs(api: TestApi, from: string, forwardedFor?: string): Promise<unknown> {
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = api.app.server.address() as AddressInfo;
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return addressOf(api, () => askRaw(port, "/llms.txt", { from, headers }));
}

describe("without trusted proxies", () => {
  it.each([undefined, client, `${client}, ${near}`, "garbage", "::1"])(
    "the client is who connects, whatever is forwarded: %s",
    async (header) => {
      expect(await seenAs(plain, near, header)).toBe(near);
    },
  );
});

describe("with trusted proxies", () => {
  it.each([
    ["nobody speaks for a stranger", stranger, client, stranger],
    ["a stranger cannot claim to be behind a proxy", stranger, `${client}, ${near}`, stranger],
    ["the nearest proxy speaks for its client", near, client, client],
    ["a proxy that says nothing is the client itself", near, undefined, near],
    ["an empty header says nothing", near, " ", near],
    ["proxies behind proxies are passed over", near, `${client}, ${far}`, client],
    ["what a client wrote in front is not believed", near, `10.0.0.1, ${client}, ${far}`, client],
    ["a client cannot hide behind a trusted address", near, `${far}, ${client}`, client],
    ["all trusted: the farthest of them", near, `127.0.1.5, ${far}`, "127.0.1.5"],
    ["IPv6", near, "2001:db8:1::7", "2001:db8:1::7"],
    ["IPv6 behind a proxy of IPv6", near, "2001:db8:1::7, 2001:db8:aa::1", "2001:db8:1::7"],
    ["IPv6 with brackets and port", near, "[2001:db8:1::7]:4711", "2001:db8:1::7"],
    ["IPv4 with port", near, `${client}:4711`, client],
    [
      "IPv4 in the clothes of IPv6, behind a proxy in them",
      near,
      `${client}, ::ffff:${far}`,
      client,
    ],
    ["garbage is nobody, and the proxy the client", near, "garbage", near],
    ["nothing left of garbage counts", near, `10.0.0.1, <script>, ${far}`, far],
    ["garbage left of the client is of no interest", near, `unknown, ${client}`, client],
    ["a number is no address", near, "2130706433", near],
    ["a very long chain", near, `${"10.0.0.1, ".repeat(1_000)}${client}`, client],
  ])("%s", async (_what, from, header, expected) => {
    expect(await seenAs(trusting, from, header)).toBe(expected);
  });

  it("repeated headers are one list, in their order", async () => {
    const { port } = trusting.app.server.address() as AddressInfo;
    const headers = { "x-forwarded-for": `10.0.0.1\r\nX-Forwarded-For: ${client}` };
    const ask = () => askRaw(port, "/llms.txt", { from: near, headers });
    expect(await addressOf(trusting, ask)).toBe(client);
  });

  it("whom nobody knows behind 32 trusted proxies is the farthest of those", async () => {
    const chain = `${client}, ${"127.0.1.7, ".repeat(32)}${far}`;
    expect(await seenAs(trusting, near, chain)).toBe("127.0.1.7");
  });

  it.each([
    ["2001:db8:aa::5", client],
    ["2001:db8:bb::5", "2001:db8:bb::5"],
    [`::ffff:${near}`, client],
    [`::ffff:${stranger}`, `::ffff:${stranger}`],
  ])("connections of IPv6 are told apart: %s", async (address, expected) => {
    const headers = { "x-forwarded-for": client };
    const ask = () => trusting.call({ path: "/llms.txt", token: null, address, headers });
    expect(await addressOf(trusting, ask)).toBe(expected);
  });

  it("the tries of a sign-in are counted for the client, not for the proxy", async () => {
    const body = { email: "nobody@example.com", password: "not the right password" };
    const logIn = (from: string) =>
      plain.call({
        ...{ path: "/v1/auth/login", body, token: null, address: near },
        headers: { "x-forwarded-for": from },
      });
    plain.clock.advance(61_000);
    expect((await logIn(client)).status).toBe(401);
    // Without trust both came from the one address that connects.
    expect((await logIn("198.51.100.8")).status).toBe(429);
    const trusted = (from: string) =>
      trusting.call({
        ...{ path: "/v1/auth/login", body, token: null, address: near },
        headers: { "x-forwarded-for": from },
      });
    trusting.clock.advance(61_000);
    expect((await trusted(client)).status).toBe(401);
    expect((await trusted("198.51.100.8")).status).toBe(401);
  });
});

/** How many addresses the server read to answer one request with 15 KB of them. */
async function countReads(api: TestApi, from: string): Promise<number> {
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = api.app.server.address() as AddressInfo;
  api.clock.advance(61_000);
  const reads = vi.spyOn(ipaddr.IPv4, "isValidFourPartDecimal");
  try {
    const headers = { "x-forwarded-for": `${"::1,".repeat(3_750)}::1` };
    expect(await askRaw(port, "/llms.txt", { from, headers })).toMatch(/^HTTP\/1\.1 200/);
    return reads.mock.calls.length;
  } finally {
    reads.mockRestore();
  }
}

it("15 KB of addresses are not read, or no more of them than proxies there could be", async () => {
  // One is that of whoever connects.
  expect(await countReads(plain, near)).toBeLessThan(5);
  expect(await countReads(trusting, stranger)).toBeLessThan(5);
  expect(await countReads(trusting, near)).toBeLessThan(100);
});
