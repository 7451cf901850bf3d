// An instant as people say it ("in 5 minutes"), and exactly, with its zone, under the pointer or
// the focus. One clock drives all of them.
import { useSyncExternalStore } from "react";
import { useZone } from "../data/me.tsx";
import { toExact, toRelative } from "../data/time.ts";

// What is told to the second is a second old at most; a list of fifty takes a millisecond.
const tickMs = 1_000;

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, tickMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

interface WhenProps {
  /** An instant of the API; null where there is none. */
  readonly at: string | null;
  /** What stands in its place. */
  readonly none?: string;
  /** True where it is not one of many: the keyboard reaches it. */
  readonly isAlone?: boolean;
}

export function When({ at, none = "–", isAlone = false }: WhenProps) {
  const zone = useZone();
  // The text and not the clock: what did not change is not drawn again.
  const text = useSyncExternalStore(subscribe, () =>
    at === null ? none : toRelative(new Date(at), new Date(now)),
  );
  if (at === null) return <span className="faint">{none}</span>;
  const exact = toExact(new Date(at), zone);
  return (
    <time
      className="when"
      dateTime={at}
      data-exact={exact}
      // The exact time must be had by keyboard too.
      {...(isAlone ? { tabIndex: 0, "aria-label": `${text}: ${exact}` } : {})}
    >
      {text}
    </time>
  );
}
