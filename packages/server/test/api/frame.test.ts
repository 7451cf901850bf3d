// Rules that hold for every route: who may ask, what is refused and how, what is never told.
import { connect } from "node:net";
import { api, type ErrorDetail, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DatabaseUnavailable } from "../../src/store/db.ts";
import { MigrationRefused } from "../../src/store/migrate.ts";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const validJob = {
  name: "nightly",
  kind: "cron",
  schedule: { cron: "0 2 * * *" },
  request: { url: "https://api.example.com/backup", method: "POST" },
};

async function faultsOf(body: unknown, path = "/v1/jobs"): Promise<Record<string, string>> {
  const answer = await test.call({ method: "POST", path, body });
  expect(answer.status).toBe(400);
  expect(answer.body.error.code).toBe("validation_failed");
  const details: ErrorDetail[] = answer.body.error.details;
  return Object.fromEntries(details.map(({ path, message }) => [path, message]));
}

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

  it.each(routes.filter(([, { role, method }]) => role === "member" && method === "GET"))(
    "may be a member: %s",
    async (_key, route) => {
      const token = await test.addToken("member");
      expect([200, 404]).toContain((await test.call({ path: pathOf(route), token })).status);
    },
  );

  it("may be an admin for everything that is there so far", async () => {
    const token = await test.addToken("admin");
    for (const [, route] of routes) {
      const answer = await test.call({ method: route.method, path: pathOf(route), token });
      expect([401, 403, 500]).not.toContain(answer.status);
    }
  });
});

