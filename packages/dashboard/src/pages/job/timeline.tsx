// What the job did, run by run, the newest first: each opens to its attempts, and leads to the
// whole of it.
import type { Execution } from "@trigrun/contract";
import { useState } from "react";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { Strip } from "../../components/strip.tsx";
import { When } from "../../components/when.tsx";
import { useRead } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useEveryMs } from "../../data/live.ts";
import { hasEnded } from "../../data/states.ts";
import { toDuration } from "../../data/time.ts";

const pageSize = 30;

export function Timeline({ id }: { id: string }) {
  const asked = { params: { id }, query: { limit: pageSize } };
  const list = useList("listJobExecutions", asked, { everyMs: useEveryMs() });
  const { items } = list;
  const longest = Math.max(1, ...items.map(({ duration_ms: ms }) => ms ?? 0));
  return (
    <section className="card">
      <div className="card-head">
        <h2>Runs</h2>
        {items.length > 0 && <Strip executions={items} places={pageSize} />}
      </div>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the runs" />}
      {!list.isPending && list.error === null && items.length === 0 && (
        <Empty title="It has not run yet">
          <p>Run it now to see what it does, or wait for its schedule.</p>
        </Empty>
      )}
      <ul className="plain-list">
        {items.map((execution) => (
          <Run key={execution.id} {...{ execution, longest }} />
        ))}
      </ul>
      <ListEnd list={list} word="Show older runs" />
    </section>
  );
}

function Run({ execution, longest }: { execution: Execution; longest: number }) {
  const { id, status, scheduled_for: at, trigger, duration_ms: ms, reason } = execution;
  const [isOpen, setOpen] = useState(false);
  const tries = execution.attempt_count;
  return (
    <li className="run">
      <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary className="line">
          <Badge state={status} />
          <span>
            <When at={at} />
            {trigger !== "schedule" && <span className="faint"> by {triggerTexts[trigger]}</span>}
          </span>
          <span className="grow faint">{tries > 1 && `${tries} attempts`}</span>
          {ms !== null && (
            <span className="took">
              <Length part={ms / longest} status={status} />
              {toDuration(ms)}
            </span>
          )}
        </summary>
        {isOpen && <Attempts id={id} />}
        <Link href={`/executions/${id}`}>Open the run</Link>
      </details>
      {reason !== null && status !== "succeeded" && (
        <p className="faint reason" dir="auto">
          {reason}
        </p>
      )}
    </li>
  );
}

const triggerTexts: Readonly<Record<Execution["trigger"], string>> = {
  schedule: "schedule",
  manual: "hand",
  replay: "replay",
  creation: "creation",
};

// In units of the picture.
const lengthX = 60;

/** How long it took beside the longest of those shown; the number stands next to it. */
function Length({ part, status }: { part: number; status: Execution["status"] }) {
  return (
    <svg className="length" viewBox={`0 0 ${lengthX} 6`} aria-hidden="true" focusable="false">
      <rect className={`mark ${status}`} width={Math.max(2, part * lengthX)} height={6} rx={2} />
    </svg>
  );
}

function Attempts({ id }: { id: string }) {
  const asked = { everyMs: useEveryMs(), isEnded: hasEnded };
  const { data, error, refetch } = useRead("getExecution", { params: { id } }, asked);
  if (data === undefined) {
    if (error === null) return <Loading what="the attempts" />;
    return <ErrorState error={error} again={() => void refetch()} what="execution" />;
  }
  if (data.attempts.length === 0) return <p className="faint">No attempt was made yet.</p>;
  return (
    <ol className="plain-list">
      {data.attempts.map((attempt) => (
        <li key={attempt.number} className="attempt-line">
          <span className="line">
            <span>Attempt {attempt.number}</span>
            <strong>{attempt.status_code ?? attempt.error_class}</strong>
            <When at={attempt.started_at} isAlone />
            {attempt.latency_ms !== null && (
              <span className="faint">took {toDuration(attempt.latency_ms)}</span>
            )}
          </span>
          <Answer text={attempt.body_preview ?? attempt.error_message} />
        </li>
      ))}
    </ol>
  );
}

// The rest stands on the page of the run.
const shownMax = 2_000;

function Answer({ text }: { text: string | null }) {
  if (text === null || text === "") return null;
  return (
    <pre className="code" dir="auto">
      {text.length > shownMax ? `${text.slice(0, shownMax)}…` : text}
    </pre>
  );
}
