// Says quietly whether changes show by themselves; where they do not, the page asks by itself.
import { useIsLive } from "../data/live.ts";

export function LiveSign() {
  const isLive = useIsLive();
  return (
    <span className={isLive ? "live on" : "live"} role="status">
      <span className="live-dot" aria-hidden="true" />
      {isLive ? "Live" : "Not live, asks every 5 s"}
    </span>
  );
}
