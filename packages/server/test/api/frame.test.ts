// Rules that hold for every route: who may ask, what is refused and how, what is never told.
import { connect } from "node:net";
import { api, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { DatabaseUnavailable } from "../../src/store/db.ts";
import { MigrationRefused } from "../../src/store/migrate.ts";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

describe("every answer", () => {
  it.each(["/healthz", "/v1/jobs", "/v1/nothing", "/%zz", "/openapi.json", "/"])(
    "carries a new x-request-id and is kept by no cache: %s",
    async (path) => {
      const headers = { "x-request-id": "mine" };
      const first = await test.call({ path, headers });
      const second = await test.call({ path, headers });
      expect(first.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
      expect(second.headers["x-request-id"]).not.toBe(first.headers["x-request-id"]);
      expect(first.headers["cache-control"]).toBe("no-store");
      expect(first.headers["x-content-type-options"]).toBe("nosniff");
      expect(first.headers["access-control-allow-origin"]).toBeUndefined();
    },
  );

  it("is 404 for an unknown path, naming method and path", async () => {
    const answer = await test.call({ method: "POST", path: "/v1/jbos?a=b", body: {} });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toEqual({
      code: "not_found",
      message: "There is no POST /v1/jbos. /openapi.json lists every path.",
      details: [],
    });
  });

  it.each([
    ["PUT", "/v1/jobs/job_1", "this path has GET, PATCH, DELETE."],
    ["DELETE", "/v1/jobs", "this path has POST, GET."],
    ["OPTIONS", "/v1/schedules/preview", "this path has POST."],
  ] as const)("is 404 for %s %s and names the methods there are", async (method, path, says) => {
    const answer = await test.call({ method, path });
    expect(answer.status).toBe(404);
    expect(answer.body.error.message).toContain(says);
  });

  it("answers HEAD like GET, without the body", async () => {
    const answer = await test.call({ method: "HEAD", path: "/v1/jobs" });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe("");
    expect((await test.call({ method: "HEAD", path: "/v1/jobs", token: null })).status).toBe(401);
  });

  it("is 400 for a path that is not percent-encoded", async () => {
    const answer = await test.call({ path: "/v1/jobs/%zz" });
    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe("validation_failed");
  });

  it.each([
    "%00",
    "x".repeat(201),
    "x".repeat(700),
    "%F0%9F%92%A9",
    "..%2f..%2fetc",
    "job_1%27%20or%20true",
    "__proto__",
  ])("is 404 for the id %s", async (id) => {
    const answer = await test.call({ path: `/v1/jobs/${id}` });
    expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
  });
});

describe("who may ask", () => {
  const routes = Object.entries<Route>(api).filter(([, { role }]) => role !== "public");
  const pathOf = ({ path }: Route) => path.replace(/:[a-z_]+/g, "x");

  it.each(routes)("is asked before anything else: %s", async (_key, route) => {
    const { method } = route;
    const answer = await test.call({ method, path: pathOf(route), token: null, body: "{no json" });
    expect([answer.status, answer.body.error.code]).toEqual([401, "unauthorized"]);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
  });

  it.each(routes.filter(([, { role }]) => role === "admin"))(
    "is no mere member: %s",
    async (_key, route) => {
      const token = await test.addToken("member");
      const { method } = route;
      const answer = await test.call({ method, path: pathOf(route), token, body: "{no json" });
      expect([answer.status, answer.body.error.code]).toEqual([403, "forbidden"]);
      expect(answer.body.error.message).toContain("admin");
    },
  );

  // A stream that is let in has no end: changes.test.ts reads it.
  const answering = routes.filter(([, { streams }]) => streams !== true);

  it.each(answering.filter(([, { role, method }]) => role === "member" && method === "GET"))(
    "may be a member: %s",
    async (_key, route) => {
      const token = await test.addToken("member");
      expect([200, 404]).toContain((await test.call({ path: pathOf(route), token })).status);
    },
  );

  it("may be an admin for everything that is not an owner's or a person's", async () => {
    const token = await test.addToken("admin");
    for (const [, route] of answering) {
      if (route.role === "owner" || route.needsSession) continue;
      const answer = await test.call({ method: route.method, path: pathOf(route), token });
      expect([401, 403, 500]).not.toContain(answer.status);
    }
  });
});

describe("faults", () => {
  const secret = "postgres://cron:hunter2@db/internal";

  async function failWith(error: unknown, method: "GET" | "POST" = "GET") {
    const fail = () => Promise.reject(error);
    const broken = await createTestApi({
      services: { clock: { now: () => new Date() } },
      ping: fail,
    });
    // The gate still works; what the handler asks next does not.
    const db = broken.services.db;
    const rows = db.rows;
    const isOurs = (query: unknown) =>
      typeof query === "object" && query !== null && "name" in query;
    Object.assign(db, {
      rows: (query: Parameters<typeof rows>[0]) => (isOurs(query) ? rows(query) : fail()),
      transaction: fail,
    });
    try {
      const call = { method, path: "/v1/notification-channels", body: channelBody };
      const answer = await broken.call(method === "GET" ? { path: call.path } : call);
      const readiness = await broken.call({ path: "/readyz" });
      return { answer, readiness, logged: broken.logged };
    } finally {
      await broken.close();
    }
  }

  const channelBody = { name: "x", type: "webhook", config: { url: "https://example.com/x" } };

  it.each([
    new Error(`connect to ${secret} failed at line 5`),
    Object.assign(new Error(secret), { code: "22P05", statusCode: 400 }),
    Object.assign(new Error(secret), { code: "FST_ERR_REP_INVALID_PAYLOAD_TYPE" }),
    secret,
    undefined,
  ])("of ours are an empty 500, logged under the request's id: %s", async (error) => {
    const { answer, logged } = await failWith(error);
    expect([answer.status, answer.body.error.code]).toEqual([500, "internal"]);
    expect(answer.text).not.toContain("hunter2");
    const id = String(answer.headers["x-request-id"]);
    expect(answer.body.error.message).toContain(id);
    const line = logged.find(({ fields }) => fields.request_id === id);
    expect(line).toMatchObject({
      level: "error",
      fields: { method: "GET", route: "/v1/notification-channels" },
    });
  });

  it("of the database are 503 with Retry-After, and no detail", async () => {
    const error = new DatabaseUnavailable(secret, "not_applied");
    const { answer, readiness, logged } = await failWith(error);
    expect([answer.status, answer.body.error.code]).toEqual([503, "unavailable"]);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(answer.text).not.toContain("hunter2");
    expect(readiness.status).toBe(503);
    expect(logged.every(({ level }) => level === "warn")).toBe(true);
  });

  it("say so when a write may have taken effect all the same", async () => {
    const { answer } = await failWith(new DatabaseUnavailable(secret, "unknown"), "POST");
    expect(answer.body.error.message).toContain("not known");
  });
});

describe("health", () => {
  it("needs no token", async () => {
    const health = await test.call({ path: "/healthz", token: null });
    expect(health.body).toEqual({ status: "ok" });
    const readiness = await test.call({ path: "/readyz", token: null });
    expect(readiness.body).toEqual({ status: "ready" });
  });

  it("is looked at once for all who ask meanwhile, and anew for who asks later", async () => {
    let looks = 0;
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const counted = await createTestApi({
      async ping() {
        looks += 1;
        await gone;
      },
    });
    const ask = () => counted.call({ path: "/readyz", token: null });
    const first = ask();
    await vi.waitFor(() => expect(looks).toBe(1));
    const all = [first, ...Array.from({ length: 20 }, ask)];
    // An answer that waits for nothing comes after those that were asked before it have begun.
    await counted.call({ path: "/healthz", token: null });
    go();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200));
    expect(looks).toBe(1);
    await ask();
    expect(looks).toBe(2);
    await counted.close();
  });

  it.each([
    ["migrations are missing", async () => ["0002_more.sql"]],
    ["the database is a newer version's", () => Promise.reject(new MigrationRefused("newer"))],
  ])("is not ready while %s", async (_when, pending) => {
    const waiting = await createTestApi({ pendingMigrations: pending });
    const readiness = await waiting.call({ path: "/readyz", token: null });
    expect([readiness.status, readiness.body.error.code]).toEqual([503, "unavailable"]);
    expect(readiness.text).not.toContain("0002");
    expect((await waiting.call({ path: "/healthz", token: null })).status).toBe(200);
    await waiting.close();
  });
});

