// Narrows a list to one job: found by a part of its name, kept by its id, so that a new name
// changes nothing.
import { useId, useState } from "react";
import { useRead } from "../data/api.tsx";
import { useList } from "../data/list.ts";
import { useRested } from "../data/rested.ts";
import { Icon } from "./icon.tsx";

interface JobFilterProps {
  /** The id of the job; empty without one. */
  readonly value: string;
  readonly onChange: (id: string) => void;
}

// More is no help to choose from; another letter is.
const optionsMax = 20;

export function JobFilter({ value, onChange }: JobFilterProps) {
  return value === "" ? (
    <JobSearch onChange={onChange} />
  ) : (
    <ChosenJob id={value} onClear={() => onChange("")} />
  );
}

function ChosenJob({ id, onClear }: { id: string; onClear: () => void }) {
  const { data, error } = useRead("getJob", { params: { id } });
  const name = data?.name ?? (error === null ? "…" : "a deleted job");
  return (
    <button type="button" className="filter on chosen" onClick={onClear}>
      <span className="unseen">All jobs, not only </span>
      <span className="cut" dir="auto">
        {name}
      </span>
      <Icon name="close" />
    </button>
  );
}

function JobSearch({ onChange }: { onChange: (id: string) => void }) {
  const listId = useId();
  const [typed, setTyped] = useState("");
  const search = useRested(typed);
  const query = { limit: optionsMax, ...(search === "" ? {} : { search }) };
  const { items } = useList("listJobs", { query });
  return (
    <>
      <input
        className="filter job-filter"
        aria-label="Job"
        placeholder="Any job"
        list={listId}
        value={typed}
        maxLength={200}
        autoComplete="off"
        onChange={({ target }) => {
          setTyped(target.value);
          const found = items.find(({ name }) => name === target.value);
          if (found !== undefined) onChange(found.id);
        }}
      />
      <datalist id={listId}>
        {items.map(({ id, name }) => (
          <option key={id} value={name} />
        ))}
      </datalist>
    </>
  );
}
