// How a job went of late, as a row of marks, the oldest first. A mark differs by its height as well
// as by its colour, and the whole is also a sentence. It decides nothing.
import type { RecentExecution } from "@trigrun/contract";

type Status = RecentExecution["status"];

interface StripProps {
  /** Newest first, as the API answers. */
  readonly executions: readonly RecentExecution[];
  /** How many marks there is room for; empty places are drawn faintly. */
  readonly places: number;
}

// In units of the picture: a mark with its gap, and how high each kind is.
const stepX = 6;
const markX = 4;
const full = 20;
const heights: Readonly<Record<Status, number>> = {
  failed: full,
  succeeded: 13,
  running: 9,
  queued: 6,
  cancelled: 6,
};

const order: readonly Status[] = ["failed", "succeeded", "running", "queued", "cancelled"];

/** "Last 20 runs: 2 failed, 18 succeeded; the newest succeeded". */
function toStripText(executions: readonly RecentExecution[]): string {
  const newest = executions[0];
  if (newest === undefined) return "No runs yet";
  const counts = order.flatMap((status) => {
    const count = executions.filter((each) => each.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  const runs = executions.length === 1 ? "Last run" : `Last ${executions.length} runs`;
  return `${runs}: ${counts.join(", ")}; the newest ${newest.status}`;
}

export function Strip({ executions, places }: StripProps) {
  const shown = executions.slice(0, places);
  const text = toStripText(shown);
  return (
    <svg className="strip" viewBox={`0 0 ${places * stepX} ${full}`} role="img" aria-label={text}>
      <title>{text}</title>
      {Array.from({ length: places }, (_, index) => {
        const execution = shown[places - 1 - index];
        const height = execution === undefined ? 3 : heights[execution.status];
        return (
          <rect
            key={execution?.id ?? index}
            className={`mark ${execution?.status ?? "none"}`}
            x={index * stepX}
            y={full - height}
            width={markX}
            height={height}
            rx={1}
          />
        );
      })}
    </svg>
  );
}
