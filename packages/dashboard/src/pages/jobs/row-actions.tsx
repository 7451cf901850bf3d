// What can be done to one job from the list. Pausing and resuming undo each other; a run that was
// asked for is undone by cancelling it.
import type { Job } from "@trigrun/contract";
import { useLocation } from "wouter";
import { Icon } from "../../components/icon.tsx";
import { showToast } from "../../components/toast.ts";
import { useClient, useRefresh, useWrite } from "../../data/api.tsx";

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

function useJobActions({ id, name }: Job) {
  const [, navigate] = useLocation();
  const client = useClient();
  const refresh = useRefresh();
  const params = { id };
  const stales = ["listJobs", "getJob"] as const;
  const pauseAgain = useWrite("pauseJob", { stales });
  const resumeAgain = useWrite("resumeJob", { stales });
  const pause = useWrite("pauseJob", {
    stales,
    onDone: () =>
      showToast({
        text: `Paused ${name}.`,
        action: { label: "Undo", run: () => resumeAgain.mutate({ params }) },
      }),
  });
  const resume = useWrite("resumeJob", {
    stales,
    onDone: () =>
      showToast({
        text: `Resumed ${name}.`,
        action: { label: "Undo", run: () => pauseAgain.mutate({ params }) },
      }),
  });
  const run = useWrite("runJobNow", {
    stales,
    onDone: (execution) =>
      showToast({
        text: `${name} is queued to run now.`,
        action: {
          label: "Cancel",
          run: () => {
            // It may have ended meanwhile: then there is nothing to undo, and the page shows it.
            client.cancelExecution({ params: { id: execution.id } }).then(
              () => refresh(stales),
              () => navigate(`/executions/${execution.id}`),
            );
          },
        },
      }),
  });
  return {
    pause: () => pause.mutate({ params }),
    resume: () => resume.mutate({ params }),
    run: () => run.mutate({ params }),
  };
}
