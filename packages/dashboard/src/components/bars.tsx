// Counts over time as stacked bars: what went wrong stands at the bottom, where bars of different
// height are compared best.
import { useZone } from "../data/me.tsx";
import { toSpan } from "../data/time.ts";
import { Chart, columnX, pictureY } from "./chart.tsx";
import { When } from "./when.tsx";

export interface Series<T> {
  /** As the API calls it: "succeeded". */
  readonly key: keyof T & string;
  readonly tone: "good" | "bad" | "warn" | "busy" | "calm";
}

interface BarsProps<T> {
  readonly title: string;
  /** From the bottom to the top. */
  readonly series: readonly Series<T>[];
  readonly buckets: readonly T[];
  readonly bucketSeconds: number;
}

// Between two bars, so that they can be told apart.
const gapX = 2;

export function Bars<T extends { readonly from: string }>(props: BarsProps<T>) {
  const { title, series, buckets, bucketSeconds } = props;
  const zone = useZone();
  const countOf = (bucket: T, { key }: Series<T>) => Number(bucket[key]);
  const sumOf = (bucket: T) => series.reduce((sum, each) => sum + countOf(bucket, each), 0);
  const highest = Math.max(0, ...buckets.map(sumOf));
  const spans = buckets.map(({ from }) => toSpan(new Date(from), bucketSeconds, zone));
  const tell = (bucket: T) =>
    series
      .filter((each) => countOf(bucket, each) > 0)
      .map((each) => `${countOf(bucket, each)} ${each.key}`)
      .join(", ") || "nothing";
  return (
    <Chart
      title={title}
      summary={<Legend {...props} countOf={countOf} />}
      texts={buckets.map((bucket, index) => `${spans[index]}: ${tell(bucket)}`)}
      ends={{
        from: <When at={buckets[0]?.from ?? null} />,
        to: "now",
        top: highest === 0 ? "" : `${highest}`,
      }}
      table={{
        head: ["When", ...series.map(({ key }) => key)],
        rows: buckets.map((bucket, index) => [
          spans[index] ?? "",
          ...series.map((each) => String(countOf(bucket, each))),
        ]),
      }}
    >
      {buckets.map((bucket, index) => (
        <Bar
          key={bucket.from}
          x={index * columnX + gapX / 2}
          parts={series.map((each) => ({ ...each, count: countOf(bucket, each) }))}
          highest={highest}
        />
      ))}
    </Chart>
  );
}

interface BarProps {
  readonly x: number;
  readonly parts: readonly { key: string; tone: string; count: number }[];
  readonly highest: number;
}

// One failure beside a thousand successes must still be seen.
const leastY = 2.5;

function Bar({ x, parts, highest }: BarProps) {
  const shown = parts.filter(({ count }) => count > 0);
  const heights = shown.map(({ count }) => Math.max((count / highest) * pictureY, leastY));
  return (
    <>
      {shown.map(({ key, tone }, index) => {
        const below = heights.slice(0, index).reduce((sum, height) => sum + height, 0);
        const height = Math.min(heights[index] ?? 0, pictureY - below);
        return (
          <rect
            key={key}
            className={`fill ${tone}`}
            x={x}
            y={pictureY - below - height}
            width={columnX - gapX}
            height={Math.max(height, 0)}
          />
        );
      })}
    </>
  );
}

interface LegendProps<T> extends BarsProps<T> {
  countOf(bucket: T, series: Series<T>): number;
}

/** Totals of the span; what there was none of is left out. */
function Legend<T>({ series, buckets, countOf }: LegendProps<T>) {
  const totals = series
    .map((each) => ({
      ...each,
      total: buckets.reduce((sum, bucket) => sum + countOf(bucket, each), 0),
    }))
    .filter(({ total }) => total > 0);
  if (totals.length === 0) return <>None in this time.</>;
  return (
    <span className="legend">
      {totals.map(({ key, tone, total }) => (
        <span key={key} className={`legend-item ${tone}`}>
          <span className="swatch" aria-hidden="true" />
          {total.toLocaleString("en")} {key}
        </span>
      ))}
    </span>
  );
}
