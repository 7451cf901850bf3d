// Rules of bodies and queries: what is read, what is refused, and the sentences that say why.
import type { ErrorDetail } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
      for (const type of ["application/json", "text/plain", "nonsense"]) {
        const headers = { "content-type": type };
        const answer = await test.call({ method: "POST", path: pause, body, headers });
        expect(answer.status).toBe(404);
      }
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

  it("loses no field, not even one with a magic name in an open object", async () => {
    const request = { url: "https://example.com/x", headers: { "x-a": "b" } };
    const body = JSON.stringify({ ...validJob, request }).replace("x-a", "__proto__");
    const refused = await post(body);
    expect(refused.status).toBe(400);
    expect(refused.body.error.details[0].path).toBe("request.headers");
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
        message:
          "is not a parameter here; parameters are: " +
          "state, kind, name, search, recent_executions, limit, cursor",
      },
    ]);
  });

  it.each(["many", "", " ", " 5", "5 ", "0x10", "1e1", "1.0", "+5", "05", "5_0", "٥"])(
    "takes no %j for a number",
    async (value) => {
      const { status, body } = await test.call({
        path: `/v1/jobs?limit=${encodeURIComponent(value)}`,
      });
      expect(status).toBe(400);
      expect(body.error.details).toEqual([
        { path: "limit", message: "must be a whole number in decimal digits" },
      ]);
    },
  );

  it.each([
    ["1", 200, []],
    ["100", 200, []],
    ["0", 400, [{ path: "limit", message: "must be 1 or more" }]],
    ["-3", 400, [{ path: "limit", message: "must be 1 or more" }]],
    ["101", 400, [{ path: "limit", message: "must be 100 or less" }]],
  ])("answers limit=%s with %i", async (value, status, details) => {
    const answer = await test.call({ path: `/v1/jobs?limit=${value}` });
    expect(answer.status).toBe(status);
    expect(answer.body.error?.details ?? []).toEqual(details);
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
