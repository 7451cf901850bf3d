// What browsers let pages of other origins do here: nothing, unless the operator names them, and
// then no more than the path has and the API reads.
import { api, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";

const origin = "https://app.example.com";
let closed: TestApi;
let open: TestApi;
beforeAll(async () => {
  closed = await createTestApi();
  open = await createTestApi({
    settings: { TRIGRUN_CORS_ORIGINS: `${origin},http://localhost:5173` },
  });
});
afterAll(() => Promise.all([closed.close(), open.close()]));

interface Asked {
  readonly from?: string;
  readonly method?: string;
  readonly headers?: string;
  readonly token?: string | null;
}

function preflight(test: TestApi, path: string, asked: Asked = {}) {
  const { from = origin, method = "POST", headers } = asked;
  return test.call({
    ...{ method: "OPTIONS", path, token: null },
    headers: {
      origin: from,
      "access-control-request-method": method,
      ...(headers === undefined ? {} : { "access-control-request-headers": headers }),
    },
  });
}

const corsHeaders = (headers: Record<string, unknown>) =>
  Object.keys(headers).filter((name) => name.startsWith("access-control-") || name === "vary");

describe("without a setting", () => {
  it.each(["/v1/jobs", "/healthz", "/openapi.json", "/", "/docs", "/v1/nothing"])(
    "no answer speaks of other origins: %s",
    async (path) => {
      const answer = await closed.call({ path, headers: { origin } });
      expect(corsHeaders(answer.headers)).toEqual([]);
    },
  );

  it("a preflight is refused, and says what an operator can do", async () => {
    const answer = await preflight(closed, "/v1/jobs");
    expect([answer.status, answer.body.error.code]).toEqual([403, "forbidden"]);
    expect(answer.body.error.message).toContain("TRIGRUN_CORS_ORIGINS");
    expect(corsHeaders(answer.headers)).toEqual([]);
  });
});

describe("of an allowed origin", () => {
  it("a preflight needs no token and is told what the path has and the API reads", async () => {
    const headers = "authorization, Content-Type,idempotency-key";
    const answer = await preflight(open, "/v1/jobs", { headers });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "POST, GET",
      "access-control-allow-headers": "authorization, content-type, idempotency-key",
      "access-control-max-age": "600",
      vary: "origin",
    });
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  it.each(Object.entries<Route>(api).filter(([, { path }]) => path.startsWith("/v1/")))(
    "a preflight for %s is allowed its method",
    async (_key, { method, path }) => {
      const answer = await preflight(open, path.replace(/:[a-z_]+/g, "x"), { method });
      expect(answer.status).toBe(204);
      expect(String(answer.headers["access-control-allow-methods"]).split(", ")).toContain(method);
    },
  );

  it.each([
    ["a method that the path lacks", "/v1/jobs", { method: "DELETE" }, 403],
    ["a method that no path has", "/v1/jobs", { method: "PUT" }, 403],
    ["a method in lower case", "/v1/jobs", { method: "post" }, 403],
    ["a header that the API does not read", "/v1/jobs", { headers: "x-mine" }, 403],
    ["one such header among others", "/v1/jobs", { headers: "authorization,cookie" }, 403],
    ["a path that is none", "/v1/nothing", {}, 404],
    ["a page", "/docs", { method: "GET" }, 403],
    ["the health of the server", "/healthz", { method: "GET" }, 403],
  ])("a preflight for %s is refused", async (_what, path, asked, status) => {
    const answer = await preflight(open, path, asked);
    expect(answer.status).toBe(status);
    expect(answer.headers["access-control-allow-methods"]).toBeUndefined();
    expect(answer.headers["access-control-allow-headers"]).toBeUndefined();
  });

  it("answers can be read, errors too, with what stands in their headers", async () => {
    for (const call of [{ path: "/v1/jobs" }, { path: "/v1/jobs", token: null }]) {
      const answer = await open.call({ ...call, headers: { origin } });
      expect(answer.headers["access-control-allow-origin"]).toBe(origin);
      expect(answer.headers.vary).toBe("origin");
      const exposed = String(answer.headers["access-control-expose-headers"]).split(", ");
      for (const name of ["x-request-id", "retry-after", "idempotent-replayed", "ratelimit"]) {
        expect(exposed).toContain(name);
      }
    }
    const document = await open.call({ path: "/openapi.json", headers: { origin } });
    expect(document.headers["access-control-allow-origin"]).toBe(origin);
  });

  it("pages of this server stay closed", async () => {
    for (const path of ["/", "/docs", "/account/invitation", "/healthz"]) {
      const answer = await open.call({ path, headers: { origin } });
      expect(corsHeaders(answer.headers)).toEqual([]);
    }
  });
});

describe("of any other origin", () => {
  it.each([
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://sub.app.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://APP.example.com",
    "https://app.example.com/",
    "null",
    "",
    "https://app.example.com, http://localhost:5173",
  ])("nothing is allowed: %j", async (from) => {
    const answer = await open.call({ path: "/v1/jobs", headers: { origin: from } });
    expect(corsHeaders(answer.headers)).toEqual(["vary"]);
    const asked = await preflight(open, "/v1/jobs", { from });
    expect([asked.status, asked.body.error.code]).toEqual([403, "forbidden"]);
    expect(corsHeaders(asked.headers)).toEqual(["vary"]);
  });

  it("caches are told even where no origin was named", async () => {
    expect((await open.call({ path: "/v1/jobs" })).headers.vary).toBe("origin");
  });
});

it("a page can read that it asked too often, and a preflight is among what counts", async () => {
  const settings = { TRIGRUN_CORS_ORIGINS: origin, TRIGRUN_RATE_LIMIT_PER_ADDRESS: "1" };
  const test = await createTestApi({ settings });
  expect((await preflight(test, "/v1/jobs")).status).toBe(204);
  const refused = [
    await preflight(test, "/v1/jobs"),
    await test.call({ path: "/v1/jobs", token: null, headers: { origin } }),
  ];
  for (const { status, headers } of refused) {
    expect([status, headers["access-control-allow-origin"]]).toEqual([429, origin]);
  }
  await test.close();
});

it("an OPTIONS that is no preflight is a method that no path has", async () => {
  const answer = await open.call({ method: "OPTIONS", path: "/v1/jobs", headers: { origin } });
  expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
});
