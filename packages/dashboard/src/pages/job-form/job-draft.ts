// What stands in the form of a job, and what the API makes of it. Pure: text as it was typed goes
// in, the input of the contract comes out, with what is wrong before anybody is asked.
import {
  ApiError,
  type Event,
  type Job,
  type JobRequest,
  jobInput,
  type methods,
  type Rule,
} from "@trigrun/contract";
import type { z } from "zod";
import { isZone, toInstant, toLocal, wrongDate } from "../../data/zoned.ts";

type NewJob = z.input<typeof jobInput>;
export type BodyKind = "none" | "json" | "text";

export interface JobDraft {
  readonly name: string;
  readonly kind: Job["kind"];
  readonly everyMinutes: string;
  readonly cron: string;
  readonly zone: string;
  /** Of a wall clock in `zone`. */
  readonly runAt: string;
  readonly method: (typeof methods)[number];
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly bodyKind: BodyKind;
  readonly body: string;
  readonly timeoutSeconds: string;
  readonly successStatuses: string;
  readonly followsRedirects: boolean;
  readonly maxAttempts: string;
  readonly retryStatuses: string;
  readonly rules: readonly {
    readonly channelId: string;
    readonly event: Event;
    /** As far as it is known by more than the list of channels. */
    readonly channelName?: string;
  }[];
}

export type DraftErrors = Readonly<Record<string, string>>;

/** As the contract fills in what is left out. */
export function toNewDraft(zone: string): JobDraft {
  return {
    ...{ name: "", kind: "cron", everyMinutes: "15", cron: "0 6 * * *", zone, runAt: "" },
    ...{ method: "GET", url: "", headers: [], bodyKind: "none", body: "" },
    ...{ timeoutSeconds: "30", successStatuses: "200, 201, 202, 204", followsRedirects: false },
    ...{ maxAttempts: "3", retryStatuses: "429, 500, 502, 503, 504", rules: [] },
  };
}

export function toDraft(job: Job, rules: readonly Rule[], ownZone: string): JobDraft {
  const { schedule, request, retry_policy: retry } = job;
  const zone = schedule.timezone ?? ownZone;
  const fresh = toNewDraft(zone);
  const runAt = toLocal(schedule.run_at ?? "", zone);
  return {
    ...{ ...fresh, name: job.name, kind: job.kind, runAt },
    everyMinutes: String(schedule.every_n_minutes ?? fresh.everyMinutes),
    cron: schedule.cron ?? fresh.cron,
    ...{ method: request.method, url: request.url, headers: Object.entries(request.headers) },
    ...toBodyText(request.body),
    timeoutSeconds: String(request.timeout_seconds),
    successStatuses: request.success_statuses.join(", "),
    followsRedirects: request.follow_redirects,
    maxAttempts: String(retry.max_attempts),
    retryStatuses: retry.retry_on_statuses.join(", "),
    rules: rules.map(({ channel_id: channelId, channel_name: channelName, event }) => ({
      ...{ channelId, channelName, event },
    })),
  };
}

function toBodyText(body: unknown): Pick<JobDraft, "body" | "bodyKind"> {
  if (body === null || body === undefined) return { bodyKind: "none", body: "" };
  if (typeof body === "string") return { bodyKind: "text", body };
  return { bodyKind: "json", body: JSON.stringify(body, null, 2) };
}

/** What is no number goes on as text, and the contract says what is wrong. */
function toNumber(text: string): number {
  const number = Number(text.trim());
  const asTyped: unknown = text.trim() === "" || !Number.isFinite(number) ? text : number;
  // The schema that reads it refuses text.
  return asTyped as number;
}

function toNumbers(text: string): number[] {
  const items = text.split(/[\s,]+/).filter((item) => item !== "");
  return items.map(toNumber);
}

type Scheduled =
  | { readonly kind: "recurring"; readonly schedule: { every_n_minutes: number } }
  | { readonly kind: "cron"; readonly schedule: { cron: string; timezone: string } }
  | { readonly kind: "scheduled"; readonly schedule: { run_at: string } }
  | { readonly kind: "one_time"; readonly schedule: Record<string, never> };

