// Clients that hold on and never finish, send too much, or never read: they are cut, and whoever
// is honest is served meanwhile. Real sockets; short limits, so that the ends come by themselves.
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import type { HttpLimits } from "../../src/api/http-limits.ts";
import { createTestApi, type TestApi, type TestApiOptions } from "../support/api.ts";
import { askRaw, drip, openRaw, type RawClient, untilClosed } from "../support/raw-client.ts";

interface Site {
  readonly api: TestApi;
  readonly port: number;
  /** The server's ends of all connections so far. */
  readonly sockets: readonly Socket[];
  readonly bearer: string;
}

// Long enough for an honest request on a machine that is busy with other things.
const short: Partial<HttpLimits> = {
  headersTimeoutMs: 2_000,
  requestTimeoutMs: 2_500,
  checkIntervalMs: 100,
};

let api: TestApi | undefined;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await api?.close();
  api = undefined;
});

async function open(limits: Partial<HttpLimits>, options: TestApiOptions = {}): Promise<Site> {
  api = await createTestApi({ ...options, limits });
  const sockets: Socket[] = [];
  api.app.server.on("connection", (socket) => sockets.push(socket));
  await api.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = api.app.server.address() as AddressInfo;
  return { api, port, sockets, bearer: `authorization: Bearer ${api.token}\r\n` };
}

function attack(port: number, from: string): RawClient {
  return keep(openRaw(port, { from }));
}

/** For whoever goes on when the server has hung up. */
function attackStubbornly(port: number, from: string): RawClient {
  return keep(openRaw(port, { from, isStubborn: true }));
}

function keep(client: RawClient): RawClient {
  clients.push(client);
  return client;
}

const allGone = (sockets: readonly Socket[]) => Promise.all(sockets.map(untilClosed));

/** As many honest requests as this, one after the other: what was answered. */
async function askHonestly({ port, api: { token } }: Site, times: number): Promise<Set<string>> {
  const answers = new Set<string>();
  for (let time = 0; time < times; time += 1) {
    const headers = { authorization: `Bearer ${token}` };
    answers.add((await askRaw(port, "/v1/jobs", { headers })).slice(0, 12));
  }
  return answers;
}

const ok = new Set(["HTTP/1.1 200"]);
const head = "GET /v1/jobs HTTP/1.1\r\nhost: x\r\n";

it("cuts many that drip their headers, and serves others while they do", async () => {
  const bounds = { connectionsMax: 40, connectionsPerAddressMax: 10 };
  const site = await open({ ...short, ...bounds });
  // As many as may be, from as many addresses as that takes.
  const drippers = Array.from({ length: 40 }, (_, n) =>
    attackStubbornly(site.port, `127.0.2.${n % 4}`),
  );
  for (const client of drippers) client.socket.write(`${head}x-drip: `);
  await Promise.all(drippers.map(({ socket }) => once(socket, "connect")));
  for (const client of drippers) drip(client);
  expect(await askHonestly(site, 20)).toEqual(ok);
  await allGone(site.sockets);
  await Promise.all(drippers.map(({ gone }) => gone));
  const refused = drippers.filter(({ text }) => text().includes("did not arrive whole in time"));
  // The others had to make room for whoever was honest.
  expect(refused.length).toBeGreaterThan(10);
  expect(await askHonestly(site, 1)).toEqual(ok);
});

it("cuts who goes on after being refused, and who never took the refusal", async () => {
  const site = await open(short);
  const talking = attackStubbornly(site.port, "127.0.0.1");
  const deaf = attackStubbornly(site.port, "127.0.0.1");
  deaf.socket.pause();
  for (const client of [talking, deaf]) {
    client.socket.write("no HTTP at all\r\n\r\n");
    drip(client);
  }
  await talking.gone;
  expect(talking.text()).toMatch(/^HTTP\/1\.1 400 /);
  await allGone(site.sockets);
});

it.each([
  ["POST /v1/jobs", true],
  ["POST /v1/auth/signup", false],
])(
  "cuts many that drip the body of %s, and serves others while they do",
  async (line, hasToken) => {
    const site = await open({ ...short, connectionsMax: 30, connectionsPerAddressMax: 10 });
    const drippers = Array.from({ length: 30 }, (_, n) =>
      attackStubbornly(site.port, `127.0.3.${n % 3}`),
    );
    const token = hasToken ? site.bearer : "";
    const sent = "content-type: application/json\r\ncontent-length: 100000\r\n";
    for (const client of drippers) {
      client.socket.write(`${line} HTTP/1.1\r\nhost: x\r\n${token}${sent}\r\n{"name": "`);
      drip(client);
    }
    expect(await askHonestly(site, 10)).toEqual(ok);
    await allGone(site.sockets);
    await Promise.all(drippers.map(({ gone }) => gone));
    expect(drippers.some(({ text }) => text().includes("did not arrive whole in time"))).toBe(true);
    // None of them came to anything.
    expect((await site.api.client.listJobs()).items).toEqual([]);
  },
);

