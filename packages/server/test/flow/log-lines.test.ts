// Lines of the log say what they are about by the ids that the API has for it, so that the story of
// an execution or a request can be searched for in the logs of all nodes.
import { afterEach, beforeEach, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { startReceiver } from "../support/receiver.ts";
import { type LogLine, type Serving, startServing } from "../support/serving.ts";

let database: TestDatabase;
let server: Serving;
beforeEach(async () => {
  database = await createTestDatabase();
  server = await startServing(database);
});
afterEach(async () => {
  await server.stop();
  await database.drop();
});

const yearly = { kind: "cron", schedule: { cron: "0 0 1 1 *" } } as const;

function linesOf(message: string): LogLine["fields"][] {
  return server.lines.filter((line) => line.message === message).map(({ fields }) => fields);
}

async function untilLine(message: string): Promise<LogLine["fields"]> {
  await expect.poll(() => linesOf(message).length, { timeout: 20_000 }).toBeGreaterThan(0);
  return linesOf(message)[0] ?? {};
}

it("tell an execution, its delivery and the request for it by their ids", async (test) => {
  const target = await startReceiver();
  test.onTestFinished(() => target.stop());
  const { client } = server;
  const hook = { name: "hook", type: "webhook", config: { url: target.url } } as const;
  const channel = await client.createChannel({ body: hook });
  const request = { url: `${target.url}/?token=the-token` };
  const job = await client.createJob({ body: { name: "job", ...yearly, request } });
  await client.addRule({
    params: { id: job.id },
    body: { channel_id: channel.id, event: "on_success" },
  });
  const answer = await fetch(`${server.url}/v1/jobs/${job.id}/run-now?q=hunter2`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}` },
  });
  await untilLine("delivery");
  const { db } = database;
  const [row] = await db.rows<{ id: string; execution_id: string; workspace_id: string }>(
    sql`select id, execution_id, workspace_id from deliveries`,
  );
  const about = {
    execution_id: row?.execution_id,
    job_id: job.id,
    workspace_id: row?.workspace_id,
  };
  expect(linesOf("attempt")).toMatchObject([{ ...about, attempt: 1, status: "SUCCESS" }]);
  const sent = { ...about, delivery_id: row?.id, channel_id: channel.id, status: "sent" };
  expect(linesOf("delivery")).toMatchObject([sent]);
  const id = answer.headers.get("x-request-id");
  expect(linesOf("request").filter((fields) => fields.request_id === id)).toMatchObject([
    {
      workspace_id: row?.workspace_id,
      method: "POST",
      route: "/v1/jobs/:id/run-now",
      status: answer.status,
    },
  ]);
  const all = JSON.stringify(server.lines);
  for (const secret of ["hunter2", "the-token", server.token]) expect(all).not.toContain(secret);
});

it("tell a job that cannot be planned, with the workspace that has it", async () => {
  const { db } = database;
  const { id, name } = await server.client.createJob({
    body: { name: "job", ...yearly, request: { url: "https://api.example.com/run" } },
  });
  expect(name).toBe("job");
  await db.run(sql`
    update jobs set timezone = 'Nowhere/Land', next_run_at = now() where id = ${id}`);
  const line = await untilLine("a job could not be planned");
  const [row] = await db.rows<{ workspace_id: string }>(
    sql`select workspace_id from jobs where id = ${id}`,
  );
  expect(line).toMatchObject({ job_id: id, workspace_id: row?.workspace_id });
});

it("tell a message that cannot be made, with its delivery", async (test) => {
  const target = await startReceiver();
  test.onTestFinished(() => target.stop());
  const { client } = server;
  const hook = { name: "hook", type: "webhook", config: { url: target.url } } as const;
  const channel = await client.createChannel({ body: hook });
  const request = { url: target.url };
  const job = await client.createJob({ body: { name: "job", ...yearly, request } });
  await client.addRule({
    params: { id: job.id },
    body: { channel_id: channel.id, event: "on_success" },
  });
  const { db } = database;
  // As after a change by hand: nothing opens it.
  await db.run(sql`
    update channels set secrets = set_byte(secrets, length(secrets) - 1,
      255 - get_byte(secrets, length(secrets) - 1))`);
  await client.runJobNow({ params: { id: job.id } });
  const line = await untilLine("a message could not be made");
  const [row] = await db.rows<{ id: string; execution_id: string }>(
    sql`select id, execution_id from deliveries`,
  );
  expect(line).toMatchObject({
    delivery_id: row?.id,
    execution_id: row?.execution_id,
    job_id: job.id,
    channel_id: channel.id,
  });
});
