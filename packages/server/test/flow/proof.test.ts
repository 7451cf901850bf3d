// The proof of the fault tests, broken on purpose: each kind of loss must be found, or a fault test
// that passes would say nothing.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raw } from "../../src/store/db.ts";
import { findLosses, readFigures, tellFigures, type Witnesses } from "../support/proof.ts";
import type { ReceivedCall, Receiver } from "../support/receiver.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let witnesses: Witnesses;

// One job that succeeded and one that failed, each told on every event, and one every minute.
beforeAll(async () => {
  story = await createStory(new Date().toISOString());
  const target = await story.addReceiver();
  const broken = await story.addReceiver();
  const ops = await story.addReceiver();
  broken.answers(404);
  const acknowledged = new Map<string, string>();
  for (const [name, url] of [["well", target.url] as const, ["ill", broken.url] as const]) {
    const draft = { name, kind: "one_time", state: "draft", schedule: {} } as const;
    const id = await story.addJob(url, { ...draft, request: { method: "POST" } });
    acknowledged.set(name, id);
    for (const event of ["on_success", "on_failure", "on_completion"] as const) {
      await story.tell(id, event, ops.url);
    }
    await story.client.activateJob({ params: { id } });
  }
  const schedule = { cron: "* * * * *", timezone: "UTC" };
  const minutely = { name: "minutely", schedule, request: { method: "POST" } } as const;
  acknowledged.set("minutely", await story.addJob(target.url, minutely));
  for (let minute = 0; minute < 3; minute += 1) {
    await story.tick();
    story.clock.advance(60_000);
  }
  await story.tick();
  witnesses = {
    targetCalls: [target, broken].flatMap(toTargetCalls),
    webhookCalls: ops.calls.map(toWebhookCall),
    acknowledged,
    refused: new Set(["never"]),
  };
});
afterAll(() => story.close());

function toTargetCalls({ calls }: Receiver) {
  return calls.map(({ headers }) => ({
    executionId: String(headers["x-cron-service-execution-id"]),
    attempt: Number(headers["x-cron-service-attempt"]),
  }));
}

function toWebhookCall({ headers, body }: ReceivedCall) {
  return { id: String(headers["webhook-id"]), receiver: "ops", body };
}

/** What is found after a damage, which is taken back. */
async function lossesAfter(damage: string): Promise<string[]> {
  let losses: string[] = [];
  const rolledBack = new Error("rolled back");
  const damaged = story.db.transaction(async (tx) => {
    await tx.run(raw(damage));
    losses = await findLosses(tx, witnesses);
    throw rolledBack;
  });
  await expect(damaged).rejects.toBe(rolledBack);
  return losses;
}

const anExecution = "(select id from executions where trigger = 'creation' limit 1)";
const aDelivery = "(select id from deliveries limit 1)";
const unguarded = (table: string) => `alter table ${table} disable trigger all;
  alter table ${table} drop constraint due_until_ended;
  alter table ${table} drop constraint finished_when_ended;`;

