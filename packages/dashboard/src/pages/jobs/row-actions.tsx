// What can be done to one job from the list, as buttons at the end of its row.
import type { Job } from "@trigrun/contract";
import { Icon } from "../../components/icon.tsx";
import { useJobActions } from "../../components/job-actions.ts";

export function RowActions({ job }: { job: Job }) {
  const { pause, resume, run } = useJobActions(job);
  return (
    <span className="row-actions">
      <button
        type="button"
        className="quiet square"
        aria-label={`Run ${job.name} now`}
        title="Run now"
        onClick={run}
      >
        <Icon name="run" />
      </button>
      {job.state === "active" && job.kind !== "one_time" && (
        <button
          type="button"
          className="quiet square"
          aria-label={`Pause ${job.name}`}
          title="Pause"
          onClick={pause}
        >
          <Icon name="pause" />
        </button>
      )}
      {job.state === "paused" && (
        <button
          type="button"
          className="quiet square"
          aria-label={`Resume ${job.name}`}
          title="Resume"
          onClick={resume}
        >
          <Icon name="play" />
        </button>
      )}
    </span>
  );
}
