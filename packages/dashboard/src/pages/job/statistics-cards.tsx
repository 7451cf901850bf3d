// How the job did in the span of the address: the rate, the streak, the durations, and both over
// time.
import type { JobStatistics } from "@trigrun/contract";
import { Bars, type Series } from "../../components/bars.tsx";
import { Durations } from "../../components/durations.tsx";
import { useHours } from "../../components/span-choice.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useRead } from "../../data/api.tsx";
import { useEveryMs } from "../../data/live.ts";
import { toDuration } from "../../data/time.ts";

const series: readonly Series<JobStatistics["buckets"][number]>[] = [
  { key: "failed", tone: "bad" },
  { key: "succeeded", tone: "good" },
  { key: "cancelled", tone: "warn" },
  { key: "waiting", tone: "busy" },
];

export function StatisticsCards({ id }: { id: string }) {
  const hours = useHours();
  const asked = { params: { id }, query: { hours } };
  const everyMs = useEveryMs();
  const { data, error, refetch } = useRead("getJobStatistics", asked, { everyMs });
  if (data === undefined) {
    if (error === null) return <Loading what="the statistics" />;
    return <ErrorState error={error} again={() => void refetch()} />;
  }
  return (
    <>
      <Numbers statistics={data} />
      <div className="columns">
        <Bars
          title="Executions"
          series={series}
          buckets={data.buckets}
          bucketSeconds={data.bucket_seconds}
        />
        <Durations statistics={data} />
      </div>
    </>
  );
}

/** "98.7%"; 100% only where nothing failed. */
function toRate(rate: number): string {
  return rate === 1 ? "100%" : `${(Math.floor(rate * 1000) / 10).toFixed(1)}%`;
}

function Numbers({ statistics }: { statistics: JobStatistics }) {
  const { success_rate: rate, streak, succeeded, failed } = statistics;
  const { duration_p50_ms: p50, duration_p95_ms: p95 } = statistics;
  return (
    <dl className="numbers card">
      <div>
        <dt>Success rate</dt>
        <dd>
          {rate === null ? "–" : toRate(rate)}
          <small>
            {rate === null ? "no run ended" : `${succeeded} succeeded, ${failed} failed`}
          </small>
        </dd>
      </div>
      <div>
        <dt>Streak</dt>
        <dd>
          {streak === null ? "–" : `${streak.count} ${streak.status}`}
          <small>{streak === null ? "nothing yet" : <Since at={streak.since} />}</small>
        </dd>
      </div>
      <div>
        <dt>Median duration</dt>
        <dd>
          {p50 === null ? "–" : toDuration(p50)}
          <small>{p95 === null ? "no run ended" : `95 of 100 within ${toDuration(p95)}`}</small>
        </dd>
      </div>
    </dl>
  );
}

const Since = ({ at }: { at: string }) => (
  <>
    since <When at={at} isAlone />
  </>
);
