// No credential leaves the product: a full run over every channel type, with receivers that give
// back all they get, then a search of every answer, every log line, every stored row, all output of
// cronctl and every message to others for every secret that was used.
import { type ChannelTypeName, channelTypeNames } from "@trigrun/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInTest } from "../../../cli/test/support/cronctl.ts";
import { raw, sql } from "../../src/store/db.ts";
import {
  credentials,
  rotatedSecret,
  secretTexts,
  smtpPassword,
  toConfigs,
} from "../support/credentials.ts";
import {
  embeddingsOf,
  type HostileEcho,
  spellingsOf,
  startHostileEcho,
  startQuotingMailServer,
} from "../support/hostile-echo.ts";
import type { Receiver } from "../support/receiver.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let echo: HostileEcho;
let smtp: Awaited<ReturnType<typeof startQuotingMailServer>>;
let ops: Receiver;
beforeEach(async () => {
  echo = await startHostileEcho();
  smtp = await startQuotingMailServer(smtpPassword);
  story = await createStory("2026-03-01T10:00:00Z", {
    smtpUrl: smtp.url,
    // The types with an address of their vendor's are led to the receiver of the test.
    toUrl: (url) => (url.startsWith("http://127.0.0.1") ? url : echo.url + new URL(url).pathname),
  });
  ops = await story.addReceiver();
});
afterEach(async () => {
  await story.close();
  await echo.stop();
  await smtp.stop();
});

type Answers = { readonly where: string; readonly text: string }[];

/** A channel of each type, made twice with one key: the second answer comes from the store. */
async function makeChannels(answers: Answers): Promise<Map<ChannelTypeName, string>> {
  const configs = toConfigs(echo.url);
  const ids = new Map<ChannelTypeName, string>();
  for (const type of channelTypeNames) {
    const pace = { max_per_minute: 6, burst: 1, overflow: "digest" };
    const body = { name: type, type, config: configs[type], pace };
    const headers = { "idempotency-key": `key-of-${type}` };
    for (const time of ["first", "second"]) {
      const answer = await story.call({ path: "/v1/notification-channels", body, headers });
      expect(answer.status, answer.text).toBe(201);
      answers.push({ where: `creation of ${type}, ${time}`, text: answer.text });
      ids.set(type, answer.body.id);
    }
  }
  return ids;
}

async function runAndTell(jobId: string, times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    await story.client.runJobNow({ params: { id: jobId } });
  }
  await story.tick();
}

/** All that the API says of channels, deliveries, executions and itself. */
async function readAll(jobId: string, answers: Answers): Promise<void> {
  const read = async (path: string) => {
    const { text, status } = await story.call({ path });
    expect(status, path).toBe(200);
    answers.push({ where: path, text });
    return text;
  };
  const idsIn = (text: string): string[] =>
    (JSON.parse(text) as { items: { id: string }[] }).items.map(({ id }) => id);
  for (const id of idsIn(await read("/v1/notification-channels"))) {
    await read(`/v1/notification-channels/${id}`);
  }
  for (const id of idsIn(await read("/v1/notification-deliveries?limit=100"))) {
    await read(`/v1/notification-deliveries/${id}`);
    await read(`/v1/notification-deliveries/${id}/explanation`);
  }
  for (const id of idsIn(await read("/v1/executions?limit=100"))) {
    await read(`/v1/executions/${id}`);
    await read(`/v1/executions/${id}/explanation`);
  }
  await read("/v1/notification-channel-statistics");
  await read(`/v1/jobs/${jobId}/notification-rules`);
  for (const path of ["/openapi.json", "/llms.txt", "/"]) await read(path);
}

/** Requests that are refused, each with a credential where it is wrong. */
async function beRefused(ids: ReadonlyMap<ChannelTypeName, string>, answers: Answers) {
  const configs = toConfigs(echo.url);
  for (const [type, id] of ids) {
    const path = `/v1/notification-channels/${id}`;
    for (const [key, value] of Object.entries(configs[type])) {
      if (typeof value !== "string") continue;
      const config = { ...configs[type], [key]: `${value}\u0007 ` };
      const bodies = [{ config }, { config: { [key]: [value] } }, { name: "webhook", config }];
      for (const body of bodies) {
        const { text } = await story.call({ path, method: "PATCH", body });
        answers.push({ where: `refusal of ${type}.${key}`, text });
      }
      const broken = JSON.stringify({ config }).slice(0, -2);
      const { text } = await story.call({ path, method: "PATCH", body: broken });
      answers.push({ where: `refusal of a broken body of ${type}`, text });
    }
  }
}

