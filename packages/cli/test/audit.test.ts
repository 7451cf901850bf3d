// `cronctl audit` on the real API: what people and programs read of who did what.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type Person, type TestApi } from "../../server/test/support/api.ts";
import { runInTest } from "./support/cronctl.ts";

let testApi: TestApi;
let url: string;
let owner: Person;
beforeAll(async () => {
  testApi = await createTestApi();
  url = await testApi.app.listen({ port: 0, host: "127.0.0.1" });
  owner = await testApi.addPerson("owner", { email: "ada@example.com" });
  const { token } = owner;
  const secret = { name: "STRIPE", value: "s3cret-value" };
  await testApi.call({ path: "/v1/secrets", token, body: secret });
  await testApi.call({ path: "/v1/notification-deliveries/retry", token, body: {} });
  await testApi.call({ method: "DELETE", path: "/v1/secrets/STRIPE" });
  const body = { email: "ada@example.com", password: "wrong" };
  await testApi.call({ path: "/v1/auth/login", token: null, body });
});
afterAll(() => testApi.close());

async function cronctl(argv: readonly string[], token = owner.token) {
  const env = { CRON_API_URL: url, CRON_TOKEN: token, NO_COLOR: "1" };
  return await runInTest(["audit", ...argv], { env, now: () => testApi.clock.now() });
}

describe("cronctl audit", () => {
  it("tells when, who, what, to what and from where, newest first", async () => {
    const { stdout, exitCode } = await cronctl([]);
    expect(exitCode).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^WHEN +WHO +ACTION +ON +FROM$/);
    expect(lines.slice(1).map((line) => line.replace(/^.*?(now|ago) +/, ""))).toEqual([
      expect.stringMatching(/^nobody +logIn \(refused\) +user ada@example.com +127\.0\.0\.1$/),
      expect.stringMatching(/^token test +deleteSecret +secret STRIPE +127\.0\.0\.1$/),
      expect.stringMatching(/^ada@example.com +retryDeliveries +0 rows +127\.0\.0\.1$/),
      expect.stringMatching(/^ada@example.com +createSecret +secret STRIPE +127\.0\.0\.1$/),
    ]);
    expect(stdout).not.toContain("s3cret-value");
  });

  it("takes every filter, and gives programs the JSON of the API", async () => {
    const ask = async (...argv: string[]) => {
      const { stdout, stderr } = await cronctl([...argv, "--json"]);
      expect(stderr).toBe("");
      return JSON.parse(stdout).items.map(({ action }: { action: string }) => action);
    };
    expect(await ask("--actor", "ada@example.com")).toEqual(["retryDeliveries", "createSecret"]);
    expect(await ask("--action", "deleteSecret")).toEqual(["deleteSecret"]);
    expect(await ask("--resource", "secret")).toEqual(["deleteSecret", "createSecret"]);
    expect(await ask("--from", "1h", "--limit", "1")).toEqual(["logIn"]);
    expect(await ask("--to", "1h")).toEqual([]);
    const { stdout } = await cronctl(["--all", "--json"]);
    const answer = await testApi.call({ path: "/v1/audit-log", token: owner.token });
    expect(JSON.parse(stdout)).toEqual(answer.body);
  });

  it("is refused to whoever is no owner, and knows its actions", async () => {
    const { token } = await testApi.addPerson("admin");
    const refused = await cronctl([], token);
    expect([refused.exitCode, refused.stdout]).toEqual([3, ""]);
    expect(refused.stderr).toContain("This needs the role owner");
    const wrong = await cronctl(["--action", "listJobs"]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/Allowed choices are .*rotateKey/);
  });
});
