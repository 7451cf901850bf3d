// How far back the charts look: three spans, of which the chosen one stands in the address.
import { useFilters } from "../data/filters.ts";

export type Hours = "24" | "168" | "720";

const spans = [
  ["24", "24 h", "The last 24 hours"],
  ["168", "7 d", "The last 7 days"],
  ["720", "30 d", "The last 30 days"],
] as const;

/** The span of the address; a day where it names none. */
export function useHours(): Hours {
  const { hours } = useFilters({ hours: spans.map(([value]) => value) }).values;
  return spans.find(([value]) => value === hours)?.[0] ?? "24";
}

export function SpanChoice() {
  const chosen = useHours();
  const filters = useFilters({ hours: spans.map(([value]) => value) });
  return (
    <fieldset className="segments spans">
      <legend className="unseen">Look back</legend>
      {spans.map(([value, text, label]) => (
        <label key={value} title={label}>
          <input
            type="radio"
            name="hours"
            aria-label={label}
            checked={value === chosen}
            onChange={() => filters.set("hours", value === "24" ? "" : value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
