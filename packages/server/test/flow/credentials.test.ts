// No credential leaves the product: a full run with receivers that echo all they get, then a search
// of every answer, every log line and every stored row for every secret that was used.
import { afterEach, beforeEach, expect, it } from "vitest";
import { raw, sql } from "../../src/store/db.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
});
afterEach(() => story.close());

const secrets = {
  signing: "whsec_c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhaw==",
  rotated: "a-rotated-secret-that-must-not-leak",
  header: 'Bearer header "quoted" s3cr3t',
  slackPath: "B00SECRET/slacktokenslacktoken",
  discordPath: "99999/discordtokendiscordtoken",
};

async function makeChannels(url: string): Promise<string[]> {
  const { client } = story;
  const webhook = await client.createChannel({
    body: {
      name: "hook",
      type: "webhook",
      config: { url, secret: secrets.signing, headers: { Authorization: secrets.header } },
    },
  });
  const slack = await client.createChannel({
    body: {
      name: "slack",
      type: "slack",
      config: { url: `${url}/services/T00/${secrets.slackPath}`, include_output: true },
    },
  });
  const discord = await client.createChannel({
    body: {
      name: "discord",
      type: "discord",
      config: { webhook_url: `${url}/api/webhooks/${secrets.discordPath}`, include_output: true },
    },
  });
  return [webhook.id, slack.id, discord.id];
}

/** Every table as text, sealed columns too. */
async function dumpRows(): Promise<string> {
  const tables = await story.db.rows<{ name: string }>(
    sql`select relname as name from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    const found = await story.db.rows<{ text: string }>(
      raw(`select t::text as text from ${name} t`),
    );
    rows.push(...found.map(({ text }) => text));
  }
  return rows.join("\n");
}

it("keeps every secret of a full run out of answers, logs, rows and messages", async () => {
  const { client } = story;
  const echo = await story.addReceiver();
  echo.echoes(500);
  const target = await story.addReceiver();
  target.answers({ status: 503, body: `debug: ${secrets.header}` });
  const channelIds = await makeChannels(echo.url);
  const jobId = await story.addJob(target.url, {
    retry_policy: { max_attempts: 1, retry_on_statuses: [] },
  });
  for (const channel_id of channelIds) {
    const body = { channel_id, event: "on_failure" as const };
    await client.addRule({ params: { id: jobId }, body });
  }
  const [hook = ""] = channelIds;
  await client.rotateChannelSecret({ params: { id: hook }, body: { secret: secrets.rotated } });
  story.clock.at("2026-03-01T10:10:00Z");
  await story.tick();
  expect(echo.calls).toHaveLength(3);
  expect(echo.calls.map(({ path }) => path).join()).toContain(secrets.slackPath);

  const { items } = await client.listDeliveries();
  const answers: unknown[] = [items, await client.listChannels(), await client.listExecutions()];
  for (const { id } of items) answers.push(await client.getDelivery({ params: { id } }));
  const shown = JSON.stringify(answers);
  expect(shown).toContain("webhook-signature");
  // The target's own answer is the user's data: what it says is kept as it was said.
  const kept = (await dumpRows()).replaceAll(`debug: ${secrets.header}`, "");
  for (const secret of Object.values(secrets)) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      expect(shown).not.toContain(form);
      expect(kept).not.toContain(form);
      expect(story.lines.join("\n")).not.toContain(form);
    }
  }
});
