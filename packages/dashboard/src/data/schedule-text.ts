// The schedule of a job in a few words, for lists. Pure.
import type { Job } from "@trigrun/contract";

export function toScheduleText({ kind, schedule }: Pick<Job, "kind" | "schedule">): string {
  switch (kind) {
    case "recurring":
      return toEvery(schedule.every_n_minutes ?? 0);
    case "cron":
      return `${schedule.cron} ${schedule.timezone}`;
    case "scheduled":
      return "once, at a set time";
    case "one_time":
      return "once, at once";
  }
}

function toEvery(minutes: number): string {
  if (minutes === 1) return "every minute";
  if (minutes % 1440 === 0) return minutes === 1440 ? "every day" : `every ${minutes / 1440} days`;
  if (minutes % 60 === 0) return minutes === 60 ? "every hour" : `every ${minutes / 60} hours`;
  return `every ${minutes} minutes`;
}
