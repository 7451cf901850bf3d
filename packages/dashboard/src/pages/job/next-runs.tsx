// When the job runs next, and the runs after that as its schedule gives them, with what a clock
// change does to them.
import type { Job } from "@trigrun/contract";
import { When } from "../../components/when.tsx";
import { useRead } from "../../data/api.tsx";
import { toScheduleInput } from "./schedule-input.ts";

// As far as people plan ahead; the command line shows up to a hundred.
const count = 5;

export function NextRuns({ job }: { job: Job }) {
  const { next_run_at: from, state } = job;
  return (
    <section className="card">
      <h2>Next runs</h2>
      {from === null ? (
        <p className="faint">{toReason(state)}</p>
      ) : (
        <Preview key={from} job={job} from={from} />
      )}
    </section>
  );
}

function toReason(state: Job["state"]): string {
  switch (state) {
    case "paused":
      return "None while the job is paused.";
    case "draft":
      return "None until the draft is activated.";
    case "active":
    case "completed":
      return "None: the schedule has no further run.";
  }
}

function Preview({ job, from }: { job: Job; from: string }) {
  // Cron counts the runs after an instant, so it is asked from just before the one that is planned.
  const before = new Date(new Date(from).getTime() - 1).toISOString();
  const body = {
    ...toScheduleInput(job),
    ...{ count, from: job.kind === "recurring" ? from : before },
  };
  const { data } = useRead("previewSchedule", { body }, { isOff: job.kind === "one_time" });
  const later = (data?.items ?? []).filter(({ run_at: at }) => at > from).slice(0, count - 1);
  const planned = data?.items.find(({ run_at: at }) => at === from);
  return (
    <ol className="plain-list">
      {[planned ?? { run_at: from, note: null }, ...later].map(({ run_at: at, note }) => (
        <li key={at} className="line">
          <When at={at} isAlone />
          {note !== null && (
            <span className="warn-text" dir="auto">
              {note}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
