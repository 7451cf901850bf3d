// What can be done to the chosen jobs at once. Pausing, resuming and running can be undone;
// deleting asks. Jobs that refuse stay chosen, each with its reason.
import type { Job } from "@trigrun/contract";
import { useState } from "react";
import { confirm } from "../../components/confirm.tsx";
import { Icon } from "../../components/icon.tsx";
import type { Chosen } from "../../components/selection.ts";
import { showToast } from "../../components/toast.ts";
import { useClient, useRefresh } from "../../data/api.tsx";
import { type BatchOutcome, doBatches } from "../../data/batches.ts";
import { useCommands } from "../../data/commands.ts";
import { doEach, type Outcome } from "../../data/several.ts";

interface BulkBarProps {
  readonly jobs: readonly Job[];
  readonly selection: Chosen;
}

type Refused = BatchOutcome["refused"];
type Undo = (outcome: BatchOutcome) => Promise<Outcome>;

const stales = ["listJobs", "getJob", "getOverview"] as const;

const count = (number: number) => (number === 1 ? "1 job" : `${number} jobs`);

/** "Paused 3 jobs. 1 job did not change." */
function toText(verb: string, { done, refused }: BatchOutcome): string {
  const good = done.length === 0 ? [] : [`${verb} ${count(done.length)}.`];
  const bad = refused.length === 0 ? [] : [`${count(refused.length)} did not change.`];
  return [...good, ...bad].join(" ");
}

/** Silent where all of it is as it was: the list shows that. */
function tellUndone({ refused }: Outcome): void {
  const [first] = refused;
  if (first === undefined) return;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : "";
  showToast({ text: `Not all of it could be undone. ${first.message}${more}`, tone: "bad" });
}

function useBulk({ jobs, selection }: BulkBarProps) {
  const client = useClient();
  const refresh = useRefresh();
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused>([]);
  const ids = [...selection.ids];
  const act = async (verb: string, doing: Promise<BatchOutcome>, undo?: Undo) => {
    setBusy(true);
    const outcome = await doing;
    setBusy(false);
    refresh(stales);
    const run = () =>
      void undo?.(outcome).then((undone) => {
        refresh(stales);
        tellUndone(undone);
      });
    const isUndoable = undo !== undefined && outcome.done.length > 0;
    showToast({
      text: toText(verb, outcome),
      ...(outcome.refused.length > 0 ? { tone: "bad" } : {}),
      ...(isUndoable ? { action: { label: "Undo", run } } : {}),
    });
    setRefused(outcome.refused);
    selection.choose(outcome.refused.map(({ id }) => id));
  };
  const pause = (some: readonly string[]) =>
    doBatches(some, (of) => client.pauseJobs({ body: { job_ids: of } }));
  const resume = (some: readonly string[]) =>
    doBatches(some, (of) => client.resumeJobs({ body: { job_ids: of } }));
  // What was paused before is done as well, and must stay so when this is undone.
  const were = (state: Job["state"]) => {
    const before = new Set(jobs.filter((job) => job.state === state).map(({ id }) => id));
    return ({ done }: BatchOutcome) => done.filter((id) => before.has(id));
  };
  const [wereActive, werePaused] = [were("active"), were("paused")];
  return {
    ...{ ids, isBusy, refused },
    pause: () => void act("Paused", pause(ids), (outcome) => resume(wereActive(outcome))),
    resume: () => void act("Resumed", resume(ids), (outcome) => pause(werePaused(outcome))),
    run: () =>
      void act(
        "Queued",
        doBatches(ids, (of) => client.runJobsNow({ body: { job_ids: of } })),
        ({ executionIds = [] }) =>
          doEach(executionIds, (id) => client.cancelExecution({ params: { id } })),
      ),
    remove: () =>
      void confirm({
        title: `Delete ${count(ids.length)}?`,
        text: "They run no more, and what is queued of them is cancelled. Their history stays.",
        button: `Delete ${count(ids.length)}`,
      }).then((isSure) => {
        const removing = (id: string) => client.deleteJob({ params: { id } });
        return isSure ? act("Deleted", doEach(ids, removing)) : undefined;
      }),
  };
}

export function BulkBar({ jobs, selection }: BulkBarProps) {
  const { ids, isBusy, refused, pause, resume, run, remove } = useBulk({ jobs, selection });
  useCommands([
    { id: "jobs.pause", title: "Pause the chosen jobs", run: pause },
    { id: "jobs.resume", title: "Resume the chosen jobs", run: resume },
    { id: "jobs.run", title: "Run the chosen jobs now", run },
    { id: "jobs.delete", title: "Delete the chosen jobs", run: remove },
    { id: "jobs.clear", title: "Choose no job", keys: "Escape", run: selection.clear },
  ]);
  return (
    <>
      <section className="bulk" aria-label="Chosen jobs">
        <span role="status">{count(ids.length)} chosen</span>
        <button type="button" disabled={isBusy} onClick={pause}>
          <Icon name="pause" /> Pause
        </button>
        <button type="button" disabled={isBusy} onClick={resume}>
          <Icon name="play" /> Resume
        </button>
        <button type="button" disabled={isBusy} onClick={run}>
          <Icon name="run" /> Run now
        </button>
        <button type="button" className="danger" disabled={isBusy} onClick={remove}>
          <Icon name="trash" /> Delete
        </button>
        <span className="grow" />
        <button
          type="button"
          className="quiet"
          onClick={() => selection.choose(jobs.map(({ id }) => id))}
        >
          Choose all {jobs.length} shown
        </button>
        <button type="button" className="quiet" onClick={selection.clear}>
          Choose none
        </button>
      </section>
      <RefusedJobs jobs={jobs} refused={refused.filter(({ id }) => selection.ids.has(id))} />
    </>
  );
}

// More would push the list out of sight.
const toldMax = 10;

function RefusedJobs({ jobs, refused }: { jobs: readonly Job[]; refused: Refused }) {
  if (refused.length === 0) return null;
  const nameOf = (id: string) => jobs.find((job) => job.id === id)?.name ?? id;
  return (
    <div className="note bad refused" role="alert">
      <p>{count(refused.length)} did not change and stayed chosen:</p>
      <ul>
        {refused.slice(0, toldMax).map(({ id, message }) => (
          <li key={id}>
            <bdi>{nameOf(id)}</bdi>: <bdi>{message}</bdi>
          </li>
        ))}
        {refused.length > toldMax && <li>and {refused.length - toldMax} more</li>}
      </ul>
    </div>
  );
}
