// What needs somebody now: jobs that fail, work that is late, channels that were disabled. What is
// not the case takes no room.
import type { Overview } from "@trigrun/contract";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { useJobActions } from "../../components/job-actions.ts";
import { When } from "../../components/when.tsx";
import { useMayWrite } from "../../data/me.tsx";

type Failing = Overview["failing"];
type Failure = Failing["items"][number];

export function FailingNow({ failing: { count, items } }: { failing: Failing }) {
  if (count === 0) return null;
  return (
    <section className="card">
      <h2>Failing now: {count === 1 ? "1 job" : `${count} jobs`}</h2>
      <ul className="plain-list">
        {items.map((failure) => (
          <FailureLine key={failure.job_id} failure={failure} />
        ))}
      </ul>
      {count > items.length && (
        <p className="faint">
          The latest {items.length} of them. <Link href="/executions?status=failed">All</Link>
        </p>
      )}
    </section>
  );
}

function FailureLine({ failure }: { failure: Failure }) {
  const { job_id: id, job_name: name, failures_in_row: count, reason } = failure;
  const mayWrite = useMayWrite();
  const { run, isBusy } = useJobActions({ id, name });
  return (
    <li className="line">
      <Badge state="failed" />
      <span className="grow two-lines">
        <Link href={`/jobs/${id}`} dir="auto">
          <strong>{name}</strong>
        </Link>
        <span>
          {count === 1 ? "Once" : `${count} times in a row`}, since{" "}
          <When at={failure.failing_since} isAlone />.{" "}
          <Link href={`/executions/${failure.execution_id}`} aria-label={`Why ${name} failed`}>
            Why
          </Link>
        </span>
        {reason !== null && (
          <span className="faint" dir="auto">
            {reason}
          </span>
        )}
      </span>
      {mayWrite && (
        <button type="button" aria-label={`Run ${name} again`} disabled={isBusy} onClick={run}>
          Run again
        </button>
      )}
    </li>
  );
}

export function LateNow({ late }: { late: Overview["late"] }) {
  const { count, oldest_due_at: oldest, unplanned_jobs: unplanned } = late;
  if (count + unplanned === 0) return null;
  return (
    <section className="card">
      <h2>Late</h2>
      {count > 0 && (
        <p>
          {count === 1 ? "1 execution is" : `${count} executions are`} due and not started; the
          oldest was due <When at={oldest} isAlone />.{" "}
          <Link href="/executions?status=queued">Show what waits</Link>
        </p>
      )}
      {unplanned > 0 && (
        <p>
          The next run of {unplanned === 1 ? "1 job" : `${unplanned} jobs`} has passed without being
          planned. Look whether the server keeps up.
        </p>
      )}
    </section>
  );
}

export function DeadDestinations({ channels }: { channels: Overview["disabled_channels"] }) {
  if (channels.length === 0) return null;
  return (
    <section className="card">
      <h2>Dead destinations</h2>
      <ul className="plain-list">
        {channels.map(({ channel_id: id, channel_name: name, waiting, ...channel }) => (
          <li key={id} className="line">
            <Badge state="disabled" />
            <span className="grow two-lines">
              <Link href={`/channels/${id}`} dir="auto">
                <strong>{name}</strong>
              </Link>
              <span>
                Disabled <When at={channel.disabled_at} isAlone />.{" "}
                {waiting === 0
                  ? "Nothing waits for it."
                  : `${waiting === 1 ? "1 delivery waits" : `${waiting} deliveries wait`} for it.`}
              </span>
              <span className="faint" dir="auto">
                {channel.disabled_reason}
              </span>
            </span>
            <Link href={`/channels/${id}`} className="button" aria-label={`Open ${name}`}>
              Open
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
