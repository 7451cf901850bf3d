// The search of a list, behind `/`. What is typed is looked for once the typing rests.
import { useEffect, useRef, useState } from "react";
import { useCommands } from "../data/commands.ts";
import { useRested } from "../data/rested.ts";
import { Icon } from "./icon.tsx";

interface SearchFieldProps {
  /** "Search jobs". */
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(value);
  const latest = useRef({ value, onChange });
  latest.current = { value, onChange };
  useEffect(() => setTyped(value), [value]);
  const rested = useRested(typed);
  useEffect(() => {
    if (rested !== latest.current.value) latest.current.onChange(rested);
  }, [rested]);
  useCommands([{ id: "search", title: label, keys: "/", run: () => input.current?.focus() }]);
  return (
    <span className="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={typed}
        maxLength={200}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </span>
  );
}
