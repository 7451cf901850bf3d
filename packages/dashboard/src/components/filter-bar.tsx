// The filters above a list, and the way to take all of them away.
import type { ReactNode } from "react";
import type { Filters } from "../data/filters.ts";

interface FilterBarProps<K extends string> {
  readonly filters: Filters<K>;
  readonly children: ReactNode;
}

export function FilterBar<K extends string>({ filters, children }: FilterBarProps<K>) {
  return (
    <div className="toolbar">
      {children}
      {filters.areAny && (
        <button type="button" className="quiet" onClick={filters.clear}>
          Clear
        </button>
      )}
    </div>
  );
}
