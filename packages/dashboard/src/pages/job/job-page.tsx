// One job: how it does, what it did, when it runs next, whom it tells, and what it sends. Each part
// loads by itself, so that the job can be acted on at once.
import type { Job } from "@trigrun/contract";
import { useParams } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { SpanChoice } from "../../components/span-choice.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { useRead } from "../../data/api.tsx";
import { useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { toScheduleText } from "../../data/schedule-text.ts";
import { JobButtons } from "./job-buttons.tsx";
import { NextRuns } from "./next-runs.tsx";
import { RequestCard } from "./request-card.tsx";
import { RulesCard } from "./rules-card.tsx";
import { StatisticsCards } from "./statistics-cards.tsx";
import { Timeline } from "./timeline.tsx";

export function JobPage() {
  const { id = "" } = useParams<{ id: string }>();
  const everyMs = useEveryMs();
  const { data: job, error, refetch } = useRead("getJob", { params: { id } }, { everyMs });
  if (job === undefined) {
    if (error === null) return <Loading what="the job" />;
    return <ErrorState error={error} again={() => void refetch()} what="job" />;
  }
  return <JobView key={id} job={job} />;
}

function JobView({ job }: { job: Job }) {
  const mayWrite = useMayWrite();
  const lead = (
    <span className="job-lead">
      <Badge state={job.state} />
      <span dir="auto">{toScheduleText(job)}</span>
    </span>
  );
  return (
    <>
      <PageHeader title={job.name} lead={lead}>
        {mayWrite && <JobButtons job={job} />}
      </PageHeader>
      <div className="stack">
        {job.warnings.length > 0 && (
          <ul className="note warn plain-list">
            {job.warnings.map((warning) => (
              <li key={warning} dir="auto">
                {warning}
              </li>
            ))}
          </ul>
        )}
        <div className="job-span">
          <SpanChoice />
        </div>
        <StatisticsCards id={job.id} />
        <div className="split">
          <Timeline id={job.id} />
          <div className="stack">
            <NextRuns job={job} />
            <RulesCard jobId={job.id} />
            <RequestCard job={job} />
          </div>
        </div>
      </div>
    </>
  );
}
