// What each route of the matrix is about: for every call a row of its own in the asked state, and a
// body that the route takes. A route with an id in its path and no row here fails the matrix.
import { api, type Route } from "@trigrun/contract";
import { sql } from "../../src/store/db.ts";
import { personPassword, type TestApi } from "../support/api.ts";
import { insertDeliveryRow, insertExecutionRow, insertJobRow } from "../support/rows.ts";

export type RouteKey = keyof typeof api;

/** A path with its ids filled in, and the body to send with it. */
export interface Subject {
  readonly path: string;
  readonly body: unknown;
}

type Ids = Readonly<Record<string, string>>;

let count = 0;
const next = () => ++count;

/** Makes rows in the first workspace of the API. */
export function createSubjects(test: TestApi) {
  const { db, client, workspaceId } = test;

  const request = { url: "https://api.example.com/run" };
  const toJob = async (state?: "draft") => {
    const name = `job ${next()}`;
    const schedule = { every_n_minutes: 60 };
    const job = { name, kind: "recurring" as const, schedule, request };
    return (await client.createJob({ body: state ? { ...job, state } : job })).id;
  };
  const toChannel = async () => {
    const config = { url: "https://api.example.com/hook", secret: "whsec_something" };
    const body = { name: `channel ${next()}`, type: "webhook" as const, config };
    return (await client.createChannel({ body })).id;
  };
  const toExecution = async (status: "queued" | "failed") => {
    const jobId = await insertJobRow(db, { workspaceId, name: `job ${next()}` });
    return await insertExecutionRow(db, { workspaceId, jobId, status });
  };
  const toDelivery = async () => {
    const jobId = await insertJobRow(db, { workspaceId, name: `job ${next()}` });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId, status: "failed" });
    const channelId = await toChannel();
    return await insertDeliveryRow(db, { workspaceId, channelId, jobId, executionId });
  };
  const toRule = async (): Promise<Ids> => {
    const id = await toJob();
    const body = { channel_id: await toChannel(), event: "on_failure" as const };
    return { id, rule_id: (await client.addRule({ params: { id }, body })).id };
  };
  const toInvitation = async () =>
    (await client.inviteMember({ body: { email: `invited-${next()}@example.com` } })).id;

  // By the resource of the path, for routes that do not ask for a certain state.
  const byPath: Readonly<Record<string, () => Promise<string>>> = {
    "/v1/jobs": () => toJob(),
    "/v1/executions": () => toExecution("failed"),
    "/v1/notification-channels": toChannel,
    "/v1/notification-deliveries": toDelivery,
    "/v1/secrets": async () =>
      (await client.createSecret({ body: { name: `SECRET_${next()}`, value: "s3cret" } })).id,
    "/v1/api-tokens": async () => (await client.createToken({ body: { name: "t" } })).id,
    "/v1/workspace/members": async () => (await test.addPerson("member")).memberId,
    "/v1/workspace/invitations": toInvitation,
  };
  const byKey: { readonly [K in RouteKey]?: () => Promise<Ids> } = {
    activateJob: async () => ({ id: await toJob("draft") }),
    resumeJob: async () => {
      const id = await toJob();
      await client.pauseJob({ params: { id } });
      return { id };
    },
    cancelExecution: async () => ({ id: await toExecution("queued") }),
    removeRule: toRule,
    enableChannel: async () => {
      const id = await toChannel();
      await db.run(sql`
        update channels set disabled_at = now(), disabled_reason = 'It answered 410.'
        where id = ${id}`);
      return { id };
    },
  };

  async function makeIds(key: RouteKey, { path }: Route): Promise<Ids> {
    const own = byKey[key];
    if (own !== undefined) return await own();
    const make = byPath[path.split("/:", 1)[0] ?? ""];
    if (make === undefined) throw new Error(`no row is made for ${key}: add it to matrix-rows.ts`);
    return { id: await make() };
  }

  const batch = async () => ({ job_ids: [await toJob()] });
  const bodies: { readonly [K in RouteKey]?: () => Promise<unknown> } = {
    pauseJobs: batch,
    resumeJobs: batch,
    runJobsNow: batch,
    createChannel: async () => ({
      name: `new ${next()}`,
      type: "webhook",
      config: { url: "https://api.example.com/hook" },
    }),
    updateChannel: async () => ({ name: `changed ${next()}` }),
    createSecret: async () => ({ name: `NEW_${next()}`, value: "s3cret" }),
    updateSecret: async () => ({ value: "changed" }),
    addRule: async () => ({ channel_id: await toChannel(), event: "on_failure" }),
    retryDeliveries: async () => ({ dry_run: true }),
    inviteMember: async () => ({ email: `asked-${next()}@example.com` }),
    changePassword: async () => ({
      current_password: personPassword,
      new_password: "another four words",
    }),
    transferWorkspace: async () => ({ member_id: (await test.addPerson("member")).memberId }),
    switchWorkspace: async () => ({ workspace_id: workspaceId }),
  };

  return async (key: RouteKey): Promise<Subject> => {
    const definition: Route = api[key];
    const ids = definition.params === undefined ? {} : await makeIds(key, definition);
    const path = definition.path.replace(/:([a-z_]+)/g, (_, name: string) => ids[name] ?? "");
    // A stream that ends at once.
    if (definition.streams) return { path: `${path}?seconds=0`, body: undefined };
    if (definition.body === undefined) return { path, body: undefined };
    const body = (await bodies[key]?.()) ?? definition.example?.body ?? {};
    return { path, body };
  };
}
