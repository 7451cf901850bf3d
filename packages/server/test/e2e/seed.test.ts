// The product's first document, line by line: every command in it is run in a shell, exactly as it
// stands, against the built programs. The order is the document's; each step builds on the last.
import { randomBytes } from "node:crypto";
import {
  type Client,
  channelTypeNames,
  createClient,
  deliveryStatuses,
  events,
  type TrigRunApi,
} from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInstallation, type Installation } from "../support/program.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { listCommands, listTable, openShell, readSeed, type Shell } from "./seed-lines.ts";

let installation: Installation;
let receiver: Receiver;
let shell: Shell;
let client: Client<TrigRunApi>;
let url: string;
const token = randomBytes(24).toString("hex");

const seed = await readSeed();
const commands = listCommands(seed);
const notRunYet = new Set(commands);

/** The one command that holds all these words. */
function command(...words: string[]): string {
  const found = commands.filter((text) => words.every((word) => text.includes(word)));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} commands: ${words}`);
  notRunYet.delete(only);
  return only;
}

beforeAll(async () => {
  installation = await createInstallation();
  receiver = await startReceiver();
  const settings = { TRIGRUN_BOOTSTRAP_TOKEN: token };
  url = await (await installation.start({ settings })).ready;
  client = createClient({ baseUrl: url, token, fetch });
  shell = await openShell({ url, token });
  // 120 s: the first run of a machine builds the programs and makes a database.
}, 120_000);

afterAll(async () => {
  await shell?.close();
  await receiver?.stop();
  await installation?.close();
});

describe("the document", () => {
  it("has the commands that are run here", () => {
    expect(commands.filter((text) => text.startsWith("curl")).length).toBe(9);
    expect(commands.filter((text) => text.startsWith("cronctl")).length).toBe(10);
    expect(seed.match(/^(?:curl|cronctl) /gm)?.length).toBe(19);
  });

  it("names the channel types, events and statuses that the product has", () => {
    // There are more types by now; those of the document are all still there.
    const types = listTable(seed, "TypeConfigDescription", channelTypeNames);
    expect(types).toEqual(["webhook", "email", "slack", "discord"]);
    expect(listTable(seed, "EventFires when", events)).toEqual([...events]);
    expect(listTable(seed, "StatusMeaning", deliveryStatuses)).toEqual([...deliveryStatuses]);
  });
});

describe("creating a channel", () => {
  it("of type webhook takes the signing secret and never shows it", async () => {
    const { status, body } = await shell.ask(command("curl", '"ops-webhook"'));
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: "ops-webhook", type: "webhook", disabled_at: null });
    expect(body.config).toEqual({ url: "https://api.example.com/hooks/cron", secret: "••••" });
    const { items } = await client.listChannels({ query: { name: "ops-webhook" } });
    expect(items).toEqual([body]);
  });

  it("of type slack shows no more of its URL than the workspace", async () => {
    const { status, body } = await shell.ask(command("curl", '"slack-alerts"'));
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: "slack-alerts", type: "slack" });
    expect(body.config.url).toMatch(/^https:\/\/hooks\.slack\.com\/services\/.*…$/);
    expect(JSON.stringify(body)).not.toContain("xxx");
  });

  it("of type email takes the address as it is printed", async () => {
    const { status, body } = await shell.ask(command("curl", '"team-email"'));
    expect(body).toMatchObject({ name: "team-email", type: "email" });
    expect(status).toBe(201);
    expect(body.config.email).toEqual(["[email\u00a0protected]"]);
  });
});

/** Ids under the names that the document has for them. */
const ids: Record<string, string> = {};

async function idOfChannel(name: string): Promise<string> {
  const { items } = await client.listChannels({ query: { name } });
  return items[0]?.id ?? "";
}

describe("attaching rules to jobs", () => {
  beforeAll(async () => {
    const job = await client.createJob({
      body: {
        name: "nightly-backup",
        kind: "cron",
        schedule: { cron: "0 0 1 1 *" },
        request: { url: receiver.url },
        retry_policy: { max_attempts: 1 },
      },
    });
    ids.JOB_ID = job.id;
    ids.CHANNEL_ID = await idOfChannel("slack-alerts");
  });

  it("connects a channel to a job for an event", async () => {
    const { status, body } = await shell.ask(command("curl", '"channel_id": "CHANNEL_ID"'), ids);
    expect(status).toBe(201);
    ids.RULE_ID = body.id;
  });

  it("lists the rules with the printed fields and no others", async () => {
    const { status, body } = await shell.ask(command("curl https", "/notification-rules"), ids);
    expect(status).toBe(200);
    const printed = JSON.parse(seed.slice(seed.indexOf('{\n  "items"')).split("\n\n")[0] ?? "");
    const names = { job_id: ids.JOB_ID, channel_id: ids.CHANNEL_ID, id: ids.RULE_ID };
    expect(body.items).toEqual([{ ...printed.items[0], ...names }]);
    expect(body.next_cursor).toBeNull();
  });

  it("takes several rules for one job", async () => {
    const channelId = await idOfChannel("ops-webhook");
    const body = { channel_id: channelId, event: "on_completion" as const };
    const rule = await client.addRule({ params: { id: ids.JOB_ID ?? "" }, body });
    const rules = await client.listRules({ params: { id: ids.JOB_ID ?? "" } });
    expect(rules.items.map(({ event }) => event).sort()).toEqual(["on_completion", "on_failure"]);
    await client.removeRule({ params: { id: ids.JOB_ID ?? "", rule_id: rule.id } });
  });

  it("removes a rule", async () => {
    const { status, body } = await shell.ask(command("curl -X DELETE"), ids);
    expect([status, body]).toEqual([204, undefined]);
    // Nothing is left that would call addresses outside of this machine.
    expect((await client.listRules({ params: { id: ids.JOB_ID ?? "" } })).items).toEqual([]);
  });
});

/** Asks until the delivery stands so, and no longer than a test may take. */
async function untilFailed(attempts: number) {
  return await expect
    .poll(
      async () => {
        const { items } = await client.listDeliveries({ query: { job_id: ids.JOB_ID } });
        return items.map(({ status, attempt_count: count }) => `${status} after ${count}`);
      },
      { timeout: 20_000, interval: 50 },
    )
    .toEqual([`failed after ${attempts}`]);
}

describe("delivery tracking", () => {
  beforeAll(async () => {
    // The job fails, and Slack's word for a webhook whose channel is gone ends the delivery.
    receiver.answers({ status: 400, body: "channel_not_found" });
    const config = { url: `${receiver.url}/services/T00/B00/xxx` };
    const channel = await client.createChannel({ body: { name: "local", type: "slack", config } });
    const params = { id: ids.JOB_ID ?? "" };
    await client.addRule({ params, body: { channel_id: channel.id, event: "on_failure" } });
    ids.EXECUTION_ID = (await client.runJobNow({ params })).id;
  });

  it("begins when the job has failed, and ends when nothing more can be tried", async () => {
    await untilFailed(1);
  });

  it("lists the failed deliveries", async () => {
    const { status, body } = await shell.ask(command("curl", "?status=failed"));
    expect(status).toBe(200);
    expect(body.items).toEqual([
      expect.objectContaining({
        status: "failed",
        event: "on_failure",
        channel_name: "local",
        channel_type: "slack",
        execution_id: ids.EXECUTION_ID,
      }),
    ]);
    expect(body.next_cursor).toBeNull();
    ids.DELIVERY_ID = body.items[0].id;
  });

  it("lists the deliveries of an execution", async () => {
    const { status, body } = await shell.ask(command("curl", "EXECUTION_ID"), ids);
    expect(status).toBe(200);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([ids.DELIVERY_ID]);
  });

  it("retries a failed delivery, which is sent once more", async () => {
    const { status, body } = await shell.ask(command("curl", "DELIVERY_ID/retry"), ids);
    expect(status).toBe(202);
    expect(body).toMatchObject({ id: ids.DELIVERY_ID, status: "pending" });
    await untilFailed(2);
    // One for the job, two for the delivery.
    expect(receiver.calls.length).toBe(3);
  });

  it.each(deliveryStatuses)("can be asked for those that are %s", async (status) => {
    const line = command("curl", "?status=failed").replace("failed", status);
    const { status: code, body } = await shell.ask(line);
    expect(code).toBe(200);
    expect(body.items.length).toBe(status === "failed" ? 1 : 0);
  });
});

describe("the CLI reference", () => {
  /** Runs the line; what it says on standard output. */
  async function say(line: string, filled: Record<string, string> = ids): Promise<string> {
    const { exitCode, stdout, stderr } = await shell.run(line, filled);
    // Standard error has hints for people, or says why a command failed.
    expect(exitCode, stderr).toBe(0);
    return stdout;
  }

  it("lists channels", async () => {
    const lines = (await say(command("cronctl channels list"))).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^NAME +TYPE +STATE .*ID$/);
    const rows = lines.slice(1).map((line) => line.split(/ {2,}/).slice(0, 2).join(" "));
    expect(rows).toEqual([
      "local slack",
      "team-email email",
      "slack-alerts slack",
      "ops-webhook webhook",
    ]);
    for (const line of lines.slice(1)) expect(line).toMatch(/ chan_[0-9a-f]{32}$/);
  });

  it("creates a webhook channel", async () => {
    const line = command("cronctl channels create --name ops ");
    const id = await idOfChannel("ops");
    expect(id).toBe("");
    expect(await say(line)).toMatch(/ops[\s\S]*chan_[0-9a-f]{32}/);
    ids.OPS_ID = await idOfChannel("ops");
    expect(ids.OPS_ID).toMatch(/^chan_/);
  });

  it("creates an email channel", async () => {
    const line = command("cronctl channels create --name alerts ");
    expect(await say(line)).toMatch(/alerts[\s\S]*chan_[0-9a-f]{32}/);
    expect((await client.listChannels({ query: { name: "alerts" } })).items[0]?.config).toEqual({
      email: ["[email\u00a0protected]"],
    });
  });

  it("deletes a channel", async () => {
    const id = await idOfChannel("alerts");
    expect(await say(command("cronctl channels delete"), { CHANNEL_ID: id })).toContain(id);
    expect(await idOfChannel("alerts")).toBe("");
  });

  it("adds a rule", async () => {
    const filled = { ...ids, CHANNEL_ID: ids.OPS_ID ?? "" };
    const text = await say(command("cronctl rules add"), filled);
    ids.RULE_ID = /rule_[0-9a-f]{32}/.exec(text)?.[0] ?? "none";
    expect(ids.RULE_ID).toMatch(/^rule_/);
  });

  it("lists rules", async () => {
    const lines = (await say(command("cronctl rules list"))).trimEnd().split("\n");
    expect(lines[0]).toMatch(/^EVENT +CHANNEL .*ID$/);
    expect(lines.length).toBe(3);
    expect(lines.find((line) => line.includes(ids.RULE_ID ?? ""))).toMatch(
      /^on_failure +ops +webhook /,
    );
  });

  it("removes a rule", async () => {
    expect(await say(command("cronctl rules remove"))).toContain(ids.RULE_ID);
    const rules = await client.listRules({ params: { id: ids.JOB_ID ?? "" } });
    expect(rules.items.map((rule) => rule.channel_name)).toEqual(["local"]);
  });

  it("lists deliveries, all or the failed ones", async () => {
    const [all, failed] = commands.filter((text) => text.startsWith("cronctl deliveries list"));
    expect([all, failed]).toEqual([
      "cronctl deliveries list",
      "cronctl deliveries list --status failed",
    ]);
    for (const line of [all, failed]) {
      notRunYet.delete(line ?? "");
      const lines = (await say(line ?? "")).trimEnd().split("\n");
      expect(lines.length).toBe(2);
      expect(lines[0]).toMatch(/^JOB +CHANNEL +EVENT +STATUS +ID /);
      expect(lines[1]).toMatch(/^nightly-backup +local +on_failure +failed +dlv_[0-9a-f]{32} /);
      expect(lines[1]).toContain(ids.DELIVERY_ID);
    }
  });

  it("retries a delivery", async () => {
    expect(await say(command("cronctl deliveries retry"))).toContain(ids.DELIVERY_ID);
    await untilFailed(3);
    expect(receiver.calls.length).toBe(4);
  });
});

describe("afterwards", () => {
  it("every command of the document has been run", () => {
    expect([...notRunYet]).toEqual([]);
  });

  it("a machine without curl is told the same by its stand-in", async () => {
    const other = await openShell({ url, token, withoutCurl: true });
    try {
      const line = command("curl", "?status=failed");
      expect(await other.ask(line)).toEqual(await shell.ask(line));
      const create = command("curl", '"ops-webhook"');
      expect((await other.ask(create)).status).toBe(409);
    } finally {
      await other.close();
    }
  });

  it("nothing that the programs wrote holds a credential", () => {
    for (const program of installation.programs) {
      expect(program.words()).not.toContain("whsec_your_signing_secret");
      expect(program.words()).not.toContain(token);
    }
  });
});
