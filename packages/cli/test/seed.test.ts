// The CLI reference of the product's first document, line by line, exactly as it stands there.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiServer, startApiServer } from "./support/api-server.ts";
import { loggedInTo, runInTest } from "./support/cronctl.ts";
import { aChannel, aDelivery, aHealth, aRule, aWeekOf, idOf, onePage } from "./support/fixtures.ts";

const channelId = idOf("chan", 1);
const jobId = idOf("job", 1);
const ruleId = idOf("rule", 1);
const deliveryId = idOf("dlv", 1);

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
});

const run = (line: string) => {
  const words = line
    .replace("CHANNEL_ID", channelId)
    .replace("JOB_ID", jobId)
    .replace("RULE_ID", ruleId)
    .replace("DELIVERY_ID", deliveryId)
    .split(" ")
    .slice(1);
  return runInTest(words, { env: loggedInTo(server.url) });
};

describe("the CLI reference", () => {
  it("lists channels", async () => {
    server.answers = {
      listChannels: () => onePage(aChannel()),
      listChannelStatistics: () => aWeekOf(aHealth()),
    };
    const { exitCode, stdout } = await run("cronctl channels list");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^NAME +TYPE +STATE .*ID\nops +webhook +enabled /);
  });

  it("creates a webhook channel", async () => {
    server.answers = { createChannel: () => aChannel() };
    const line = "cronctl channels create --name ops --type webhook --url https://example.com/hook";
    expect((await run(line)).exitCode).toBe(0);
    expect(server.seen[0]?.body).toEqual({
      name: "ops",
      type: "webhook",
      config: { url: "https://example.com/hook" },
    });
  });

  it("creates an email channel", async () => {
    server.answers = { createChannel: () => aChannel({ name: "alerts" }) };
    const line = "cronctl channels create --name alerts --type email --email team@example.com";
    expect((await run(line)).exitCode).toBe(0);
    expect(server.seen[0]?.body).toEqual({
      name: "alerts",
      type: "email",
      config: { email: "team@example.com" },
    });
  });

  it("deletes a channel without asking a script", async () => {
    server.answers = { deleteChannel: () => undefined };
    const { exitCode, stdout } = await run("cronctl channels delete CHANNEL_ID");
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`Deleted channel ${channelId}.\n`);
    expect(server.of("deleteChannel")[0]?.params).toEqual({ id: channelId });
  });

  it("lists the rules of a job", async () => {
    server.answers = { listRules: () => onePage(aRule()) };
    const { exitCode, stdout } = await run("cronctl rules list JOB_ID");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/on_failure +ops +webhook +rule_/);
  });

  it("adds a rule", async () => {
    server.answers = { addRule: () => aRule() };
    const line = "cronctl rules add JOB_ID --channel CHANNEL_ID --event on_failure";
    expect((await run(line)).exitCode).toBe(0);
    expect(server.of("addRule")[0]).toMatchObject({
      params: { id: jobId },
      body: { channel_id: channelId, event: "on_failure" },
    });
  });

  it("removes a rule", async () => {
    server.answers = { removeRule: () => undefined };
    expect((await run("cronctl rules remove JOB_ID RULE_ID")).exitCode).toBe(0);
    expect(server.of("removeRule")[0]?.params).toEqual({ id: jobId, rule_id: ruleId });
  });

  it("lists deliveries", async () => {
    server.answers = { listDeliveries: () => onePage(aDelivery()) };
    const { exitCode, stdout } = await run("cronctl deliveries list");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/nightly-backup +ops +on_failure +failed +dlv_/);
    expect(server.seen[0]?.query).toEqual({});
  });

  it("lists failed deliveries", async () => {
    server.answers = { listDeliveries: () => onePage(aDelivery()) };
    expect((await run("cronctl deliveries list --status failed")).exitCode).toBe(0);
    expect(server.seen[0]?.query).toEqual({ status: "failed" });
  });

  it("retries a delivery", async () => {
    server.answers = { retryDelivery: () => aDelivery({ status: "pending", finished_at: null }) };
    const { exitCode, stdout } = await run("cronctl deliveries retry DELIVERY_ID");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Status +pending/);
    expect(server.of("retryDelivery")[0]?.params).toEqual({ id: deliveryId });
  });
});
