// Jobs of each kind over the API, and what planner and runner would have done to them.
import type { Execution, Job, JobState, jobInput } from "@trigrun/contract";
import type { z } from "zod";
import { sql } from "../../src/store/db.ts";
import { insertSlots } from "../../src/store/planning.ts";
import type { TestApi } from "./api.ts";

export type NewJob = z.input<typeof jobInput>;

/** What a route with the job's id in its path takes. */
export interface JobParams {
  readonly params: { readonly id: string };
}

export const request = { url: "https://api.example.com/backup" };
export const hourly = { kind: "recurring", schedule: { every_n_minutes: 60 } } as const;
export const minutely = { kind: "recurring", schedule: { every_n_minutes: 1 } } as const;
export const nightly = {
  kind: "cron",
  schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
} as const;
export const oneTime = { kind: "one_time" } as const;

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** An instant so long after the API's present, as the wire has it. */
export function inFuture(api: TestApi, milliseconds: number): string {
  return new Date(api.clock.now().getTime() + milliseconds).toISOString();
}

export function scheduledIn(api: TestApi, milliseconds: number) {
  return { kind: "scheduled", schedule: { run_at: inFuture(api, milliseconds) } } as const;
}

export async function createJob(api: TestApi, fields: object): Promise<Job> {
  // Tests give each kind its schedule; where they do not, being refused is what they are about.
  return api.client.createJob({ body: { name: "nightly-backup", request, ...fields } as NewJob });
}

export async function createJobParams(api: TestApi, fields: object): Promise<JobParams> {
  return { params: { id: (await createJob(api, fields)).id } };
}

export async function createJobInState(api: TestApi, state: JobState): Promise<JobParams> {
  const given = state === "draft" ? "draft" : "active";
  const job = await createJobParams(api, { ...scheduledIn(api, hourMs), state: given });
  if (state === "paused") await api.client.pauseJob(job);
  if (state === "completed") await completeJob(api, job);
  return job;
}

/** As if the only run of the job had ended. */
export async function completeJob(api: TestApi, { params }: JobParams): Promise<void> {
  await api.db.run(sql`
    update jobs set state = 'completed', next_run_at = null where id = ${params.id}`);
}

export async function listExecutionsOf(api: TestApi, { params }: JobParams): Promise<Execution[]> {
  return (await api.client.listJobExecutions({ params })).items;
}

/** Puts a slot down as the planner does, so many milliseconds from now. */
export async function planSlot(
  api: TestApi,
  { params }: JobParams,
  milliseconds: number,
): Promise<void> {
  const now = api.clock.now();
  const slotAt = new Date(now.getTime() + milliseconds);
  const { workspaceId, services } = api;
  const { publicUrl } = services;
  const slot = { jobId: params.id, workspaceId, slotAt, missedReason: null };
  await insertSlots(api.db, [slot], { now, publicUrl });
}
