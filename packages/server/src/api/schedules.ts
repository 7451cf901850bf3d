// Schedules on their own: when would this run? It reads and writes no row.
import { previewRuns } from "../plan/preview.ts";
import { readSchedule } from "../plan/schedule-input.ts";
import type { ApiHandlers } from "./context.ts";

// What the wire format of an instant can say: four digits of year.
const lastYear = 9999;

export const scheduleHandlers: Pick<ApiHandlers, "previewSchedule"> = {
  async previewSchedule({ body }, { now }) {
    const from = body.from ?? now;
    const schedule = readSchedule(body.kind, body.schedule ?? {}, from);
    const runs = previewRuns(schedule, from, body.count);
    return {
      items: runs
        .filter(({ run_at: runAt }) => runAt.getUTCFullYear() <= lastYear)
        .map((run) => ({ ...run, run_at: run.run_at.toISOString() })),
    };
  },
};
