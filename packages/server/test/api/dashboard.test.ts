// Rules of serving the dashboard: which addresses are its pages, what may run in them, how its
// files are kept, and that nothing else of the server changes its answers.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dashboardSections } from "../../src/api/dashboard.ts";
import { readConfig } from "../../src/config.ts";
import { createTestApi, type TestApi } from "../support/api.ts";

const executionId = "exec_0193a5c4f7e2a1b2c3d4e5f60718293a";

let folder: string;
let test: TestApi;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dashboard-test-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), '<script src="%BASE%/assets/main-A1.js"></script>');
  for (const [name, text] of [
    ["main-A1.js", "plain"],
    ["main-A1.js.br", "as brotli"],
    ["main-A1.js.gz", "as gzip"],
    ["main-A1.css", "body{}"],
    ["notes.txt", "not for browsers"],
  ] as const) {
    writeFileSync(join(folder, "assets", name), text);
  }
  test = await createTestApi({ dashboardFolder: pathToFileURL(`${folder}/`) });
});
afterAll(async () => {
  await test.close();
  rmSync(folder, { recursive: true });
});

describe("the dashboard's page", () => {
  const addresses = [
    "/",
    ...dashboardSections.map((section) => `/${section}`),
    ...[`/executions/${executionId}`, "/jobs/job_1/edit", "/channels/%3Cscript%3E"],
  ];

  it.each(addresses)(
    "is what %s answers, never kept, with a policy that lets nothing else in",
    async (path) => {
      const { status, headers, text } = await test.call({ path, token: null });
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(headers["cache-control"]).toBe("no-store");
      const policy = String(headers["content-security-policy"]);
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).not.toMatch(/unsafe|https?:|\*|nonce|sha256/);
      // The same for every address: nothing of it gets into the page.
      expect(text).toBe('<script src="/assets/main-A1.js"></script>');
    },
  );

  it("leaves what is no page to the API's own refusal", async () => {
    for (const path of ["/v1/nothing", "/v1/jobs/../jobs2", "/nothing", "/assets", "/assets/"]) {
      const { status, body } = await test.call({ path });
      expect([path, status, body.error.code]).toEqual([path, 404, "not_found"]);
    }
  });

  it("stands under the path of the public address", async () => {
    const services = { config: readConfig({ TRIGRUN_PUBLIC_URL: "https://example.com/cron" }) };
    const dashboardFolder = pathToFileURL(`${folder}/`);
    const other = await createTestApi({ dashboardFolder, services });
    const { text } = await other.call({ path: "/jobs", token: null });
    expect(text).toBe('<script src="/cron/assets/main-A1.js"></script>');
    await other.close();
  });

  it("says what to do where nothing was built", async () => {
    const other = await createTestApi({ dashboardFolder: pathToFileURL(`${folder}/gone/`) });
    const { status, body } = await other.call({ path: "/", token: null });
    expect([status, body.error.message]).toEqual([404, expect.stringContaining("npm run build")]);
    await other.close();
  });
});

describe("the dashboard's files", () => {
  const get = (file: string, encoding?: string) =>
    test.call({
      ...{ path: `/assets/${file}`, token: null },
      headers: encoding === undefined ? {} : { "accept-encoding": encoding },
    });

  it("are kept for a year, as their names say what is in them", async () => {
    const { headers, text } = await get("main-A1.js");
    expect(text).toBe("plain");
    expect(headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect((await get("main-A1.css")).headers["content-type"]).toBe("text/css; charset=utf-8");
  });

  it.each([
    ["gzip, deflate, br", "br", "as brotli"],
    ["gzip;q=1.0, br;q=0", "gzip", "as gzip"],
    ["identity", undefined, "plain"],
    ["BR", "br", "as brotli"],
  ])("come packed as the client takes them: %s", async (accepted, encoding, expected) => {
    const { headers, text } = await get("main-A1.js", accepted);
    expect([headers["content-encoding"], text]).toEqual([encoding, expected]);
    expect(headers.vary).toBe("accept-encoding");
  });

  it.each(["notes.txt", "main-A1.js.br", "..%2Findex.html", "%2e%2e%2findex.html", "gone.js"])(
    "are no others: %s",
    async (file) => {
      expect((await get(file)).status).toBe(404);
    },
  );
});
