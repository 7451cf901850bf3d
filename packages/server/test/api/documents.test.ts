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

  it("begin with a page that links to them and runs no script", async () => {
    const { text, headers } = await test.call({ path: "/", token: null });
    expect(headers["content-type"]).toContain("text/html");
    expect(text).toContain('href="/docs"');
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(text).not.toContain("<script");
  });

  it("have pages behind the links of notifications, and none for what is no id", async () => {
    const executionId = "exec_0193a5c4f7e2a1b2c3d4e5f60718293a";
    const page = await test.call({ path: `/executions/${executionId}`, token: null });
    expect(page.text).toContain(`cronctl executions get ${executionId}`);
    for (const path of ["/executions/%3Cscript%3E", "/channels/%3Cscript%3E"]) {
      const other = await test.call({ path, token: null });
      expect([other.status, other.body.error.code]).toEqual([404, "not_found"]);
    }
    for (const path of [`/channels/${executionId}`, `/channels/chan_${"A".repeat(32)}`]) {
      expect((await test.call({ path, token: null })).status).toBe(404);
    }
  });

  it("say on the page of a channel how it is read and how its messages end", async () => {
    const { id } = await test.client.createChannel({
      body: {
        ...{ name: "a-name-for-nobody", type: "webhook" },
        config: { url: "https://example.com/hook" },
      },
    });
    const page = await test.call({ path: `/channels/${id}`, token: null });
    expect(page.status).toBe(200);
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; style-src/);
    for (const line of ["channels get", "channels enable", "channels delete"]) {
      expect(page.text).toContain(`<code>cronctl ${line} ${id}</code>`);
    }
    expect(page.text).toContain(`<code>cronctl rules remove JOB ${id}:EVENT</code>`);
    // The same for a channel that is there and one that is not: nobody learns which are.
    const other = await test.call({ path: `/channels/chan_${"0".repeat(32)}`, token: null });
    expect(other.text.replaceAll(`chan_${"0".repeat(32)}`, id)).toBe(page.text);
  });
});
