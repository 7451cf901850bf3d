// The flags of `jobs create`, `update` and `test-request`, and the body they make.
import type { Job, JobRequest, RetryPolicy, Sent, TrigRunApi } from "@trigrun/contract";
import { jobKinds, methods } from "@trigrun/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { usageError } from "./errors.ts";
import { instantFlag, numberList, positiveNumber, textRecord, wholeNumber } from "./flags.ts";
import { readGiven } from "./given-text.ts";
import type { Surroundings } from "./surroundings.ts";

export type JobChange = Sent<TrigRunApi["updateJob"]>["body"];
type NewSchedule = Sent<TrigRunApi["previewSchedule"]>["body"];

export interface JobFlags {
  readonly name?: string;
  readonly url?: string;
  readonly kind?: Job["kind"];
  readonly every?: number;
  readonly cron?: string;
  readonly timezone?: string;
  readonly at?: string;
  readonly method?: JobRequest["method"];
  readonly header?: Readonly<Record<string, string>>;
  /** False for `--no-headers`, else true. */
  readonly headers?: boolean;
  /** False for `--no-body`. */
  readonly body?: string | false;
  readonly bodyText?: string;
  readonly timeout?: number;
  readonly successStatus?: readonly number[];
  readonly maxAttempts?: number;
  readonly retryOn?: readonly number[];
  readonly followRedirects?: boolean;
}

/** Minutes: "15", "15m", "2h", "1d". */
export function minutesFlag(text: string): number {
  const [, count, unit = "m"] = /^(\d{1,6})([mhd]?)$/.exec(text) ?? [];
  if (count === undefined) {
    throw new InvalidArgumentError("It must be minutes, or like 15m, 2h, 1d.");
  }
  const minutes = { m: 1, h: 60, d: 1440 }[unit === "" ? "m" : unit] ?? 1;
  return Number(count) * minutes;
}

export function addJobFlags(command: Command, now: () => Date): Command {
  return addRequestFlags(command)
    .addOption(new Option("--kind <kind>", "follows from the next three").choices(jobKinds))
    .option("--every <minutes>", "run every so many minutes (also 2h, 1d)", minutesFlag)
    .option("--cron <expression>", "run by a cron expression of five fields, or @hourly and such")
    .option("--timezone <zone>", "IANA name of the zone that --cron means (default UTC)")
    .option(
      "--at <time>",
      "run once at this time (also 10m, 2h from now)",
      instantFlag(now, "future"),
    )
    .option("--max-attempts <n>", "the first one counts (default 3)", positiveNumber)
    .option(
      "--retry-on <codes>",
      "such as 429,503, or none (default 429,500,502,503,504)",
      numberList,
    );
}

/** The flags of the request but for its address, which not every command asks for alike. */
export function addRequestFlags(command: Command): Command {
  return command
    .addOption(new Option("--method <method>", "default GET").choices(methods))
    .option("--header <name: value>", "a header of the request; repeatable", textRecord)
    .option("--body <json>", "JSON, other text, @FILE or @- (standard input)")
    .option("--body-text <text>", "a body that is sent as it is, though it may look like JSON")
    .option("--timeout <seconds>", "for each attempt (default 30)", wholeNumber)
    .option("--success-status <codes>", "such as 200,204 (default 200,201,202,204)", numberList)
    .option("--follow-redirects", "follow redirects of the target");
}

/** The schedule that the flags tell of; undefined when they tell of none. */
export function toSchedule(flags: JobFlags): NewSchedule | undefined {
  const told = [
    ["recurring", "--every", flags.every] as const,
    ["cron", "--cron", flags.cron] as const,
    ["scheduled", "--at", flags.at] as const,
  ].filter(([, , value]) => value !== undefined);
  if (told.length > 1) {
    throw usageError(`${told.map(([, flag]) => flag).join(" and ")} exclude each other.`);
  }
  const [inferred, flag] = told[0] ?? [];
  if (flags.kind !== undefined && inferred !== undefined && flags.kind !== inferred) {
    throw usageError(`${flag} makes a job of kind ${inferred}, not ${flags.kind}.`);
  }
  const kind = flags.kind ?? inferred;
  if (flags.timezone !== undefined && kind !== "cron") {
    throw usageError("--timezone goes with --cron.");
  }
  return kind === undefined ? undefined : scheduleOf(kind, flags);
}