describe("on a real socket", () => {
  let port: number;
  beforeAll(async () => {
    await test.app.listen({ host: "127.0.0.1", port: 0 });
    const address = test.app.server.address();
    port = typeof address === "object" && address !== null ? address.port : 0;
  });

  async function exchange(text: string): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    socket.write(text);
    let answer = "";
    for await (const chunk of socket) answer += chunk;
    return answer;
  }

  it.each([
    ["no HTTP", "HELLO\r\n\r\n", "The request is not valid HTTP."],
    [
      "headers over 16 KiB",
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`,
      "The headers are over 16 KiB.",
    ],
  ])("answers %s with the error envelope and closes", async (_what, text, message) => {
    const answer = await exchange(text);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(head).toMatch(/x-request-id: [0-9a-f-]{36}/);
    expect(JSON.parse(body)).toEqual({
      error: { code: "validation_failed", message, details: [] },
    });
  });

  it("answers a refused large body without reading it to the end", async () => {
    const head =
      "POST /v1/jobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n" +
      `content-type: application/json\r\nauthorization: Bearer ${test.token}\r\n` +
      "content-length: 99999999\r\n\r\n";
    const answer = await exchange(head);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain("payload_too_large");
  });

  it("answers a body that is cut short or chunked wrong, or hangs up", async () => {
    const head =
      "POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n" +
      `authorization: Bearer ${test.token}\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect(await exchange(`${head}zz\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});
