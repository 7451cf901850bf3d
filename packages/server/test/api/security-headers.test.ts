// Every answer carries the same headers, whatever it is, and no page allows more than it needs.
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
let secure: TestApi;
let port: number;
beforeAll(async () => {
  test = await createTestApi({ settings: { TRIGRUN_PUBLIC_URL: "http://cron.example.com" } });
  secure = await createTestApi({ settings: { TRIGRUN_PUBLIC_URL: "https://cron.example.com" } });
  await secure.app.listen({ host: "127.0.0.1", port: 0 });
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  port = (secure.app.server.address() as AddressInfo).port;
});
afterAll(() => Promise.all([test.close(), secure.close()]));

const fixed = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const asks = [
  ["JSON", { path: "/v1/jobs" }, 200],
  ["health", { path: "/healthz" }, 200],
  ["no token", { path: "/v1/jobs", token: null }, 401],
  ["no such path", { path: "/v1/nothing" }, 404],
  ["a path that is not percent-encoded", { path: "/%zz" }, 400],
  ["a body that is no JSON", { path: "/v1/jobs", body: "{" }, 400],
  ["a preflight that is refused", { path: "/v1/jobs", method: "OPTIONS" }, 404],
  ["the front page", { path: "/" }, 200],
  ["the documentation", { path: "/docs" }, 200],
  ["a script of the documentation", { path: "/docs/static/swagger-ui-bundle.js" }, 200],
  ["a file that the documentation lacks", { path: "/docs/static/nothing.js" }, 404],
  ["the document", { path: "/openapi.json" }, 200],
  ["the summary", { path: "/llms.txt" }, 200],
  ["a page about accounts", { path: "/account/reset-password" }, 200],
  ["an unsubscription that is none", { path: "/unsubscribe/x" }, 404],
] as const;

describe("every answer", () => {
  it.each(asks)("of %s has them", async (_what, call, status) => {
    const answer = await test.call(call);
    expect(answer.status).toBe(status);
    const { "cache-control": cache, ...others } = fixed;
    expect(answer.headers).toMatchObject(others);
    expect(answer.headers["cache-control"]).toBeDefined();
    expect(answer.headers["permissions-policy"]).toContain("camera=()");
    const policy = String(answer.headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'none'/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(answer.headers["strict-transport-security"]).toBeUndefined();
    expect(answer.headers.server).toBeUndefined();
    expect(answer.headers["x-powered-by"]).toBeUndefined();
  });

  it.each(asks)("of %s asks for https where the public address has it", async (_what, call) => {
    const answer = await secure.call(call);
    expect(answer.headers["strict-transport-security"]).toBe("max-age=31536000");
  });

  it.each([
    ["no HTTP", "HELLO\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["long headers", `GET / HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`],
  ])("has them where the request is no HTTP: %s", async (_what, text) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.write(text);
    await once(socket, "end");
    socket.end();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    for (const [name, value] of Object.entries(fixed))
      expect(answer).toContain(`${name}: ${value}`);
    expect(answer).toContain("content-security-policy: default-src 'none'");
    expect(answer).toContain("strict-transport-security: max-age=31536000");
  });
});