export function toSchedule(draft: JobDraft): Scheduled {
  switch (draft.kind) {
    case "recurring":
      return { kind: "recurring", schedule: { every_n_minutes: toNumber(draft.everyMinutes) } };
    case "cron":
      return { kind: "cron", schedule: { cron: draft.cron, timezone: draft.zone } };
    case "scheduled":
      return { kind: "scheduled", schedule: { run_at: toInstant(draft.runAt, draft.zone) } };
    case "one_time":
      return { kind: "one_time", schedule: {} };
  }
}

export function toRequest(draft: JobDraft): Required<JobRequest> {
  return {
    ...{ url: draft.url.trim(), method: draft.method },
    headers: Object.fromEntries(draft.headers.filter(([name]) => name.trim() !== "")),
    body: readBody(draft).body,
    timeout_seconds: toNumber(draft.timeoutSeconds),
    success_statuses: toNumbers(draft.successStatuses),
    follow_redirects: draft.followsRedirects,
  };
}

function readBody({ bodyKind, body }: JobDraft): { body: unknown; error?: string } {
  if (bodyKind === "none") return { body: null };
  if (bodyKind === "text") return { body };
  try {
    const read: unknown = JSON.parse(body);
    return { body: read };
  } catch (error) {
    const why = error instanceof Error ? error.message : "it cannot be read";
    return { body: null, error: `is not JSON: ${why}` };
  }
}

export function toNewJob(draft: JobDraft, state: "active" | "draft"): NewJob {
  return {
    ...{ name: draft.name.trim(), state, request: toRequest(draft) },
    ...toSchedule(draft),
    retry_policy: {
      max_attempts: toNumber(draft.maxAttempts),
      retry_on_statuses: toNumbers(draft.retryStatuses),
    },
    notification_rules: draft.rules.map(({ channelId, event }) => ({
      channel_id: channelId,
      event,
    })),
  };
}

/** What the contract says of the draft, by the path of the field. */
export function findErrors(draft: JobDraft): DraftErrors {
  const errors: Record<string, string> = {};
  const { error } = jobInput.safeParse(toNewJob(draft, "active"));
  for (const { path, message } of error?.issues ?? []) {
    errors[path.map(String).join(".")] ??= message;
  }
  if (draft.name.trim() === "") errors.name = "is required";
  if (draft.url.trim() === "") errors["request.url"] = "is required";
  Object.assign(errors, findDateErrors(draft));
  const body = readBody(draft);
  if (body.error !== undefined) errors["request.body"] = body.error;
  return errors;
}

/** What is wrong with the moment of a job that runs once. */
export function findDateErrors({ kind, runAt, zone }: JobDraft): DraftErrors {
  if (kind !== "scheduled") return {};
  // Of a zone that is not known the clock would be that of UTC.
  if (!isZone(zone)) return { "schedule.timezone": "is not known: choose one of the list" };
  if (runAt === "") return { "schedule.run_at": "is required" };
  return toInstant(runAt, zone) === "" ? { "schedule.run_at": wrongDate } : {};
}

/** Only what concerns the request: it can be tried before the rest is there. */
export function findRequestErrors(draft: JobDraft): DraftErrors {
  const all = Object.entries(findErrors(draft));
  return Object.fromEntries(all.filter(([path]) => path.startsWith("request.")));
}

/** What the API said, by the path of the field. */
export function readRefusal(error: Error | null): DraftErrors {
  if (!(error instanceof ApiError)) return {};
  const errors: Record<string, string> = {};
  for (const { path, message } of error.details) errors[path] ??= message;
  return errors;
}

/** The first complaint about a field or about a part of it. */
export function errorAt(errors: DraftErrors, field: string): string | undefined {
  const found = Object.entries(errors).find(
    ([path]) => path === field || path.startsWith(`${field}.`),
  );
  return found?.[1];
}
