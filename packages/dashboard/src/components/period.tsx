// From when to when, as filters of a list: typed in the zone of the workspace, which is named, and
// kept as instants.
import { useZone } from "../data/me.tsx";
import { toInstant, toLocal } from "../data/zoned.ts";

interface PeriodProps {
  readonly from: string;
  readonly to: string;
  readonly onChange: (key: "from" | "to", instant: string) => void;
}

export function Period({ from, to, onChange }: PeriodProps) {
  const zone = useZone();
  const input = (key: "from" | "to", label: string, instant: string) => (
    <label className="period">
      <span className="faint">{label}</span>
      <input
        type="datetime-local"
        aria-label={`${label}, ${zone}`}
        title={zone}
        className={instant === "" ? "filter" : "filter on"}
        value={toLocal(instant, zone)}
        onChange={(event) => onChange(key, toInstant(event.target.value, zone))}
      />
    </label>
  );
  return (
    <>
      {input("from", "From", from)}
      {input("to", "To", to)}
      {(from !== "" || to !== "") && <span className="faint">{zone}</span>}
    </>
  );
}

// What `toInstant` makes, with or without its seconds.
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/;

/** What of an address is an instant, as a query takes it. */
export function toPeriodQuery({ from, to }: { from: string; to: string }) {
  const isInstant = (text: string) => instantPattern.test(text) && !Number.isNaN(Date.parse(text));
  return { ...(isInstant(from) ? { from } : {}), ...(isInstant(to) ? { to } : {}) };
}
