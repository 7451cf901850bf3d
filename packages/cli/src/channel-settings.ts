// The flags of `channels create` and `update` that belong to no type: how fast the receiver is
// called, and when failed deliveries are tried again. Pure; bounds are the API's business.
import type { Channel } from "@trigrun/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { usageError } from "./errors.ts";
import { positiveNumber } from "./flags.ts";

type Pace = NonNullable<Channel["pace"]>;

export interface SettingFlags {
  readonly maxPerMinute?: number;
  readonly burst?: number;
  readonly overflow?: Pace["overflow"];
  /** False with `--no-pace`. Commander has it true otherwise. */
  readonly pace: boolean;
  readonly retrySchedule?: readonly number[] | "default";
}

/** What of it goes into the body of a request. */
export interface Settings {
  readonly pace?: Pace | null;
  readonly retry?: { readonly schedule_seconds: number[] } | null;
}

/** Names of the flags, so that no field of a config takes one of them. */
export const settingFlags = [
  "max-per-minute",
  "burst",
  "overflow",
  "pace",
  "retry-schedule",
] as const;

export function addSettingFlags(command: Command): Command {
  return command
    .option("--max-per-minute <n>", "call the receiver so often at most, on average", readRate)
    .option("--burst <n>", "how many may follow at once after a quiet time", positiveNumber)
    .addOption(
      new Option(
        "--overflow <what>",
        "what comes too fast is told in one digest, or waits for its turn",
      ).choices(["digest", "wait"]),
    )
    .option("--no-pace", "call the receiver as fast as there is something to tell")
    .option(
      "--retry-schedule <waits>",
      "waits between tries, such as 5,30,120 (seconds) or 30s,5m,1h; default is TrigRun's own",
      readSchedule,
    );
}

/** What the flags say, over the pace that the channel has. */
export function toSettings(flags: SettingFlags, current: Pace | null = null): Settings {
  const pace = toPace(flags, current);
  const { retrySchedule } = flags;
  return {
    ...(pace === undefined ? {} : { pace }),
    ...(retrySchedule === undefined
      ? {}
      : { retry: retrySchedule === "default" ? null : toRetry(retrySchedule) }),
  };
}

function toRetry(seconds: readonly number[]) {
  return { schedule_seconds: [...seconds] };
}

function toPace(flags: SettingFlags, current: Pace | null): Pace | null | undefined {
  const { maxPerMinute, burst, overflow } = flags;
  const isNamed = [maxPerMinute, burst, overflow].some((flag) => flag !== undefined);
  if (!flags.pace) {
    if (isNamed) throw usageError("--no-pace excludes --max-per-minute, --burst and --overflow.");
    return null;
  }
  if (!isNamed) return undefined;
  const rate = maxPerMinute ?? current?.max_per_minute;
  if (rate === undefined) throw usageError("A pace needs --max-per-minute.");
  return {
    max_per_minute: rate,
    burst: burst ?? current?.burst ?? 1,
    overflow: overflow ?? current?.overflow ?? "wait",
  };
}

/** A rate may have a fraction: 7.5 a minute is one every 8 seconds. */
function readRate(text: string): number {
  if (!/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) {
    throw new InvalidArgumentError("It must be a number.");
  }
  return Number(text);
}

const unitSeconds: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600 };

function readSchedule(text: string): readonly number[] | "default" {
  if (text === "default") return text;
  return text.split(",").map((part) => {
    const [, digits, unit = ""] = /^(\d{1,9})([smh]?)$/.exec(part.trim()) ?? [];
    if (digits === undefined) {
      throw new InvalidArgumentError("It must be waits with commas between: 5,30,120 or 30s,5m.");
    }
    return Number(digits) * (unitSeconds[unit] ?? 1);
  });
}