describe("a body", () => {
  const path = "/v1/jobs";
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    test.call({ method: "POST", path, body, headers });

  it.each(["{", '{"a":}', "nothing", '{"a":1} x', "\u0000", "'a'"])(
    "is refused when it is no JSON: %j",
    async (body) => {
      const answer = await post(body);
      expect([answer.status, answer.body.error.code]).toEqual([400, "invalid_json"]);
    },
  );

  it("is not quoted by the refusal, which tells the place instead", async () => {
    const answer = await post('{\n  "secret": "hunter2",\n  oops\n}');
    expect(answer.text).not.toContain("hunter2");
    expect(answer.body.error.message).toBe("The body is not valid JSON at line 3, column 3.");
  });

  it("is refused when it is not UTF-8", async () => {
    const answer = await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(answer.body.error).toMatchObject({ code: "invalid_json" });
  });

  it("may begin with a byte order mark", async () => {
    expect((await post(`\ufeff${JSON.stringify(validJob)}`)).status).toBe(201);
  });

  it.each(["application/x-www-form-urlencoded", "text/plain", "application/xml", "nonsense"])(
    "is refused as %s",
    async (type) => {
      const answer = await post(JSON.stringify(validJob), { "content-type": type });
      expect([answer.status, answer.body.error.code]).toEqual([415, "unsupported_media_type"]);
    },
  );

  it("may name a charset", async () => {
    const type = "Application/JSON; charset=utf-8";
    expect((await post(JSON.stringify(validJob), { "content-type": type })).status).toBe(201);
  });

  it("is refused without a content type", async () => {
    const { token } = test;
    const headers = { authorization: `Bearer ${token}`, "content-type": "" };
    const answer = await test.app.inject({ method: "POST", url: path, headers, payload: "{}" });
    expect(answer.statusCode).toBe(415);
  });

  it("is 413 beyond 1 MiB and taken up to it", async () => {
    const padded = (bytes: number) => {
      const text = JSON.stringify({ ...validJob, request: { ...validJob.request, body: "" } });
      return text.replace('"body":""', `"body":"${"x".repeat(bytes - text.length)}"`);
    };
    expect((await post(padded(1024 * 1024))).status).toBe(201);
    const answer = await post(padded(1024 * 1024 + 1));
    expect([answer.status, answer.body.error.code]).toEqual([413, "payload_too_large"]);
  });

  it("is required where one is needed, with or without a content type", async () => {
    for (const headers of [{}, { "content-type": "application/json" }] as const) {
      const answer = await test.call({ method: "POST", path, headers });
      expect(answer.body.error).toEqual({
        code: "validation_failed",
        message: "The body is required: send a JSON object.",
        details: [{ path: "", message: "is required: send a JSON object" }],
      });
    }
  });

  it("may be left out where it is optional, and must be right where it is not", async () => {
    const retry = "/v1/notification-deliveries/dlv_x/retry";
    expect((await test.call({ method: "POST", path: retry })).status).toBe(404);
    expect((await test.call({ method: "POST", path: retry, body: {} })).status).toBe(404);
    expect((await test.call({ method: "POST", path: retry, body: null })).status).toBe(400);
    expect((await test.call({ method: "POST", path: retry, body: { a: 1 } })).status).toBe(400);
  });

  it.each(["{no json", "{}", "x".repeat(2 * 1024 * 1024)])(
    "is left unread by a route that takes none",
    async (body) => {
      const pause = "/v1/jobs/job_x/pause";
      expect((await test.call({ method: "POST", path: pause, body })).status).toBe(404);
    },
  );

  it("must not nest so deep that a schema could not follow it", async () => {
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const withBody = (body: string) =>
      JSON.stringify({ ...validJob, request: { ...validJob.request, body: "?" } }).replace(
        '"?"',
        body,
      );
    expect((await post(withBody(deep(60)))).status).toBe(201);
    expect((await post(withBody(deep(66)))).status).toBe(400);
    expect((await post(withBody(deep(100_000)))).body.error.details).toEqual([
      { path: "request", message: "must not nest over 64 levels" },
    ]);
    const channel = "/v1/notification-channels/chan_x";
    const body = `{"config":{"a":${deep(100_000)}}}`;
    expect((await test.call({ method: "PATCH", path: channel, body })).status).toBe(400);
  });

  it.each(["\u0000", "\ud800", "a\udc00b"])(
    "must not hold text that PostgreSQL cannot store, wherever: %j",
    async (text) => {
      const faults = await faultsOf({
        ...validJob,
        name: text,
        notification_rules: [{ channel_id: text, event: "on_failure" }],
        request: { ...validJob.request, body: { [text]: 1, deep: [text] } },
      });
      expect(Object.keys(faults).sort()).toEqual([
        "name",
        "notification_rules.0.channel_id",
        "request.body",
        "request.body.deep.0",
      ]);
    },
  );

  it("cannot reach the prototype of anything", async () => {
    const body = JSON.stringify({ ...validJob }).replace("{", '{"__proto__":{"polluted":true},');
    expect((await post(body)).status).toBe(400);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("validation", () => {
  it("says everything that is wrong at once, for people", async () => {
    const faults = await faultsOf({
      name: "",
      kind: "cron",
      schedule: { cron: 5, timezon: "UTC" },
      request: {
        url: "ftp://example.com",
        method: "FETCH",
        timeout_seconds: 301,
        success_statuses: [200, "201", 99.5],
        headers: { "bad name": "x", ok: 7 },
      },
      retry_policy: { max_attempts: 0, retry_on_statuses: "all" },
      notification_rules: [{ channel_id: "c" }, "x"],
      colour: "red",
    });
    expect(faults).toEqual({
      name: "must not be empty",
      "schedule.cron": "must be a string, not a number",
      "schedule.timezon": "is not a field here; fields are: cron, timezone",
      "request.url": "must be a whole http:// or https:// address",
      "request.method": "must be one of: GET, POST, PUT, PATCH, DELETE, HEAD",
      "request.timeout_seconds": "must be 300 or less",
      "request.success_statuses.1": "must be a number, not a string",
      "request.success_statuses.2": "must be a whole number",
      "request.headers.bad name": "is not a header name",
      "request.headers.ok": "must be a string, not a number",
      "retry_policy.max_attempts": "must be 1 or more",
      "retry_policy.retry_on_statuses": "must be a list, not a string",
      "notification_rules.0.event": "is required: one of: on_success, on_failure, on_completion",
      "notification_rules.1": "must be an object, not a string",
      colour:
        "is not a field here; fields are: name, request, retry_policy, state, " +
        "notification_rules, kind, schedule",
    });
  });

  it("puts the first fault and the number of the others into the message", async () => {
    const one = await test.call({ path: "/v1/jobs", body: { ...validJob, name: 5 } });
    expect(one.body.error.message).toBe("name must be a string, not a number.");
    const two = await test.call({ path: "/v1/jobs", body: { ...validJob, name: 5, request: 6 } });
    expect(two.body.error.message).toBe(
      "name must be a string, not a number (and 1 more: see details).",
    );
  });

  it("names the choices where a kind or type is wrong or missing", async () => {
    const kinds = "one of: recurring, cron, scheduled, one_time";
    expect(await faultsOf({ ...validJob, kind: "hourly" })).toEqual({ kind: `must be ${kinds}` });
    expect(await faultsOf({ name: "x" })).toEqual({ kind: `is required: ${kinds}` });
    expect(await faultsOf({ type: "pager" }, "/v1/notification-channels")).toEqual({
      type: expect.stringMatching(/^must be one of: .*webhook/),
    });
  });

  it.each([[[]], ["x"], [5], [true], [null]])("refuses %j in place of an object", async (body) => {
    const kind = body === null ? "null" : Array.isArray(body) ? "a list" : undefined;
    const faults = await faultsOf(JSON.stringify(body));
    expect(faults[""]).toMatch(/^must be an object, not /);
    if (kind !== undefined) expect(faults[""]).toBe(`must be an object, not ${kind}`);
  });

  it("says that a missing field is required, whatever else its schema would say", async () => {
    const body = { ...validJob, kind: "scheduled", schedule: {} };
    expect(await faultsOf(body)).toEqual({ "schedule.run_at": "is required" });
    const wrong = { ...validJob, kind: "scheduled", schedule: { run_at: "tomorrow" } };
    expect(await faultsOf(wrong)).toEqual({
      "schedule.run_at": "must be a date and time with a zone: 2026-11-23T10:00:00Z",
    });
  });

  it("reads a query strictly", async () => {
    const query = "?limit=0&state=asleep&nmae=x&kind=cron&kind=recurring";
    const answer = await test.call({ path: `/v1/jobs${query}` });
    expect(answer.body.error.details).toEqual([{ path: "kind", message: "must be given once" }]);
    const rest = await test.call({ path: "/v1/jobs?limit=0&state=asleep&nmae=x" });
    expect(rest.status).toBe(400);
    expect(rest.body.error.details).toEqual([
      { path: "state", message: "must be one of: active, paused, draft, completed" },
      { path: "limit", message: "must be 1 or more" },
      {
        path: "nmae",
        message: "is not a parameter here; parameters are: state, kind, name, limit, cursor",
      },
    ]);
    const many = await test.call({ path: "/v1/jobs?limit=many" });
    expect(many.body.error.details).toEqual([{ path: "limit", message: "must be a number" }]);
    expect((await test.call({ path: "/v1/jobs?name=%00" })).status).toBe(400);
  });

  it("refuses a cursor that the list did not give out", async () => {
    for (const cursor of ["x", "%00", Buffer.from("chan_1").toString("base64url")]) {
      const answer = await test.call({ path: `/v1/jobs?cursor=${cursor}` });
      expect(answer.status).toBe(400);
    }
  });

  it("answers a bounded list of faults to a body that is all faults", async () => {
    const success_statuses = Array.from({ length: 50 }, () => "x");
    const retry_on_statuses = Array.from({ length: 50 }, () => "x");
    const answer = await test.call({
      path: "/v1/jobs",
      body: {
        ...validJob,
        request: { ...validJob.request, success_statuses },
        retry_policy: { retry_on_statuses },
        ["k".repeat(5_000)]: 1,
      },
    });
    expect(answer.body.error.details).toHaveLength(50);
    expect(answer.body.error.message).toContain("(and 100 more: see details)");
    expect(answer.text.length).toBeLessThan(20_000);
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
    const line = logged.find(({ fields }) => fields.requestId === id);
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

describe("documents", () => {
  it("hold the whole contract as OpenAPI 3.1", async () => {
    const { body, status } = await test.call({ path: "/openapi.json", token: null });
    expect(status).toBe(200);
    expect(body.openapi).toBe("3.1.0");
    expect(body.info.version).toBe("0.0.0-test");
    const operations = Object.values<Record<string, { operationId: string }>>(body.paths)
      .flatMap((path) => Object.values(path))
      .map(({ operationId }) => operationId);
    expect(operations.sort()).toEqual(Object.keys(api).sort());
  });

  it("render it with nothing from elsewhere", async () => {
    const page = await test.call({ path: "/docs", token: null });
    expect(page.status).toBe(200);
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(4);
    for (const link of links) {
      expect(link).toMatch(/^\/docs\//);
      expect((await test.call({ path: link, token: null })).status, link).toBe(200);
    }
    // Inline code would be stopped by the policy.
    expect(page.text).not.toMatch(/<script>|<style|style=|onload=/);
    const document = await test.call({ path: "/docs/json", token: null });
    expect(document.body).toEqual((await test.call({ path: "/openapi.json" })).body);
  });

  it("sum it up for language models: every route, every error", async () => {
    const { text, headers } = await test.call({ path: "/llms.txt", token: null });
    expect(headers["content-type"]).toContain("text/plain");
    for (const { method, path } of Object.values<Route>(api)) {
      expect(text).toContain(`\`${method} ${path}\``);
    }
    expect(text).toContain("429 `rate_limited`");
  });

  it("begin with a page that links to them and runs no script", async () => {
    const { text, headers } = await test.call({ path: "/", token: null });
    expect(headers["content-type"]).toContain("text/html");
    expect(text).toContain('href="/docs"');
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toContain("<script");
  });
});
