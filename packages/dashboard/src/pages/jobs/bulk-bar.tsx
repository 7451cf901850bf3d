// What can be done to the chosen jobs at once. Pausing and resuming can be undone; deleting asks.
import type { Job } from "@trigrun/contract";
import { useState } from "react";
import { confirm } from "../../components/confirm.tsx";
import { Icon } from "../../components/icon.tsx";
import type { Chosen } from "../../components/selection.ts";
import { showToast } from "../../components/toast.ts";
import { toSentence, useClient, useRefresh } from "../../data/api.tsx";
import { useCommands } from "../../data/commands.ts";
import { doEach, type Outcome } from "../../data/several.ts";

interface BulkBarProps {
  readonly jobs: readonly Job[];
  readonly selection: Chosen;
}

const count = (number: number) => (number === 1 ? "1 job" : `${number} jobs`);

/** "Paused 3 jobs. 1 job was left as it was: …" */
function toText(verb: string, { done, failed, error }: Outcome): string {
  const good = done.length === 0 ? [] : [`${verb} ${count(done.length)}.`];
  const bad = failed === 0 ? [] : [`${count(failed)} stayed as before: ${toSentence(error)}`];
  return [...good, ...bad].join(" ");
}

export function BulkBar({ jobs, selection }: BulkBarProps) {
  const client = useClient();
  const refresh = useRefresh();
  const [isBusy, setBusy] = useState(false);
  const ids = [...selection.ids];
  const act = async (
    verb: string,
    each: (id: string) => Promise<unknown>,
    undo?: (id: string) => Promise<unknown>,
  ) => {
    setBusy(true);
    const outcome = await doEach(ids, each);
    setBusy(false);
    refresh(["listJobs", "getJob"]);
    showToast({
      text: toText(verb, outcome),
      ...(outcome.failed > 0 ? { tone: "bad" } : {}),
      ...(undo === undefined || outcome.done.length === 0
        ? {}
        : {
            action: {
              label: "Undo",
              run: () => {
                void doEach(outcome.done, undo).then(() => refresh(["listJobs", "getJob"]));
              },
            },
          }),
    });
    selection.clear();
  };
  const pause = (id: string) => client.pauseJob({ params: { id } });
  const resume = (id: string) => client.resumeJob({ params: { id } });
  const remove = async () => {
    const isSure = await confirm({
      title: `Delete ${count(ids.length)}?`,
      text: "They run no more, and what is queued of them is cancelled. Their history stays.",
      button: `Delete ${count(ids.length)}`,
    });
    if (isSure) await act("Deleted", (id) => client.deleteJob({ params: { id } }));
  };
  useCommands([
    { id: "jobs.pause", title: "Pause the chosen jobs", run: () => void act("Paused", pause) },
    { id: "jobs.clear", title: "Choose no job", keys: "Escape", run: selection.clear },
  ]);
  const run = (id: string) => client.runJobNow({ params: { id } });
  return (
    <section className="bulk" aria-label="Chosen jobs">
      <span role="status">{count(ids.length)} chosen</span>
      <button type="button" disabled={isBusy} onClick={() => void act("Paused", pause, resume)}>
        <Icon name="pause" /> Pause
      </button>
      <button type="button" disabled={isBusy} onClick={() => void act("Resumed", resume, pause)}>
        <Icon name="play" /> Resume
      </button>
      <button type="button" disabled={isBusy} onClick={() => void act("Queued", run)}>
        <Icon name="run" /> Run now
      </button>
      <button type="button" className="danger" disabled={isBusy} onClick={() => void remove()}>
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
  );
}
