// From when to when, as filters of a list: typed in the zone of the workspace, which is named, and
// kept as instants.
import { useEffect, useId, useState } from "react";
import { useZone } from "../data/me.tsx";
import { toInstant, toLocal, wrongDate } from "../data/zoned.ts";

interface PeriodProps {
  readonly from: string;
  readonly to: string;
  readonly onChange: (key: "from" | "to", instant: string) => void;
}

export function Period({ from, to, onChange }: PeriodProps) {
  const zone = useZone();
  return (
    <>
      <Moment label="From" instant={from} onChange={(instant) => onChange("from", instant)} />
      <Moment label="To" instant={to} onChange={(instant) => onChange("to", instant)} />
      {(from !== "" || to !== "") && <span className="faint">{zone}</span>}
    </>
  );
}

interface MomentProps {
  readonly label: string;
  readonly instant: string;
  readonly onChange: (instant: string) => void;
}

function Moment({ label, instant, onChange }: MomentProps) {
  const zone = useZone();
  const errorId = useId();
  const shown = toLocal(instant, zone);
  // On the way to a year there is no date yet, and what was typed of it must stay.
  const [typed, setTyped] = useState(shown);
  useEffect(() => setTyped(shown), [shown]);
  const isWrong = typed !== "" && toInstant(typed, zone) === "";
  return (
    <label className="period">
      <span className="faint">{label}</span>
      <input
        type="datetime-local"
        aria-label={`${label}, ${zone}`}
        aria-invalid={isWrong || undefined}
        aria-describedby={isWrong ? errorId : undefined}
        title={zone}
        className={typed === "" ? "filter" : "filter on"}
        value={typed}
        onChange={({ target }) => {
          setTyped(target.value);
          const next = toInstant(target.value, zone);
          if (next !== "" || target.value === "") onChange(next);
        }}
      />
      {isWrong && (
        <span id={errorId} className="field-error" role="status">
          {label} {wrongDate}.
        </span>
      )}
    </label>
  );
}

// What `toInstant` makes, with or without its seconds.
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/;

/** What of an address is an instant, as a query takes it. */
export function toPeriodQuery({ from, to }: { from: string; to: string }) {
  const isInstant = (text: string) => instantPattern.test(text) && !Number.isNaN(Date.parse(text));
  return { ...(isInstant(from) ? { from } : {}), ...(isInstant(to) ? { to } : {}) };
}
