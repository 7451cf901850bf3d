// The schedule of a job in the form in which the API takes one, and a job as the input of another
// one that does the same. Pure.
import type { Job, Rule } from "@trigrun/contract";
import type { InputOf } from "../../data/api.tsx";

type NewJob = NonNullable<InputOf<"createJob">>["body"];

/** An answered schedule has the fields of its kind; what stands after `??` is never reached. */
export function toScheduleInput({ kind, schedule }: Pick<Job, "kind" | "schedule">) {
  switch (kind) {
    case "recurring":
      return { kind, schedule: { every_n_minutes: schedule.every_n_minutes ?? 1 } };
    case "cron":
      return {
        kind,
        schedule: { cron: schedule.cron ?? "@daily", timezone: schedule.timezone ?? "UTC" },
      };
    case "scheduled":
      return { kind, schedule: { run_at: schedule.run_at ?? "" } };
    case "one_time":
      return { kind };
  }
}

// As long as a name may be.
const nameMax = 200;
const ending = " (copy)";

/** A draft with a name of its own and the same rules. */
export function toCopy(job: Job, rules: readonly Rule[]): NewJob {
  return {
    ...toScheduleInput(job),
    ...{ request: job.request, retry_policy: job.retry_policy, state: "draft" },
    name: `${job.name.slice(0, nameMax - ending.length).trim()}${ending}`,
    notification_rules: rules.map(({ channel_id, event }) => ({ channel_id, event })),
  };
}