async function askCronctl(ids: Iterable<string>, answers: Answers): Promise<void> {
  const url = await story.app.listen({ port: 0, host: "127.0.0.1" });
  const ask = async (...argv: string[]) => {
    const env = { CRON_API_URL: url, CRON_TOKEN: story.token };
    const { stdout, stderr } = await runInTest(argv, { env, now: () => story.clock.now() });
    answers.push({ where: `cronctl ${argv.join(" ")}`, text: stdout + stderr });
  };
  await ask("channels", "list");
  await ask("deliveries", "list", "--all");
  for (const id of ids) {
    await ask("channels", "get", id);
    await ask("channels", "test", id);
  }
  const { items } = await story.client.listDeliveries({ query: { limit: 100 } });
  for (const { id } of items) {
    await ask("deliveries", "get", id, "--full");
    await ask("explain", id);
  }
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

const forms = new Map(
  secretTexts.flatMap((secret) =>
    [
      ...spellingsOf(secret),
      // Without the letters at the ends, which also hold what stands before and behind.
      ...embeddingsOf(secret).map((text) => text.slice(4, -8)),
    ].map((form) => [form.toLowerCase(), secret] as const),
  ),
);

/** Which secret is where, so that a failure names the hole. */
function findLeaks(answers: Answers): string[] {
  return answers.flatMap(({ where, text }) => {
    const all = text.toLowerCase();
    return [...forms]
      .filter(([form]) => all.includes(form))
      .map(([form, secret]) => {
        const at = all.indexOf(form);
        return `${where}: ${secret} as ${form}: ${all.slice(Math.max(0, at - 60), at + 60)}`;
      });
  });
}

describe("the credentials of a full run", () => {
  it("can be found, or nothing is proved by finding none", () => {
    for (const form of forms.keys()) expect(findLeaks([{ where: "", text: form }])).not.toEqual([]);
    const types: readonly string[] = channelTypeNames;
    expect(Object.keys(credentials).sort()).toEqual([...types].sort());
  });

  it("are in no answer, log line, row, output of cronctl or message to others", async () => {
    const { client } = story;
    const answers: Answers = [];
    const target = await story.addReceiver();
    target.answers(503);
    const jobId = await story.addJob(target.url, {
      retry_policy: { max_attempts: 1, retry_on_statuses: [] },
    });
    const ids = await makeChannels(answers);
    for (const channel_id of ids.values()) {
      const body = { channel_id, event: "on_failure" as const };
      await client.addRule({ params: { id: jobId }, body });
    }
    // It is told of the others, and fails never.
    await story.tell(jobId, "on_success", ops.url);
    const hook = ids.get("webhook") ?? "";
    await client.rotateChannelSecret({ params: { id: hook }, body: { secret: rotatedSecret } });

    echo.says(secretTexts, 500);
    await runAndTell(jobId, 1);
    for (const [type, id] of ids) {
      const exchange = await client.testChannel({ params: { id } });
      answers.push({ where: `test of ${type}`, text: JSON.stringify(exchange) });
    }
    echo.says(secretTexts, 400);
    story.clock.advance(60_000);
    await runAndTell(jobId, 4);
    // The credential was in each call, and so in each answer.
    for (const { token } of [credentials.slack, credentials.discord, credentials.telegram]) {
      expect(echo.paths.join(" ")).toContain(token);
    }
    const { items: digests } = await client.listDeliveries({ query: { event: "digest" } });
    expect(new Set(digests.map((digest) => digest.channel_type)).size).toBeGreaterThan(8);

    echo.says(secretTexts, 410);
    story.clock.advance(60_000);
    await runAndTell(jobId, 1);
    expect(ops.calls.map(({ body }) => body).join()).toContain("channel.disabled");

    await beRefused(ids, answers);
    await readAll(jobId, answers);
    await askCronctl(ids.values(), answers);
    answers.push({ where: "rows", text: await dumpRows() });
    answers.push({ where: "log", text: story.lines.join("\n") });
    answers.push({ where: "log of the API", text: JSON.stringify(story.logged) });
    for (const { body } of ops.calls) answers.push({ where: "a message to others", text: body });
    expect(answers.map(({ text }) => text).join()).toContain("webhook-signature");
    expect(findLeaks(answers)).toEqual([]);
  }, 60_000);
});

describe("what the user's own target says", () => {
  it("is kept as it was said, also where it holds a credential of a channel", async () => {
    const target = await story.addReceiver();
    target.answers({ status: 503, body: `debug: ${credentials.slack.token}` });
    const jobId = await story.addJob(target.url, {
      retry_policy: { max_attempts: 1, retry_on_statuses: [] },
    });
    await runAndTell(jobId, 1);
    const [execution] = (await story.client.listExecutions()).items;
    const read = await story.client.getExecution({ params: { id: execution?.id ?? "" } });
    expect(read.attempts[0]?.body_preview).toBe(`debug: ${credentials.slack.token}`);
  });
});