describe("the proof", () => {
  it("finds nothing where nothing is lost, and tells the figures", async () => {
    expect(await findLosses(story.db, witnesses)).toEqual([]);
    const figures = await readFigures(story.db, witnesses);
    expect(tellFigures("No kill", figures, [])).toBe(
      "No kill: 5 executions, 4 deliveries, 0 interrupted, 0 calls made again, " +
        "0 webhooks repeated, 0 given up, 0 losses",
    );
  });

  it.each([
    [
      "a one_time job has exactly one execution",
      `delete from executions where id = ${anExecution}`,
    ],
    [
      "each minute of a job that runs every minute",
      `delete from executions where id =
        (select id from executions where trigger = 'schedule' limit 1)`,
    ],
    [
      "no slot has two executions",
      `drop index executions_slot_idx;
      insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, reason,
        finished_at)
      select new_id('exec'), workspace_id, job_id, 'cancelled', trigger, scheduled_for, 'twice',
        now() from executions where trigger = 'schedule' limit 1`,
    ],
    [
      "no job stands before a slot that has passed",
      "update jobs set next_run_at = now() - interval '1 minute' where name = 'minutely'",
    ],
    [
      "an ended execution has exactly the deliveries that its rules ask for",
      `delete from deliveries where id = ${aDelivery}`,
    ],
    [
      "an ended execution has exactly the deliveries that its rules ask for",
      `delete from rules where (job_id, channel_id) =
        (select job_id, channel_id from deliveries limit 1)`,
    ],
    [
      "no event is told twice to a channel",
      `drop index deliveries_event_idx;
      insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
        destination_id, job_id, execution_id, event, facts, due_at)
      select new_id('dlv'), workspace_id, channel_id, channel_name, channel_type, destination_id,
        job_id, execution_id, event, facts, now() from deliveries limit 1`,
    ],
    [
      "a delivery tells how its execution ended",
      `update deliveries set facts = jsonb_set(facts, '{execution,attempts}', '7')
      where id = ${aDelivery}`,
    ],
    [
      "every execution has ended",
      `${unguarded("executions")} update executions
      set status = 'running', due_at = now(), finished_at = null where id = ${anExecution}`,
    ],
    [
      "every delivery is sent or failed",
      `update deliveries set status = 'pending', due_at = now(), finished_at = null
      where id = ${aDelivery}`,
    ],
    [
      "a job that runs once is completed",
      `alter table jobs disable trigger all; update jobs set state = 'active' where name = 'well'`,
    ],
    [
      "no slot is run before its moment",
      "update attempts set started_at = started_at - interval '2 minutes'",
    ],
    [
      "attempts of an execution are numbered from 1",
      `delete from attempts where execution_id = ${anExecution}`,
    ],
    [
      "tries of a delivery are numbered from 1",
      `update delivery_attempts set number = 2 where delivery_id = ${aDelivery}`,
    ],
    [
      "an attempt belongs to an execution",
      "update attempts set execution_id = 'exec_0' " +
        "where ctid = (select ctid from attempts limit 1)",
    ],
    [
      "the last attempt, and no other, decides",
      "update attempts set status = 'TIMEOUT' where status = 'SUCCESS'",
    ],
    ["the last try, and no other, decides", "update delivery_attempts set verdict = 'retry'"],
    [
      "what a dying node cut is recorded",
      "update attempts set error_class = 'interrupted' where status_code is not null",
    ],
    [
      "every lease is held by a node that is known",
      `alter table executions drop constraint only_running_is_leased;
      update executions set node_id = 'node_gone' where id = ${anExecution}`,
    ],
    [
      "an execution is due until it has ended",
      `${unguarded("executions")} update executions set due_at = now() where id = ${anExecution}`,
    ],
    [
      "a delivery is due until it has ended",
      `${unguarded("deliveries")} update deliveries set finished_at = null where id = ${aDelivery}`,
    ],
    [
      "a job is due only while it is active",
      `alter table jobs drop constraint only_active_jobs_are_due;
      update jobs set deleted_at = now() where name = 'minutely'`,
    ],
    [
      "a key that was used has the answer",
      `insert into idempotency_keys (workspace_id, key, fingerprint)
      select id, 'key', '' from workspaces limit 1`,
    ],
    ["the database itself refuses", "drop index deliveries_event_idx"],
    ["the database itself refuses", "alter table executions disable trigger executions_transition"],
    [
      "every creation that was answered is there",
      "update jobs set name = 'other' where name = 'ill'",
    ],
    ["no creation that was refused is there", "update jobs set name = 'never' where name = 'ill'"],
  ])("finds it when not: %s", async (sentence, damage) => {
    expect((await lossesAfter(damage)).join("\n")).toContain(`Not true: ${sentence}`);
  });

  type Calls = Pick<Witnesses, "targetCalls" | "webhookCalls">;
  it.each<[string, (calls: Calls) => Partial<Witnesses>]>([
    [
      "every attempt with an answer was received",
      ({ targetCalls }) => ({ targetCalls: targetCalls.slice(1) }),
    ],
    [
      "every call that was received is an attempt",
      ({ targetCalls }) => ({
        targetCalls: [...targetCalls, { executionId: "exec_0", attempt: 1 }],
      }),
    ],
    [
      "no attempt was received twice",
      ({ targetCalls }) => ({ targetCalls: [...targetCalls, ...targetCalls] }),
    ],
    [
      "every sent delivery was received",
      ({ webhookCalls }) => ({ webhookCalls: webhookCalls.slice(1) }),
    ],
    [
      "every webhook that was received is a try",
      ({ webhookCalls }) => ({ webhookCalls: [...webhookCalls, ...webhookCalls] }),
    ],
    [
      "every webhook id that was received is a delivery",
      ({ webhookCalls }) => ({
        webhookCalls: webhookCalls.map((call) => ({ ...call, id: "dlv_0" })),
      }),
    ],
    [
      "repeats carry the same webhook id",
      ({ webhookCalls: [first, ...others] }) => ({
        webhookCalls: first ? [first, ...others, { ...first, id: "dlv_0" }] : [],
      }),
    ],
    [
      "repeats carry the same body",
      ({ webhookCalls: [first, ...others] }) => ({
        webhookCalls: first ? [first, ...others, { ...first, body: `${first.body} ` }] : [],
      }),
    ],
    [
      "a webhook tells what its delivery says",
      ({ webhookCalls }) => ({
        webhookCalls: webhookCalls.map((call) => ({
          ...call,
          body: call.body.replace(/"event":"\w+"/, '"event":"on_other"'),
        })),
      }),
    ],
  ])("finds it when the far ends say otherwise: %s", async (sentence, change) => {
    const losses = await findLosses(story.db, { ...witnesses, ...change(witnesses) });
    expect(losses.join("\n")).toContain(`Not true: ${sentence}`);
  });
});
