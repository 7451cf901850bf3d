// One job: what it does, when, and how its latest executions went.
import { Link, useParams } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useList, useRead } from "../../data/api.tsx";
import { toScheduleText } from "../../data/schedule-text.ts";

const everyMs = 5_000;

export function JobPage() {
  const { id = "" } = useParams<{ id: string }>();
  const { data: job, error, refetch } = useRead("getJob", { params: { id } }, { everyMs });
  if (job === undefined) {
    if (error === null) return <Loading what="the job" />;
    return <ErrorState error={error} again={() => void refetch()} what="job" />;
  }
  return (
    <>
      <PageHeader title={job.name} />
      <dl className="facts card">
        <dt>State</dt>
        <dd>
          <Badge state={job.state} />
        </dd>
        <dt>Schedule</dt>
        <dd dir="auto">{toScheduleText(job)}</dd>
        <dt>Next run</dt>
        <dd>
          <When at={job.next_run_at} none="none" isAlone />
        </dd>
        <dt>Request</dt>
        <dd className="code" dir="auto">
          {job.request.method} {job.request.url}
        </dd>
      </dl>
      <Latest id={id} />
    </>
  );
}

function Latest({ id }: { id: string }) {
  const list = useList("listJobExecutions", { params: { id }, query: { limit: 50 } }, { everyMs });
  return (
    <section className="card">
      <h2>Executions</h2>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the executions" />}
      {!list.isPending && list.items.length === 0 && <Empty title="None yet" />}
      <ul className="plain-list">
        {list.items.map(({ id: executionId, status, scheduled_for: at, reason }) => (
          <li key={executionId} className="line">
            <Badge state={status} />
            <Link href={`/executions/${executionId}`}>
              <When at={at} />
            </Link>
            <span className="faint grow" dir="auto">
              {reason}
            </span>
          </li>
        ))}
      </ul>
      {list.hasMore && (
        <button type="button" onClick={list.more}>
          Show more
        </button>
      )}
    </section>
  );
}
