// Narrows the deliveries to one channel. A workspace has few of them: a select shows them all.
import { useList } from "../../data/list.ts";

interface ChannelFilterProps {
  /** The id of the channel; empty without one. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}

export function ChannelFilter({ value, onChange }: ChannelFilterProps) {
  const { items } = useList("listChannels", { query: { limit: 100 } });
  const isKnown = value === "" || items.some(({ id }) => id === value);
  return (
    <select
      aria-label="Channel"
      className={value === "" ? "filter" : "filter on"}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">Any channel</option>
      {!isKnown && <option value={value}>One channel</option>}
      {items.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}
