// Where the time of one request went: a row for each phase, as a bar that begins where the one
// before it ended, and in milliseconds.
import type { Phases } from "@trigrun/contract";
import { toDuration } from "../data/time.ts";

declare module "react" {
  interface CSSProperties {
    /** Where a phase begins and how long it is, in hundredths of the whole. */
    "--from"?: string;
    "--size"?: string;
  }
}

const names = [
  ["dns_ms", "DNS"],
  ["connect_ms", "Connect"],
  ["tls_ms", "TLS"],
  ["first_byte_ms", "Wait"],
  ["body_ms", "Body"],
] as const satisfies readonly (readonly [keyof Phases, string])[];

interface Step {
  readonly name: string;
  readonly ms: number | null;
  readonly fromMs: number;
}

function toSteps(phases: Phases): readonly Step[] {
  let fromMs = 0;
  return names.map(([key, name]) => {
    const ms = phases[key];
    const step = { name, ms, fromMs };
    fromMs += ms ?? 0;
    return step;
  });
}

export function Waterfall({ phases }: { phases: Phases }) {
  const steps = toSteps(phases);
  const totalMs = steps.reduce((sum, { ms }) => sum + (ms ?? 0), 0);
  if (steps.every(({ ms }) => ms === null)) {
    return <p className="faint">No phase was timed: the request did not come that far.</p>;
  }
  const share = (ms: number) => `${totalMs === 0 ? 0 : (ms / totalMs) * 100}%`;
  return (
    <ol className="waterfall" aria-label="Where the time went">
      {steps.map(({ name, ms, fromMs }) => (
        <li key={name}>
          <span className="faint">{name}</span>
          <span className="waterfall-track" aria-hidden="true">
            {ms !== null && (
              <span
                className={`waterfall-bar ${name.toLowerCase()}`}
                style={{ "--from": share(fromMs), "--size": share(ms) }}
              />
            )}
          </span>
          <span className={ms === null ? "waterfall-ms faint" : "waterfall-ms"}>
            {ms === null ? "none" : toDuration(ms)}
          </span>
        </li>
      ))}
    </ol>
  );
}