it.each([
  ["a header of 1 MB", `${head}x: ${"y".repeat(1_000_000)}\r\n\r\n`],
  [
    "10,000 headers",
    `${head}${Array.from({ length: 10_000 }, (_, n) => `x${n}: y\r\n`).join("")}\r\n`,
  ],
  ["a path of 1 MB", `GET /${"y".repeat(1_000_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["a query of 1 MB", `GET /v1/jobs?q=${"y".repeat(1_000_000)} HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["a method of 1 MB", `${"Y".repeat(1_000_000)} / HTTP/1.1\r\nhost: x\r\n\r\n`],
  ["1 MB of empty lines", "\r\n".repeat(500_000)],
])("cuts %s, from many at once, and serves others", async (_what, text) => {
  const site = await open(short);
  const bombers = Array.from({ length: 10 }, () => attack(site.port, "127.0.0.4"));
  for (const { socket } of bombers) socket.write(text);
  expect(await askHonestly(site, 5)).toEqual(ok);
  await allGone(site.sockets);
  for (const { text: answer } of bombers) expect(answer()).not.toMatch(/^HTTP\/1\.1 [25]/);
});

it.each([
  ["requests", "/v1/jobs", "200"],
  ["addresses that are none", "/%zz", "400"],
])("ends a connection that floods it with %s, and serves others", async (_what, path, answered) => {
  const site = await open({ connectionTimeoutMs: 2_000 });
  const flood = attack(site.port, "127.0.0.5");
  const last = attack(site.port, "127.0.0.5");
  const text = `GET ${path} HTTP/1.1\r\nhost: x\r\n${site.bearer}\r\n`;
  for (const { socket } of [flood, last]) socket.write(text.repeat(3_000));
  expect(await askHonestly(site, 5)).toEqual(ok);
  await Promise.all([flood.gone, last.gone, allGone(site.sockets)]);
  for (const { text } of [flood, last]) {
    const statuses = [...text().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    // Those are answered that were there first; then there is one refusal, and the end.
    expect(statuses.filter((status) => status === answered).length).toBeLessThanOrEqual(32);
    expect(statuses.filter((status) => status === "429").length).toBeLessThanOrEqual(1);
  }
});

it("cuts who never reads the answers, and serves others meanwhile", async () => {
  const site = await open({ connectionTimeoutMs: 2_000 });
  const deaf = Array.from({ length: 10 }, () => attack(site.port, "127.0.0.6"));
  for (const { socket } of deaf) {
    socket.pause();
    // More than all buffers on the way hold.
    socket.write("GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(30));
  }
  expect(await askHonestly(site, 5)).toEqual(ok);
  await allGone(site.sockets);
});

it("closes connections of one address beyond its bound, and no others", async () => {
  const site = await open({ connectionsMax: 100, connectionsPerAddressMax: 5 });
  const many = Array.from({ length: 8 }, () => attack(site.port, "127.0.0.7"));
  await Promise.race(many.map(({ gone }) => gone));
  expect(await askHonestly(site, 2)).toEqual(ok);
  const answers = await Promise.all(many.map((client) => answerOf(client)));
  expect(answers.filter((status) => status === "HTTP/1.1 200")).toHaveLength(5);
  expect(answers.filter((status) => status === "")).toHaveLength(3);
  expect(site.api.logged).toMatchObject([{ level: "warn", fields: { address: "127.0.0.7" } }]);
  // Their places are free again.
  await allGone(site.sockets);
  expect(await askRaw(site.port, "/healthz", { from: "127.0.0.7" })).toMatch(/^HTTP\/1\.1 200/);
});

it("bounds no trusted proxy, behind which everybody is", async () => {
  const settings = { TRIGRUN_TRUSTED_PROXIES: "127.0.0.8" };
  const site = await open({ connectionsMax: 100, connectionsPerAddressMax: 5 }, { settings });
  const many = Array.from({ length: 20 }, () => attack(site.port, "127.0.0.8"));
  const answers = await Promise.all(many.map((client) => answerOf(client)));
  expect(new Set(answers)).toEqual(ok);
});

it("cuts nobody who is being answered, and refuses who comes when all are", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const site = await open({ connectionsMax: 3 }, { ping: () => held });
  const started = untilRequests(site, 3);
  const waiting = Array.from({ length: 3 }, () => attack(site.port, "127.0.0.1"));
  const answers = waiting.map((client) => answerOf(client, "/readyz"));
  await started;
  const late = attack(site.port, "127.0.0.1");
  await late.gone;
  expect(late.text()).toBe("");
  release();
  expect(new Set(await Promise.all(answers))).toEqual(ok);
});

/** The status of the answer, or nothing where the connection is cut instead. */
async function answerOf(client: RawClient, path = "/healthz"): Promise<string> {
  client.socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  await client.gone;
  return client.text().slice(0, 12);
}

function untilRequests({ api: { app } }: Site, count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    app.server.on("request", () => {
      seen += 1;
      if (seen === count) resolve();
    });
  });
}
