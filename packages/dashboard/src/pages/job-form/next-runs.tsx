// When the schedule would run next, by the clock of its zone and by that of whoever looks, with
// what a change of the clock does to a run.
import { When } from "../../components/when.tsx";
import type { AnswerOf } from "../../data/api.tsx";
import { toExact } from "../../data/time.ts";
import { isZone } from "../../data/zoned.ts";

type Runs = AnswerOf<"previewSchedule">["items"];

interface NextRunsProps {
  readonly runs: Runs | undefined;
  readonly isWrong: boolean;
  readonly zone: string;
}

const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function NextRuns({ runs, isWrong, zone: asked }: NextRunsProps) {
  const zone = isZone(asked) ? asked : "UTC";
  return (
    <section className="next-runs" aria-label="Next runs" aria-live="polite">
      <h3>Next runs</h3>
      {isWrong && <p className="faint">They show once the schedule is right.</p>}
      {!isWrong && runs === undefined && <p className="faint">Working them out…</p>}
      {!isWrong && runs?.length === 0 && <p className="faint">It never runs again.</p>}
      {!isWrong && (
        <ol>
          {runs?.map(({ run_at: at, note }) => (
            <li key={at}>
              <span>{toExact(new Date(at), zone)}</span>
              <span className="faint">
                <When at={at} />
                {viewerZone !== zone && <> · {toExact(new Date(at), viewerZone)}</>}
              </span>
              {note !== null && <span className="warn-text">{note}</span>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
