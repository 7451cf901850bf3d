// The first page: what fails, what is late, what runs next and how it went; or, where there is
// nothing yet, the way to the first job.
import type { Overview } from "@trigrun/contract";
import { Link } from "wouter";
import { Bars, type Series } from "../../components/bars.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { SpanChoice, useHours } from "../../components/span-choice.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useRead } from "../../data/api.tsx";
import { useEveryMs } from "../../data/live.ts";
import { useMe } from "../../data/me.tsx";
import { toDuration } from "../../data/time.ts";
import { FirstSteps, useIsNew } from "./first-steps.tsx";
import { DeadDestinations, FailingNow, LateNow } from "./troubles.tsx";

// As old as an answer of the server may be.
const keptMs = { "24": 5_000, "168": 30_000, "720": 60_000 } as const;

const executionSeries: readonly Series<Overview["executions"][number]>[] = [
  { key: "failed", tone: "bad" },
  { key: "succeeded", tone: "good" },
  { key: "cancelled", tone: "warn" },
  { key: "waiting", tone: "busy" },
];

const deliverySeries: readonly Series<Overview["deliveries"][number]>[] = [
  { key: "failed", tone: "bad" },
  { key: "sent", tone: "good" },
  { key: "pending", tone: "busy" },
];

export function OverviewPage() {
  const { workspace } = useMe();
  const isNew = useIsNew();
  return (
    <>
      <PageHeader title="Overview" lead={<span dir="auto">{workspace.name}</span>}>
        {isNew === false && <SpanChoice />}
      </PageHeader>
      {isNew === true ? <FirstSteps /> : <Now />}
    </>
  );
}

function Now() {
  const hours = useHours();
  const everyMs = useEveryMs(keptMs[hours]);
  const { data, error, refetch } = useRead("getOverview", { query: { hours } }, { everyMs });
  if (data === undefined) {
    if (error === null) return <Loading what="the overview" />;
    return <ErrorState error={error} again={() => void refetch()} />;
  }
  const { bucket_seconds: bucketSeconds } = data;
  return (
    <div className="stack">
      <Verdict overview={data} />
      <FailingNow failing={data.failing} />
      <LateNow late={data.late} />
      <DeadDestinations channels={data.disabled_channels} />
      <div className="columns">
        <Bars
          {...{ title: "Executions", series: executionSeries, bucketSeconds }}
          buckets={data.executions}
        />
        <Bars
          {...{ title: "Deliveries", series: deliverySeries, bucketSeconds }}
          buckets={data.deliveries}
        />
      </div>
      <div className="columns">
        <Next next={data.next} />
        <Slowest slowest={data.slowest} />
      </div>
    </div>
  );
}

function Verdict({ overview }: { overview: Overview }) {
  const { failing, late, disabled_channels: dead } = overview;
  const isWell = failing.count + late.count + late.unplanned_jobs + dead.length === 0;
  if (!isWell) return null;
  return <p className="note good">Nothing fails, nothing is late, every channel is open.</p>;
}

function Next({ next }: { next: Overview["next"] }) {
  return (
    <section className="card">
      <h2>Runs next</h2>
      {next.length === 0 && (
        <p className="faint">Nothing is planned. Paused jobs and drafts wait for you.</p>
      )}
      <ul className="plain-list">
        {next.map(({ job_id: id, job_name: name, run_at: at }) => (
          <li key={`${id} ${at}`} className="line">
            <Link href={`/jobs/${id}`} dir="auto" className="grow">
              {name}
            </Link>
            <When at={at} isAlone />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Slowest({ slowest }: { slowest: Overview["slowest"] }) {
  return (
    <section className="card">
      <h2>Slowest jobs</h2>
      {slowest.length === 0 && <p className="faint">No job has ended yet.</p>}
      <ul className="plain-list">
        {slowest.map(({ job_id: id, job_name: name, ...job }) => (
          <li key={id} className="line">
            <Link href={`/jobs/${id}`} dir="auto" className="grow">
              {name}
            </Link>
            <span>
              {toDuration(job.duration_p95_ms)}
              <span className="faint"> median {toDuration(job.duration_p50_ms)}</span>
            </span>
          </li>
        ))}
      </ul>
      {slowest.length > 0 && (
        <p className="faint">
          95 of 100 runs took no longer than the first number, over each job's newest runs.
        </p>
      )}
    </section>
  );
}
