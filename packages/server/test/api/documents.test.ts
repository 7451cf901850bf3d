// Rules of the documents: they hold the whole contract, and load nothing from elsewhere.
import { api, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

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
});
