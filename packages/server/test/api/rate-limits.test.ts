// Rates: of each token, and of each address that has none; what is told about them, and that
// guessing tokens gets slower for whoever guesses and for nobody else.
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { DatabaseUnavailable } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { askRaw } from "../support/raw-client.ts";

let test: TestApi | undefined;
afterEach(async () => {
  await test?.close();
  test = undefined;
});

async function limit(perToken: string, perAddress: string): Promise<TestApi> {
  test = await createTestApi({
    settings: {
      TRIGRUN_RATE_LIMIT_PER_TOKEN: perToken,
      TRIGRUN_RATE_LIMIT_PER_ADDRESS: perAddress,
    },
  });
  return test;
}

const path = "/v1/jobs";
const other = "192.0.2.99";

/** The statuses of so many of the same call, one after the other. */
async function repeat(api: TestApi, times: number, call: Parameters<TestApi["call"]>[0]) {
  const statuses: number[] = [];
  for (let time = 0; time < times; time += 1) statuses.push((await api.call(call)).status);
  return statuses;
}

it("tells a token what it has left, in both dialects", async () => {
  const api = await limit("3", "2");
  const answer = await api.call({ path });
  expect(answer.headers).toMatchObject({
    "ratelimit-policy": '"token";q=3;w=60',
    ratelimit: '"token";r=2;t=60',
    "ratelimit-limit": "3",
    "ratelimit-remaining": "2",
    "ratelimit-reset": "60",
  });
});

it("refuses a token beyond its limit, says how long, and takes it again after that", async () => {
  const api = await limit("3", "off");
  expect(await repeat(api, 3, { path })).toEqual([200, 200, 200]);
  api.clock.advance(19_000);
  const refused = await api.call({ path });
  expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limited"]);
  const wait = Number(refused.headers["retry-after"]);
  expect(refused.body.error.message).toBe(
    `Too many requests were made with this token: 3 a minute are allowed. Wait ${wait} seconds.`,
  );
  expect(refused.headers["ratelimit-remaining"]).toBe("0");
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(41);
  api.clock.advance(wait * 1_000);
  expect((await api.call({ path })).status).toBe(200);
});

it("counts each token and each sign-in for itself, wherever they come from", async () => {
  const api = await limit("2", "off");
  const token = await api.addToken("member");
  const person = await api.addPerson("admin");
  expect(await repeat(api, 3, { path })).toEqual([200, 200, 429]);
  expect(await repeat(api, 3, { path, token })).toEqual([200, 200, 429]);
  expect(await repeat(api, 3, { path, token: person.token })).toEqual([200, 200, 429]);
  expect(await repeat(api, 1, { path, token, address: other })).toEqual([429]);
});

it("counts one token once, however its header is written", async () => {
  const api = await limit("2", "off");
  const spellings = ["Bearer ", "bearer ", "BEARER   "].map((word) => `${word}${api.token}`);
  const statuses = [];
  for (const authorization of spellings) {
    const { status } = await api.call({ path, token: null, headers: { authorization } });
    statuses.push(status);
  }
  expect(statuses).toEqual([200, 200, 429]);
});

it("asks the database about no sign-in that is over its limit", async () => {
  const api = await limit("2", "off");
  const { token } = await api.addPerson("admin");
  expect(await repeat(api, 2, { path, token })).toEqual([200, 200]);
  const lookups = countLookups(api);
  expect(await repeat(api, 20, { path, token })).toEqual(Array(20).fill(429));
  expect(lookups()).toBe(0);
  api.clock.advance(60_000);
  expect(await repeat(api, 1, { path, token })).toEqual([200]);
});

it("counts what the token may not do, as it costs the same", async () => {
  const api = await limit("2", "off");
  const token = await api.addToken("member");
  const call = { path: "/v1/api-tokens", token };
  expect(await repeat(api, 3, call)).toEqual([403, 403, 429]);
});

it.each([
  ["without a token", { path, token: null }, 401],
  ["with a wrong token", { path, token: `cron_pat_${"0".repeat(43)}` }, 401],
  ["for a path that is none", { path: "/v1/nothing" }, 404],
  ["for a page", { path: "/llms.txt", token: null }, 200],
  ["for a sign-in", { path: "/v1/auth/login", body: {}, token: null }, 400],
  ["for a preflight", { path, method: "OPTIONS", headers: { origin: "https://a.example" } }, 404],
  ["to unsubscribe", { path: "/unsubscribe/x", body: "x" }, 404],
] as const)("counts requests %s against their address", async (_what, call, status) => {
  const api = await limit("off", "2");
  const first = await api.call(call);
  expect(first.headers.ratelimit).toBe('"address";r=1;t=60');
  expect([first.status, ...(await repeat(api, 2, call))]).toEqual([status, status, 429]);
  const refused = await api.call(call);
  expect(refused.body.error.message).toMatch(
    /^Too many requests without a valid token .*: 2 a minute .* wait \d+ seconds\.$/,
  );
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect((await api.call({ ...call, address: other })).status).toBe(status);
  expect(api.logged.filter(({ message }) => message.includes("over its limit"))).toMatchObject([
    { level: "info", fields: { address: "127.0.0.1" } },
  ]);
});

