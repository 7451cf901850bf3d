// What can be done to one job, from wherever it is shown. Pausing and resuming undo each other; a
// run that was asked for is undone by cancelling it; deleting asks once.
import type { Job } from "@trigrun/contract";
import { useLocation } from "wouter";
import { useClient, useRefresh, useWrite } from "../data/api.tsx";
import { confirm } from "./confirm.tsx";
import { showToast } from "./toast.ts";

const stales = [
  ...(["listJobs", "getJob", "getOverview", "getJobStatistics"] as const),
  ...(["listJobExecutions", "listExecutions"] as const),
];

export interface JobActions {
  pause(): void;
  resume(): void;
  /** A draft becomes a job that runs. */
  activate(): void;
  run(): void;
  /** Asks first; `onDone` when it is gone. */
  remove(onDone: () => void): void;
  /** True while one of them is on its way. */
  readonly isBusy: boolean;
}

export function useJobActions({ id, name }: Pick<Job, "id" | "name">): JobActions {
  const params = { id };
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
  const activate = useWrite("activateJob", {
    stales,
    onDone: () => showToast({ text: `${name} is active.`, tone: "good" }),
  });
  const remove = useWrite("deleteJob", { stales });
  const run = useRun(name);
  return {
    pause: () => pause.mutate({ params }),
    resume: () => resume.mutate({ params }),
    activate: () => activate.mutate({ params }),
    run: () => run.mutate({ params }),
    remove: (onDone) => {
      void askToRemove(name).then((isSure) => {
        if (!isSure) return;
        const done = () => {
          showToast({ text: `Deleted ${name}.` });
          onDone();
        };
        remove.mutate({ params }, { onSuccess: done });
      });
    },
    isBusy: [pause, resume, activate, run, remove].some(({ isPending }) => isPending),
  };
}

const askToRemove = (name: string) =>
  confirm({
    title: `Delete ${name}?`,
    text: "It runs no more, and what is queued of it is cancelled. Its history stays.",
    button: "Delete the job",
  });

function useRun(name: string) {
  const [, navigate] = useLocation();
  const client = useClient();
  const refresh = useRefresh();
  return useWrite("runJobNow", {
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
}
