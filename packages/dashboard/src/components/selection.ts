// Which rows of a list are chosen, for what is done to several at once.
import { useState } from "react";
import type { Selection } from "./virtual-table.tsx";

export interface Chosen extends Selection {
  clear(): void;
  choose(ids: Iterable<string>): void;
}

export function useSelection(): Chosen {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  return {
    ids,
    toggle: (id) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      setIds(next);
    },
    clear: () => setIds(new Set()),
    choose: (chosen) => setIds(new Set(chosen)),
  };
}
