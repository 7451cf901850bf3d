// The stream of changes over real sockets: what it tells, to whom, and when it ends.
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createToken } from "../../src/auth/token.ts";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { openRaw, untilClosed } from "../support/raw-client.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
} from "../support/rows.ts";

let api: TestApi;
let url: string;

beforeEach(async () => {
  api = await createTestApi();
  url = await api.app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(() => api.close());

interface Told {
  readonly event: string;
  readonly data: unknown;
}

/** Reads events from a stream, and knows when it has ended. */
async function follow(token = api.token, query = "") {
  const stopping = new AbortController();
  const response = await fetch(`${url}/v1/events${query}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stopping.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error("the answer has no body");
  let text = "";
  /** The next event; undefined at the end of the stream. */
  const next = async (): Promise<Told | undefined> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        const found = /^event: (\w+)\ndata: (.*)$/.exec(block);
        if (found) return { event: found[1] ?? "", data: JSON.parse(found[2] ?? "") };
        continue;
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      text += value;
    }
  };
  return { response, next, leave: () => stopping.abort() };
}

async function insertJobAndExecution(status: "queued" | "running" = "queued") {
  const { db, workspaceId } = api;
  const jobId = await insertJobRow(db, { workspaceId });
  const row = { workspaceId, jobId, status, trigger: "manual" as const };
  const id = await insertExecutionRow(db, { ...row, scheduledFor: api.clock.now() });
  return { jobId, id };
}

async function insertQueued(jobId: string, count: number, at: Date): Promise<void> {
  await api.db.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at)
    select id_at('exec', ${at}) || substr(replace(gen_random_uuid()::text, '-', ''), 1, 20),
      ${api.workspaceId}, ${jobId}, 'queued', 'manual', ${at}, ${at}
    from generate_series(1, ${count}::integer)`);
}

describe("the stream of changes", () => {
  it("begins with a reset, and tells each change once", async () => {
    const { db, workspaceId } = api;
    const old = await insertJobAndExecution("running");
    const { response, next, leave } = await follow();
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(await next()).toEqual({ event: "reset", data: {} });
    const { id, jobId } = await insertJobAndExecution();
    const toExecution = (status: string, attempts: number, of = { id, jobId }) => ({
      ...{ id: of.id, job_id: of.jobId, status, attempt_count: attempts },
    });
    expect(await next()).toEqual({
      event: "changes",
      data: { executions: [toExecution("queued", 0)], deliveries: [] },
    });
    await db.run(sql`
      update executions set status = 'succeeded', finished_at = now(), due_at = null,
        attempt_count = 1 where id = ${old.id}`);
    expect(await next()).toEqual({
      event: "changes",
      data: { executions: [toExecution("succeeded", 1, old)], deliveries: [] },
    });
    const channelId = await insertChannelRow(db, { workspaceId, name: "told" });
    const madeAt = api.clock.now();
    const delivery = { workspaceId, channelId, jobId, executionId: old.id, madeAt };
    const deliveryId = await insertDeliveryRow(db, { ...delivery, status: "pending" });
    expect(await next()).toEqual({
      event: "changes",
      data: {
        executions: [],
        deliveries: [
          {
            ...{ id: deliveryId, job_id: jobId, execution_id: old.id, channel_id: channelId },
            ...{ status: "pending", attempt_count: 0 },
          },
        ],
      },
    });
    leave();
  });

  it("tells nothing of another workspace", async () => {
    const other = await api.addTenant();
    const { next, leave } = await follow(other.token);
    expect(await next()).toEqual({ event: "reset", data: {} });
    await insertJobAndExecution();
    const jobId = await insertJobRow(api.db, { workspaceId: other.workspaceId });
    const row = { workspaceId: other.workspaceId, jobId, status: "queued" as const };
    const own = await insertExecutionRow(api.db, { ...row, scheduledFor: api.clock.now() });
    const told = await next();
    expect(told?.data).toMatchObject({ executions: [{ id: own }] });
    leave();
  });

  it("asks for a reset where more happens than can be told", async () => {
    const { db, workspaceId } = api;
    const { next, leave } = await follow();
    expect(await next()).toMatchObject({ event: "reset" });
    const jobId = await insertJobRow(db, { workspaceId });
    await insertQueued(jobId, 600, api.clock.now());
    expect(await next()).toEqual({ event: "reset", data: {} });
    // Their ends cannot be told either, and it is too soon for a second reset: it is owed, also
    // when nothing is new any more. Who comes later begins with a look that was made after that.
    const look = async () => {
      const other = await follow();
      expect(await other.next()).toMatchObject({ event: "reset" });
      other.leave();
    };
    await db.run(sql`
      update executions set status = 'cancelled', finished_at = now(), due_at = null
      where job_id = ${jobId}`);
    await look();
    api.clock.advance(6_000);
    await look();
    await look();
    api.clock.advance(6_000);
    expect(await next()).toEqual({ event: "reset", data: {} });
    leave();
  });

  it("asks for a reset again and again while more waits than is looked at", async () => {
    const { db, workspaceId } = api;
    const jobId = await insertJobRow(db, { workspaceId });
    const madeAt = new Date(api.clock.now().getTime() - 3_600_000);
    await insertQueued(jobId, 500, madeAt);
    const { next, leave } = await follow();
    expect(await next()).toMatchObject({ event: "reset" });
    api.clock.advance(11_000);
    expect(await next()).toMatchObject({ event: "reset" });
    api.clock.advance(11_000);
    expect(await next()).toMatchObject({ event: "reset" });
    leave();
  });

  it("asks for a reset at the end of a digest, which ends all that it tells", async () => {
    const { db, workspaceId } = api;
    const { jobId, id: executionId } = await insertJobAndExecution("running");
    const channelId = await insertChannelRow(db, { workspaceId, name: "told" });
    const row = { workspaceId, channelId, jobId, executionId, status: "pending" as const };
    const digestId = await insertDeliveryRow(db, { ...row, madeAt: api.clock.now() });
    await db.run(sql`
      update deliveries set event = 'digest', execution_id = null, job_id = null
      where id = ${digestId}`);
    const { next, leave } = await follow();
    expect(await next()).toMatchObject({ event: "reset" });
    api.clock.advance(11_000);
    await db.run(sql`
      update deliveries set status = 'failed', due_at = null, finished_at = now()
      where id = ${digestId}`);
    expect(await next()).toMatchObject({ event: "reset" });
    leave();
  });

  it("ends when the token is revoked", async () => {
    const { db, workspaceId, clock } = api;
    const input = { workspaceId, name: "short", role: "member" as const, now: clock.now() };
    const { token } = await createToken(db, input);
    const { next } = await follow(token);
    expect(await next()).toMatchObject({ event: "reset" });
    await db.run(sql`update api_tokens set revoked_at = now() where name = 'short'`);
    expect(await next()).toBeUndefined();
  });

  it("ends when a member is removed", async () => {
    const { token, memberId } = await api.addPerson("member");
    const { next } = await follow(token);
    expect(await next()).toMatchObject({ event: "reset" });
    await api.db.run(sql`delete from memberships where id = ${memberId}`);
    expect(await next()).toBeUndefined();
  });

  it("ends when its time is up", async () => {
    const { next } = await follow(api.token, "?seconds=0");
    expect(await next()).toMatchObject({ event: "reset" });
    expect(await next()).toBeUndefined();
  });

  it("ends when the server stops, and holds it up no longer", async () => {
    const { next } = await follow();
    expect(await next()).toMatchObject({ event: "reset" });
    const closed = api.app.close();
    expect(await next()).toBeUndefined();
    await closed;
  });

  it("is open so often for one token, and no more", async () => {
    const open = await Promise.all(Array.from({ length: 20 }, () => follow()));
    const refused = await follow();
    expect(refused.response.status).toBe(429);
    refused.leave();
    open[0]?.leave();
    // The place of one that has left is free as soon as the server has noticed.
    for (let status = 429; status === 429; ) {
      const again = await follow();
      status = again.response.status;
      again.leave();
    }
    for (const { leave } of open) leave();
  });

  it("needs the scopes of both", async () => {
    const { db, workspaceId, clock } = api;
    const input = { workspaceId, name: "narrow", role: "member" as const, now: clock.now() };
    const { token } = await createToken(db, { ...input, scopes: ["executions:read"] });
    expect((await api.call({ path: "/v1/events", token })).status).toBe(403);
  });

  it("is cut for who never reads it, and told to others meanwhile", {
    timeout: 60_000,
  }, async () => {
    const { db, workspaceId } = api;
    const jobId = await insertJobRow(db, { workspaceId });
    // Too old to be new, and too few of each state to be asked for a reset.
    const at = new Date(api.clock.now().getTime() - 3_600_000);
    await insertQueued(jobId, 499, at);
    await db.run(sql`update executions set status = 'running', started_at = ${at}`);
    const channelId = await insertChannelRow(db, { workspaceId, name: "told" });
    await db.run(sql`
      insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
        destination_id, job_id, execution_id, event, facts, status, due_at, node_id)
      select 'dlv_' || substr(e.id, 6) || d.status, ${workspaceId}, c.id, c.name, c.type,
        c.destination_id, ${jobId}, e.id, d.event, '{}', d.status, ${at}, d.node_id
      from executions e, channels c, (values ('on_failure', 'processing', 'node_x'),
        ('on_success', 'pending', null)) as d (event, status, node_id)
      where c.id = ${channelId}`);
    // A listening server has an AddressInfo; strings are for pipes.
    const { port } = api.app.server.address() as AddressInfo;
    const accepted = new Promise<Socket>((resolve) => api.app.server.once("connection", resolve));
    const deaf = openRaw(port, { isStubborn: true });
    deaf.socket.pause();
    const bearer = `authorization: Bearer ${api.token}`;
    deaf.socket.write(`GET /v1/events HTTP/1.1\r\nhost: x\r\n${bearer}\r\n\r\n`);
    const served = await accepted;
    let isCut = false;
    const cut = untilClosed(served).then(() => {
      isCut = true;
    });
    const { next, leave } = await follow();
    expect(await next()).toMatchObject({ event: "reset" });
    // Each look tells all of them, until the sockets and the stream are full.
    while (!isCut) {
      await db.run(sql`update executions set attempt_count = attempt_count + 1`);
      await db.run(sql`update deliveries set attempt_count = attempt_count + 1`);
      expect(await next()).toMatchObject({ event: "changes" });
    }
    await cut;
    leave();
    deaf.socket.destroy();
  });
});