it.each([
  ["that is no percent-encoding", "/%zz", 400],
  ["with an id that is too long", `/v1/jobs/${"x".repeat(601)}`, 404],
])("counts an address %s, over a real socket", async (_what, url, status) => {
  const api = await limit("off", "2");
  await api.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = api.app.server.address() as AddressInfo;
  const headers = { authorization: `Bearer ${api.token}`, "x-forwarded-for": "192.0.2.7" };
  const ask = (from: string) => askRaw(port, url, { from, headers });
  const first = await ask("127.0.0.2");
  expect(first.toLowerCase()).toContain('ratelimit: "address";r=1;t=60');
  expect(first).toContain("content-security-policy: ");
  const statuses = [first, await ask("127.0.0.2"), await ask("127.0.0.2")];
  const told = statuses.map((answer) => Number(answer.slice(9, 12)));
  expect(told).toEqual([status, status, 429]);
  // Whatever is forwarded by whom nobody trusts: another address has limits of its own.
  expect((await ask("127.0.0.3")).slice(9, 12)).toBe(String(status));
});

it("counts a network of IPv6 that one customer has as one address", async () => {
  const api = await limit("off", "2");
  const from = async (address: string) => (await api.call({ path, token: null, address })).status;
  expect(await from("2001:db8:1:2::1")).toBe(401);
  expect(await from("2001:db8:1:2:ffff::2")).toBe(401);
  expect(await from("2001:db8:1:2:aaaa::3")).toBe(429);
  expect(await from("2001:db8:1:3::1")).toBe(401);
  // One address, whichever family the socket shows it in.
  expect(await from("::ffff:192.0.2.1")).toBe(401);
  expect(await from("192.0.2.1")).toBe(401);
  expect(await from("192.0.2.1")).toBe(429);
});

it("never counts what asks for health", async () => {
  const api = await limit("1", "1");
  expect(await repeat(api, 5, { path: "/healthz" })).toEqual([200, 200, 200, 200, 200]);
  const readiness = await api.call({ path: "/readyz", token: null });
  expect([readiness.status, readiness.headers.ratelimit]).toEqual([200, undefined]);
});

it("counts no address for a token that is right", async () => {
  const api = await limit("off", "1");
  expect(await repeat(api, 4, { path })).toEqual([200, 200, 200, 200]);
  expect((await api.call({ path, token: null })).status).toBe(401);
});

it("asks the database about no more wrong tokens than the limit, all at once or not", async () => {
  const api = await limit("off", "5");
  const lookups = countLookups(api);
  const guesses = Array.from({ length: 50 }, (_, n) => ({ path, token: `cron_pat_guess_${n}` }));
  const answers = await Promise.all(guesses.map((guess) => api.call(guess)));
  const counts = [401, 429].map((code) => answers.filter(({ status }) => status === code).length);
  expect(counts).toEqual([5, 45]);
  expect(lookups()).toBe(5);
});

/** How often the database is asked from here on. */
function countLookups({ services: { db } }: TestApi): () => number {
  const rows = db.rows;
  let lookups = 0;
  Object.assign(db, {
    rows: (query: Parameters<typeof rows>[0]) => {
      lookups += 1;
      return rows(query);
    },
  });
  return () => lookups;
}

it("lets in who shares the address with somebody who guesses", async () => {
  const api = await limit("off", "3");
  expect((await api.call({ path })).status).toBe(200);
  expect(await repeat(api, 4, { path, token: "wrong" })).toEqual([401, 401, 401, 429]);
  expect((await api.call({ path })).status).toBe(200);
  // However its header is written.
  const headers = { authorization: `bearer   ${api.token}` };
  expect((await api.call({ path, token: null, headers })).status).toBe(200);
  // One that this node has not seen lately waits with the address.
  const token = await api.addToken("admin");
  expect((await api.call({ path, token })).status).toBe(429);
  api.clock.advance(60_000);
  expect((await api.call({ path, token })).status).toBe(200);
});

it("counts a token against the address once it has ended", async () => {
  const api = await limit("off", "2");
  const token = await api.addToken("admin", new Date(api.clock.now().getTime() + 60_000));
  expect((await api.call({ path, token })).status).toBe(200);
  api.clock.advance(61_000);
  expect(await repeat(api, 3, { path, token })).toEqual([401, 401, 429]);
});

it("counts nothing against an address while the database is away", async () => {
  const api = await limit("off", "2");
  const { db } = api.services;
  const rows = db.rows;
  const fail = () => Promise.reject(new DatabaseUnavailable("away", "not_applied"));
  Object.assign(db, { rows: fail });
  expect(await repeat(api, 4, { path })).toEqual([503, 503, 503, 503]);
  Object.assign(db, { rows });
  expect((await api.call({ path })).status).toBe(200);
});

it("says nothing of limits where there are none", async () => {
  const api = await limit("off", "off");
  for (const token of [api.token, null]) {
    const { headers } = await api.call({ path, token });
    expect(Object.keys(headers).filter((name) => name.startsWith("ratelimit"))).toEqual([]);
  }
});
