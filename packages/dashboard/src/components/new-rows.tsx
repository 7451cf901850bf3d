// Keeps a list from jumping under whoever reads it: what is new above is counted and shown when it
// is asked for. At the top of the page there is nothing to lose, and new rows just come.
import { useEffect, useState } from "react";
import { useCommands } from "../data/commands.ts";
import type { List } from "../data/list.ts";

// Less than a row: the first row is still in sight.
const topPx = 40;

const isAtTop = () => window.scrollY <= topPx;

interface Held<T> {
  readonly list: List<T>;
  /** How many rows are above what is shown. */
  readonly count: number;
  show(): void;
}

/** `scope` is what the list is of: another filter is another list. */
export function useNewRows<T extends { readonly id: string }>(
  list: List<T>,
  scope: string,
): Held<T> {
  const [head, setHead] = useState<{ id: string; scope: string } | null>(null);
  const newest = list.items[0]?.id;
  useEffect(() => {
    const follow = () => {
      if (newest === undefined || !isAtTop()) return;
      setHead((before) =>
        before?.id === newest && before.scope === scope ? before : { id: newest, scope },
      );
    };
    follow();
    window.addEventListener("scroll", follow, { passive: true });
    return () => window.removeEventListener("scroll", follow);
  }, [newest, scope]);
  const isSame = head?.scope === scope;
  const index = isSame ? list.items.findIndex(({ id }) => id === head.id) : 0;
  // What was the first may have left the list, by a filter; then all of it is shown.
  const count = isAtTop() ? 0 : Math.max(index, 0);
  return {
    list: count === 0 ? list : { ...list, items: list.items.slice(count) },
    count,
    // At the top, `follow` shows them: rows that came before that would move what is in sight.
    show: () => window.scrollTo({ top: 0 }),
  };
}

export function NewRows({ count, show }: Pick<Held<never>, "count" | "show">) {
  useCommands(
    count === 0 ? [] : [{ id: "list.new", title: "Show what is new", keys: ".", run: show }],
  );
  return (
    <div className="new-rows" role="status">
      {count > 0 && (
        <button type="button" className="primary" onClick={show}>
          {count} new
        </button>
      )}
    </div>
  );
}
