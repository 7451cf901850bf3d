// One execution: why it went as it did, in sentences, what each attempt came to, who was told, and
// what can be done about it.
import { useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Sentences } from "../../components/sentences.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { type AnswerOf, type RouteKey, useRead, useWrite } from "../../data/api.tsx";
import { type List, useList } from "../../data/list.ts";
import { openMs, useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { hasEnded, hasSettled } from "../../data/states.ts";
import { toDuration } from "../../data/time.ts";
import { AttemptDetails } from "./attempt-details.tsx";

type Execution = AnswerOf<"getExecution">;
type Delivery = AnswerOf<"listExecutionNotifications">["items"][number];

export function ExecutionDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const params = { id };
  const everyMs = useEveryMs(openMs);
  const asked = { everyMs, isEnded: hasEnded };
  const { data, error, refetch, dataUpdatedAt } = useRead("getExecution", { params }, asked);
  return (
    <Dialog kind="drawer" title={data?.job_name ?? "Execution"} onClose={onClose}>
      {data === undefined && error === null && <Loading what="the execution" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="execution" />
      )}
      {data !== undefined && <ExecutionDetails execution={data} readAtMs={dataUpdatedAt} />}
    </Dialog>
  );
}

interface DetailsProps {
  readonly execution: Execution;
  readonly readAtMs: number;
}

function ExecutionDetails({ execution, readAtMs }: DetailsProps) {
  const { id, attempts, warnings } = execution;
  const mayWrite = useMayWrite();
  const params = { id };
  const everyMs = useEveryMs(openMs);
  const toldInput = { params, query: { limit: 100 } };
  // What was read before the end may lack what the end brought.
  const isOver = (items: readonly Pick<Delivery, "status">[], atMs: number) =>
    hasEnded(execution) && items.every(hasSettled) && atMs >= readAtMs;
  const told = useList("listExecutionNotifications", toldInput, { everyMs, isEnded: isOver });
  // It also says who was told, and so is over with the last of them.
  const isEnded = (_: unknown, atMs: number) => !told.isPending && isOver(told.items, atMs);
  const { data: explanation } = useRead("explainExecution", { params }, { everyMs, isEnded });
  return (
    <>
      <Facts execution={execution} />
      {mayWrite && <Actions execution={execution} />}
      {warnings.map((warning) => (
        <p key={warning} className="note warn" dir="auto">
          {warning}
        </p>
      ))}
      <section className="part">
        <h3>What happened</h3>
        <Sentences sentences={explanation?.sentences} />
      </section>
      <section className="part">
        <h3>Attempts</h3>
        {attempts.length === 0 && <p className="faint">No attempt was made yet.</p>}
        {attempts.map((attempt) => (
          <AttemptDetails
            key={attempt.number}
            attempt={attempt}
            isOpen={attempt.number === attempts.length}
          />
        ))}
      </section>
      <Notifications {...told} />
    </>
  );
}

function Facts({ execution }: { execution: Execution }) {
  const { job_id: jobId, status, trigger, duration_ms: ms, replay_of: original } = execution;
  const search = useSearch();
  const job = useRead("getJob", { params: { id: jobId } });
  return (
    <dl className="facts">
      <dt>Status</dt>
      <dd className="inline">
        <Badge state={status} />
        {ms !== null && <span className="faint">after {toDuration(ms)}</span>}
      </dd>
      <dt>Due</dt>
      <dd>
        <When at={execution.scheduled_for} isAlone />, by {trigger}
      </dd>
      {execution.next_attempt_at !== null && (
        <>
          <dt>Next attempt</dt>
          <dd>
            <When at={execution.next_attempt_at} isAlone />
          </dd>
        </>
      )}
      {original !== null && (
        <>
          <dt>Replay of</dt>
          <dd>
            <Link href={`/executions/${original}${search === "" ? "" : `?${search}`}`}>
              the first one
            </Link>
          </dd>
        </>
      )}
      <dt>Job</dt>
      <dd>
        <Link href={`/jobs/${jobId}`} dir="auto">
          {execution.job_name}
        </Link>
        {job.data !== undefined && (
          <span className="code faint block" dir="auto">
            {job.data.request.method} {job.data.request.url}
          </span>
        )}
      </dd>
    </dl>
  );
}

const stales: readonly RouteKey[] = [
  ...(["listExecutions", "getExecution", "explainExecution", "listJobs", "getJob"] as const),
];

function Actions({ execution: { id, status, job_name: name } }: { execution: Execution }) {
  const [, navigate] = useLocation();
  const search = useSearch();
  const [isAsking, setAsking] = useState(false);
  const params = { id };
  const replay = useWrite("replayExecution", {
    stales,
    onDone: (made) => navigate(`/executions/${made.id}${search === "" ? "" : `?${search}`}`),
  });
  const cancel = useWrite("cancelExecution", {
    stales,
    onDone: () => showToast({ text: `Cancelled the execution of ${name}.`, tone: "good" }),
  });
  const askAndCancel = async () => {
    setAsking(true);
    const isSure = await confirm({
      title: "Cancel this execution?",
      text: "A request in flight is aborted, though its target may have received it.",
      button: "Cancel the execution",
    });
    setAsking(false);
    if (isSure) cancel.mutate({ params });
  };
  const isOpen = status === "queued" || status === "running";
  return (
    <div className="actions">
      {isOpen ? (
        <button
          {...{ type: "button", className: "danger", disabled: isAsking || cancel.isPending }}
          onClick={() => void askAndCancel()}
        >
          Cancel
        </button>
      ) : (
        <button
          {...{ type: "button", disabled: replay.isPending }}
          onClick={() => replay.mutate({ params })}
        >
          Replay
        </button>
      )}
    </div>
  );
}

function Notifications({ items, isPending }: Pick<List<Delivery>, "items" | "isPending">) {
  return (
    <section className="part">
      <h3>Notifications</h3>
      {!isPending && items.length === 0 && <p className="faint">Nobody was told of it.</p>}
      <ul className="plain-list">
        {items.map((each) => (
          <li key={each.id} className="line">
            <Link href={`/deliveries/${each.id}`} className="grow" dir="auto">
              {each.channel_name}
            </Link>
            <span className="faint">{each.event.replaceAll("_", " ")}</span>
            <Badge state={each.status} />
          </li>
        ))}
      </ul>
    </section>
  );
}
