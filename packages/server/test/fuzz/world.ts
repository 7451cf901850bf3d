// The API that is fuzzed: a real database with rows in every state, two workspaces, a token of
// every kind. The engine does not run, so nothing changes but by requests.
import { deliveryStatuses, events, executionStatuses } from "@trigrun/contract";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
  rowsMadeAt,
} from "../support/rows.ts";
import { type Ask, type Asker, toAddress, toBytes } from "./asks.ts";
import type { Answer } from "./judge.ts";
import type { Pools } from "./pools.ts";

export interface World {
  readonly api: TestApi;
  send(ask: Ask): Promise<Answer>;
  /** More rows in every state, as the engine would leave them, and tells the pools. */
  addRows(): Promise<void>;
  close(): Promise<void>;
}

export async function createWorld(pools: Pools): Promise<World> {
  const api = await createTestApi();
  const other = await api.addTenant();
  const past = new Date(api.clock.now().getTime() - 1_000);
  const tokens: Readonly<Record<Exclude<Asker, "person">, string | undefined>> = {
    owner: api.token,
    admin: await api.addToken("admin"),
    member: await api.addToken("member"),
    expired: await api.addToken("owner", past),
    other: other.token,
    none: undefined,
  };
  const rows = await api.db.rows<{ id: string }>(sql`select id from api_tokens`);
  pools.spare(rows.map(({ id }) => id));
  // The workspace keeps an owner whatever becomes of the others.
  const { memberId } = await api.addPerson("owner");
  pools.spare([memberId]);
  let rounds = 0;

  async function addChannel(client: TestApi["client"]): Promise<string> {
    rounds += 1;
    const config = { url: "https://api.example.com/hook" };
    const body = { name: `made ${rounds}`, type: "webhook" as const, config };
    return (await client.createChannel({ body })).id;
  }

  /** The ids of one round of rows in a workspace, whichever it is. */
  async function addRowsOf({ workspaceId, client }: Pick<TestApi, "workspaceId" | "client">) {
    const { db } = api;
    const channelId = await addChannel(client);
    const jobId = await insertJobRow(db, { workspaceId, name: `made ${rounds}` });
    const rule = { channel_id: channelId, event: "on_failure" as const };
    const { id: ruleId } = await client.addRule({ params: { id: jobId }, body: rule });
    const secret = { name: `made-${rounds}`, value: "a value that nobody sees" };
    const { id: secretId } = await client.createSecret({ body: secret });
    const found = [channelId, jobId, ruleId, secretId];
    for (const [index, status] of executionStatuses.entries()) {
      // One of each second, as the index on slots asks for.
      const scheduledFor = new Date(rowsMadeAt.getTime() + index * 1_000);
      const executionId = await insertExecutionRow(db, {
        ...{ workspaceId, jobId, status, scheduledFor },
      });
      found.push(executionId);
      for (const [place, deliveryStatus] of deliveryStatuses.entries()) {
        // Of an execution to a channel there is one delivery for each event.
        const event = events[place];
        if (event === undefined) continue;
        const row = { workspaceId, channelId, jobId, executionId, event };
        found.push(await insertDeliveryRow(db, { ...row, status: rotate(deliveryStatus, index) }));
      }
    }
    return { found, channelId, jobId };
  }

  return {
    api,
    async send(ask) {
      const { asker } = ask;
      // Anew each time: signing out and leaving are among what is asked.
      const token = asker === "person" ? (await api.addPerson("owner")).token : tokens[asker];
      const bytes = toBytes(ask);
      const response = await api.app.inject({
        // The odd ones among the methods are of node's list, which the type knows in part.
        method: ask.method as "GET",
        url: toAddress(ask),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(bytes === undefined ? {} : { "content-type": "application/json" }),
          ...ask.headers,
        },
        ...(bytes === undefined ? {} : { payload: bytes }),
      });
      return { status: response.statusCode, headers: response.headers, text: response.body };
    },
    async addRows() {
      const own = await addRowsOf(api);
      const draft = await api.client.createJob({ body: draftOf(`draft ${rounds}`) });
      for (const id of [...own.found, draft.id]) pools.learn("rows", { id });
      // A channel that is disabled and a job that has completed: only the engine makes those.
      if (rounds % 2 === 0) {
        await api.db.run(sql`
          update channels set disabled_at = ${rowsMadeAt}, disabled_reason = 'It answered 410.'
          where id = ${own.channelId}`);
        await api.db.run(sql`
          update jobs set state = 'completed', next_run_at = null where id = ${own.jobId}`);
      }
      pools.learnForeign((await addRowsOf({ ...api, ...other })).found);
    },
    close: () => api.close(),
  };
}

function draftOf(name: string) {
  const request = { url: "https://api.example.com/run" };
  return { name, kind: "one_time", state: "draft", request } as const;
}

/** Another status for each execution, so that every pair of the two comes up. */
function rotate(status: (typeof deliveryStatuses)[number], by: number) {
  const index = (deliveryStatuses.indexOf(status) + by) % deliveryStatuses.length;
  return deliveryStatuses[index] ?? status;
}
