// How long a job took over time: the median as a line, the 95th percentile as a mark above it, and
// the usual range as a band behind both.
import type { JobStatistics } from "@trigrun/contract";
import { useZone } from "../data/me.tsx";
import { toDuration, toSpan } from "../data/time.ts";
import { Chart, columnX, pictureY } from "./chart.tsx";
import { When } from "./when.tsx";

type Bucket = JobStatistics["buckets"][number];

// Above the highest value, so that its mark is whole.
const headroom = 1.08;

const tellMs = (ms: number | null) => (ms === null ? "no runs" : toDuration(ms));

export function Durations({ statistics }: { statistics: JobStatistics }) {
  const { buckets, bucket_seconds: bucketSeconds, usual_duration: usual } = statistics;
  const zone = useZone();
  const values = buckets.map(({ duration_p95_ms: p95 }) => p95 ?? 0);
  const top = Math.max(1, usual?.to_ms ?? 0, ...values) * headroom;
  const toY = (ms: number) => pictureY - (ms / top) * pictureY;
  const spans = buckets.map(({ from }) => toSpan(new Date(from), bucketSeconds, zone));
  const tell = ({ duration_p50_ms: p50, duration_p95_ms: p95 }: Bucket) =>
    p50 === null ? "no run ended" : `median ${tellMs(p50)}, 95 of 100 within ${tellMs(p95)}`;
  return (
    <Chart
      title="Duration"
      summary={<Summary statistics={statistics} />}
      texts={buckets.map((bucket, index) => `${spans[index]}: ${tell(bucket)}`)}
      ends={{
        from: <When at={buckets[0]?.from ?? null} />,
        to: "now",
        top: values.some((value) => value > 0) ? toDuration(top / headroom) : "",
      }}
      table={{
        head: ["When", "median", "95th percentile"],
        rows: buckets.map(({ duration_p50_ms: p50, duration_p95_ms: p95 }, index) => [
          spans[index] ?? "",
          tellMs(p50),
          tellMs(p95),
        ]),
      }}
    >
      {usual !== null && (
        <rect
          className="usual"
          x={0}
          y={toY(usual.to_ms)}
          width={buckets.length * columnX}
          // A band of one value is still to be seen.
          height={Math.max(toY(usual.from_ms) - toY(usual.to_ms), 1)}
        />
      )}
      {toLines(buckets).map((line) => (
        <polyline
          key={line[0]?.[0]}
          className="median"
          points={line.map(([index, ms]) => `${(index + 0.5) * columnX},${toY(ms)}`).join(" ")}
        />
      ))}
      {buckets.map(({ from, duration_p50_ms: p50, duration_p95_ms: p95 }, index) =>
        p50 === null || p95 === null ? null : (
          <g key={from}>
            <line {...toStroke(index, 0.5, toY(p95), toY(p50))} className="reach" />
            <line {...toDash(index, toY(p95))} className="reach" />
            <line {...toDash(index, toY(p50))} className="median" />
          </g>
        ),
      )}
    </Chart>
  );
}

const toStroke = (index: number, part: number, y1: number, y2: number) => {
  const x = (index + part) * columnX;
  return { x1: x, x2: x, y1, y2 };
};

const toDash = (index: number, y: number) => {
  const x1 = (index + 0.25) * columnX;
  return { x1, x2: x1 + columnX / 2, y1: y, y2: y };
};

/** The medians in pieces: no line is drawn over buckets in which nothing ended. */
function toLines(buckets: readonly Bucket[]): [number, number][][] {
  const lines: [number, number][][] = [];
  let isOpen = false;
  buckets.forEach(({ duration_p50_ms: ms }, index) => {
    if (ms !== null && !isOpen) lines.push([]);
    if (ms !== null) lines.at(-1)?.push([index, ms]);
    isOpen = ms !== null;
  });
  return lines;
}

function Summary({ statistics }: { statistics: JobStatistics }) {
  const { usual_duration: usual } = statistics;
  return (
    <span className="legend">
      <span className="legend-item busy">
        <span className="swatch" aria-hidden="true" /> median, and the 95th percentile above it
      </span>
      <span className="legend-item good">
        <span className="swatch band" aria-hidden="true" />
        {usual === null
          ? "usual: not known before 5 successes"
          : `usual: ${toDuration(usual.from_ms)} to ${toDuration(usual.to_ms)}`}
      </span>
    </span>
  );
}