function scheduleOf(kind: Job["kind"], flags: JobFlags): NewSchedule {
  switch (kind) {
    case "recurring":
      return { kind, schedule: { every_n_minutes: needed(flags.every, kind, "--every MINUTES") } };
    case "cron": {
      const { timezone } = flags;
      const cron = needed(flags.cron, kind, "--cron EXPRESSION");
      return { kind, schedule: { cron, ...(timezone === undefined ? {} : { timezone }) } };
    }
    case "scheduled":
      return { kind, schedule: { run_at: needed(flags.at, kind, "--at TIME") } };
    case "one_time":
      return { kind, schedule: {} };
  }
}

function needed<T>(value: T | undefined, kind: string, flag: string): T {
  if (value === undefined) throw usageError(`A job of kind ${kind} needs ${flag}.`);
  return value;
}

/** The body that the flags give: null for `--no-body`, undefined when they say nothing of it. */
export async function readBody(flags: JobFlags, surroundings: Surroundings): Promise<unknown> {
  if (flags.bodyText !== undefined && flags.body !== undefined) {
    throw usageError("--body-text excludes --body and --no-body.");
  }
  if (flags.bodyText !== undefined) return flags.bodyText;
  if (flags.body === false) return null;
  if (flags.body === undefined) return undefined;
  return toBody(await readGiven(flags.body, "--body", surroundings));
}

/** A body as the API takes it: an object or array from JSON, any other text as it is. */
export function toBody(text: string): unknown {
  const looksLikeJson = /^\s*[[{]/.test(text);
  if (!looksLikeJson) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw usageError("--body begins like JSON but is none. To send it as it is use --body-text.");
  }
}

/** The parts of the request that the flags name. `body` is undefined when they name none. */
export function toRequest(flags: JobFlags, body: unknown): Partial<JobRequest> {
  return {
    ...(flags.url === undefined ? {} : { url: flags.url }),
    ...(flags.method === undefined ? {} : { method: flags.method }),
    ...(flags.headers === false ? { headers: {} } : {}),
    ...(flags.header === undefined ? {} : { headers: { ...flags.header } }),
    ...(body === undefined ? {} : { body }),
    ...(flags.timeout === undefined ? {} : { timeout_seconds: flags.timeout }),
    ...(flags.successStatus === undefined ? {} : { success_statuses: [...flags.successStatus] }),
    ...(flags.followRedirects === undefined ? {} : { follow_redirects: flags.followRedirects }),
  };
}

export function toRetryPolicy(flags: JobFlags): Partial<RetryPolicy> {
  return {
    ...(flags.maxAttempts === undefined ? {} : { max_attempts: flags.maxAttempts }),
    ...(flags.retryOn === undefined ? {} : { retry_on_statuses: [...flags.retryOn] }),
  };
}

/** The change that the flags name, given the job as it is. A schedule is replaced as a whole. */
export function toChange(flags: JobFlags, body: unknown, job: Job): JobChange {
  const schedule = toSchedule(withOldParts(flags, job));
  const request = toRequest(flags, body);
  const retryPolicy = toRetryPolicy(flags);
  const change = {
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(schedule === undefined ? {} : { kind: schedule.kind, schedule: schedule.schedule ?? {} }),
    ...(isEmpty(request) ? {} : { request }),
    ...(isEmpty(retryPolicy) ? {} : { retry_policy: retryPolicy }),
  };
  if (isEmpty(change))
    throw usageError("Say what to change; `cronctl jobs update --help` lists it.");
  return change;
}

/** A cron job keeps its zone when only the expression changes, and the other way round. */
function withOldParts(flags: JobFlags, job: Job): JobFlags {
  const isStill = flags.kind === undefined || flags.kind === "cron";
  const tellsCron = flags.cron !== undefined || flags.timezone !== undefined;
  if (job.kind !== "cron" || !isStill || !tellsCron) return flags;
  if (flags.every !== undefined || flags.at !== undefined) return flags;
  const cron = flags.cron ?? job.schedule.cron;
  const timezone = flags.timezone ?? job.schedule.timezone;
  return {
    ...flags,
    ...(cron === undefined ? {} : { cron }),
    ...(timezone === undefined ? {} : { timezone }),
  };
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
