// cronctl against the real API on a real PostgreSQL: one story from a job to its notifications.
// Nothing runs here but the API, so executions stay queued and channels are tested by a stand-in.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../../server/test/support/api.ts";
import { runInTest } from "./support/cronctl.ts";

let testApi: TestApi;
let url: string;
beforeAll(async () => {
  testApi = await createTestApi();
  url = await testApi.app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => testApi.close());

async function cronctl(argv: readonly string[], exitCode = 0) {
  const outcome = await runInTest(argv, {
    env: { CRON_API_URL: url, CRON_TOKEN: testApi.token },
    now: () => testApi.clock.now(),
  });
  expect({ argv, exitCode: outcome.exitCode, stderr: outcome.stderr }).toMatchObject({ exitCode });
  return outcome;
}

async function answerOf(argv: readonly string[]) {
  return JSON.parse((await cronctl([...argv, "--json"])).stdout);
}

const target = "https://api.example.com/backup";

describe("the real API", () => {
  it("knows who asks", async () => {
    expect((await cronctl(["whoami"])).stdout).toMatch(/Role +owner/);
  });

  it("takes a job with its rules, and lets names stand for ids", async () => {
    const hook = ["--type", "webhook", "--url", "https://example.com/hook", "--secret", "s3cret"];
    const channel = await answerOf(["channels", "create", "--name", "ops", ...hook]);
    expect(JSON.stringify(channel)).not.toContain("s3cret");
    const job = await answerOf([
      ...["jobs", "create", "--name", "backup", "--url", target, "--cron", "30 2 * * *"],
      ...["--timezone", "America/New_York", "--method", "POST", "--body", '{"full":true}'],
      ...["--notify", "ops:on_failure"],
    ]);
    expect(job).toMatchObject({ name: "backup", kind: "cron", request: { body: { full: true } } });
    expect((await cronctl(["jobs", "list"])).stdout).toContain("backup");
    expect((await cronctl(["rules", "list", "backup"])).stdout).toMatch(/on_failure +ops/);
  });

  it("changes, pauses and resumes a job", async () => {
    const changed = await answerOf(["jobs", "update", "backup", "--cron", "15 3 * * *"]);
    expect(changed.schedule).toEqual({ cron: "15 3 * * *", timezone: "America/New_York" });
    expect((await cronctl(["jobs", "pause", "backup"])).stdout).toContain("is paused");
    expect((await cronctl(["jobs", "resume", "backup"])).stdout).toContain("is active");
    expect((await cronctl(["jobs", "activate", "backup"], 5)).stderr).toContain("error: ");
  });

  it("adds, repeats and removes rules", async () => {
    const add = ["rules", "add", "backup", "--channel", "ops", "--event", "on_completion"];
    const rule = await answerOf(add);
    expect((await answerOf(add)).id).toBe(rule.id);
    await cronctl(["rules", "remove", "backup", "ops:on_completion"]);
    await cronctl(["rules", "remove", "backup", rule.id], 4);
  });

  it("queues, lists, shows and cancels an execution", async () => {
    const execution = await answerOf(["jobs", "run", "backup"]);
    expect(execution).toMatchObject({ status: "queued", trigger: "manual" });
    const list = await cronctl(["executions", "list", "--job", "backup", "--status", "queued"]);
    expect(list.stdout).toContain(execution.id);
    expect((await cronctl(["executions", "get", execution.id])).stdout).toMatch(/Status +queued/);
    await cronctl(["executions", "cancel", execution.id]);
    const told = await cronctl(["executions", "notifications", execution.id]);
    expect(told.stderr).toContain("No deliveries");
  });

  it("previews a job, an interval and an expression", async () => {
    await cronctl(["jobs", "create", "--name", "ping", "--url", target, "--every", "15"]);
    const [first] = (await answerOf(["next", "ping", "-n", "1"])).items;
    const ping = await answerOf(["jobs", "get", "ping"]);
    expect(first.run_at).toBe(ping.next_run_at);
    expect((await answerOf(["next", "backup"])).items).toHaveLength(10);
    const gap = await cronctl(["next", "--cron", "@hourly", "-n", "2"]);
    expect(gap.stdout.trimEnd().split("\n")).toHaveLength(3);
    await cronctl(["next", "--cron", "61 * * * *"], 6);
  });

  it("changes, tests and rotates a channel", async () => {
    await cronctl(["channels", "update", "ops", "--url", "https://example.com/2"]);
    const changed = await answerOf(["channels", "get", "ops"]);
    expect(changed.config.url).toBe("https://example.com/2");
    expect((await cronctl(["channels", "test", "ops"])).stdout).toMatch(/^Delivered\./);
    expect((await cronctl(["channels", "rotate-secret", "ops"])).stdout).toMatch(/^whsec_\S+\n$/);
  });

  it("gives a channel a pace and retries, and shows how it does", async () => {
    const pace = ["--max-per-minute", "30", "--burst", "5", "--overflow", "digest"];
    const set = ["channels", "update", "ops", ...pace, "--retry-schedule", "30s,5m"];
    expect(await answerOf(set)).toMatchObject({
      pace: { max_per_minute: 30, burst: 5, overflow: "digest" },
      retry: { schedule_seconds: [30, 300] },
    });
    const changed = await answerOf(["channels", "update", "ops", "--burst", "2"]);
    expect(changed.pace).toEqual({ max_per_minute: 30, burst: 2, overflow: "digest" });
    const list = await cronctl(["channels", "list", "--state", "enabled"]);
    expect(list.stdout).toMatch(/\nops +webhook +enabled +0 +0 +0 +- +- +- +- +url/);
    expect((await cronctl(["channels", "list", "--state", "disabled"])).stdout).toBe("");
    const shown = (await cronctl(["channels", "get", "ops"])).stdout;
    expect(shown).toMatch(/Pace +30 a minute, 2 at once/);
    expect(shown).toMatch(/Retry +3 tries, with waits of 30 s, 5 min between them/);
    const bare = await answerOf([
      ...["channels", "update", "ops", "--no-pace"],
      ...["--retry-schedule", "default"],
    ]);
    expect(bare.pace).toBeNull();
    expect(bare.retry.schedule_seconds).toHaveLength(9);
    const enabled = await answerOf(["channels", "enable", "ops", "--discard"]);
    expect(enabled.waited).toBe(0);
    await cronctl(["channels", "update", "ops", "--max-per-minute", "0"], 6);
  });

  it.each([
    ["slack", ["--url", "https://hooks.slack.com/services/T00/B00/xxx"]],
    ["discord", ["--url", "https://discord.com/api/webhooks/123456789012345678/abc-def"]],
    ["email", ["--email", "a@example.com", "--email", "b@example.com"]],
  ])("takes a channel of type %s from its flags", async (type, flags) => {
    const channel = await answerOf([
      "channels",
      "create",
      "--name",
      type,
      "--type",
      type,
      ...flags,
    ]);
    expect(channel.type).toBe(type);
    await cronctl(["channels", "create", "--name", type, "--type", type, ...flags], 5);
  });

  it("lists deliveries and counts what a retry would touch", async () => {
    expect((await cronctl(["deliveries", "list", "--status", "failed"])).stdout).toBe("");
    const counted = await cronctl(["deliveries", "retry", "--channel", "ops", "--dry-run"]);
    expect(counted.stdout).toBe("0 failed deliveries would be retried.\n");
    await cronctl(["deliveries", "retry", `dlv_${"0".repeat(32)}`], 4);
  });

  it("refuses what is wrong, in its own words", async () => {
    const wrong = ["jobs", "create", "--name", "x", "--url", "ftp://example.com", "--every", "5"];
    expect((await cronctl(wrong, 6)).stderr).toMatch(/\n {2}request\.url: /);
    const local = ["jobs", "create", "--name", "x", "--url", "http://127.0.0.1/", "--every", "5"];
    await cronctl(local, 6);
  });

  it("deletes, and remembers the executions of the deleted", async () => {
    await cronctl(["channels", "delete", "ops"]);
    await cronctl(["jobs", "delete", "backup"]);
    await cronctl(["jobs", "get", "backup"], 4);
    expect((await cronctl(["executions", "list", "--job", "backup"])).stdout).toContain("backup");
  });
});
