// The frame of a chart over time: one column a bucket, told by the pointer and by the arrow keys in
// the line above it, and as a table for whoever does not see it. What is drawn inside is its
// owner's; it reads nothing by itself.
import { type ReactNode, useId, useState } from "react";

/** The width of a column and the height of a picture, in its own units. */
export const columnX = 10;
export const pictureY = 100;

interface ChartProps {
  /** "Executions". */
  readonly title: string;
  /** What is told while no bucket is chosen: totals, or what the marks mean. */
  readonly summary: ReactNode;
  /** One sentence a bucket: "Tue 24 Nov, 18:00 – 19:00 Europe/Berlin: 12 succeeded". */
  readonly texts: readonly string[];
  /** What stands at the left and the right end of the axis, and at its top. */
  readonly ends: { readonly from: ReactNode; readonly to: ReactNode; readonly top: string };
  readonly table: {
    readonly head: readonly string[];
    readonly rows: readonly (readonly string[])[];
  };
  /** In a picture that is `texts.length * columnX` by `pictureY`. */
  readonly children: ReactNode;
}

export function Chart({ title, summary, texts, ends, table, children }: ChartProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  const headingId = useId();
  const last = texts.length - 1;
  const index = chosen === null ? null : Math.min(chosen, last);
  const moveTo = (next: number) => setChosen(Math.min(Math.max(next, 0), last));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => moveTo((index ?? last + 1) - 1),
    ArrowRight: () => moveTo((index ?? -1) + 1),
    Home: () => moveTo(0),
    End: () => moveTo(last),
    Escape: () => setChosen(null),
  };
  return (
    <section className="card chart" aria-labelledby={headingId}>
      <h2 id={headingId}>{title}</h2>
      <p className="chart-told">{index === null ? summary : texts[index]}</p>
      <div
        className="chart-picture"
        role="slider"
        tabIndex={0}
        aria-label={`${title} over time`}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index ?? last}
        aria-valuetext={texts[index ?? last] ?? "nothing"}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
        onBlur={() => setChosen(null)}
        onPointerLeave={() => setChosen(null)}
        onPointerMove={({ currentTarget, clientX }) => {
          const { left, width } = currentTarget.getBoundingClientRect();
          moveTo(Math.floor(((clientX - left) / width) * texts.length));
        }}
      >
        <svg
          viewBox={`0 0 ${texts.length * columnX} ${pictureY}`}
          preserveAspectRatio="none"
          aria-hidden="true"
          focusable="false"
        >
          {index !== null && (
            <rect className="here" x={index * columnX} width={columnX} height={pictureY} />
          )}
          {children}
        </svg>
        <span className="chart-top" aria-hidden="true">
          {ends.top}
        </span>
      </div>
      <p className="chart-ends">
        <span>{ends.from}</span>
        <span>{ends.to}</span>
      </p>
      <ChartTable title={title} {...table} />
    </section>
  );
}

function ChartTable({ title, head, rows }: ChartProps["table"] & { readonly title: string }) {
  return (
    <div className="unseen">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            {head.map((each) => (
              <th key={each} scope="col">
                {each}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...cells]) => (
            <tr key={first}>
              <th scope="row">{first}</th>
              {cells.map((cell, index) => (
                <td key={head[index + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
