// Counts in windows of time, in memory, for a bounded number of keys. A window begins with the
// first count of its key. It asks nobody and takes the time as an argument.

export interface Standing {
  readonly max: number;
  /** Never below 0. */
  readonly remaining: number;
  /** Until the window ends and all is open again; 1 or more. */
  readonly resetSeconds: number;
  readonly isOver: boolean;
  /** True for the first one too many in its window: for whoever tells of it once. */
  readonly isFirstOver: boolean;
}

export interface RateCounter {
  take(key: string, now: Date): Standing;
  /** As if the last `take` had not been. */
  giveBack(key: string): void;
}

interface Window {
  count: number;
  readonly endsAtMs: number;
}

export const windowSeconds = 60;
// Some 200 bytes each, so 4 MB. Who comes from more addresses than this in one minute is not
// stopped by a limit for one address anyway.
const keysMax = 20_000;

export function createRateCounter(max: number): RateCounter {
  // A map keeps the order of insertion, and windows are all as long: the first is the oldest.
  const windows = new Map<string, Window>();

  function open(key: string, nowMs: number): Window {
    windows.delete(key);
    for (const [oldest, { endsAtMs }] of windows) {
      if (endsAtMs > nowMs && windows.size < keysMax) break;
      windows.delete(oldest);
    }
    const window = { count: 0, endsAtMs: nowMs + windowSeconds * 1_000 };
    windows.set(key, window);
    return window;
  }

  function find(key: string, nowMs: number): Window | undefined {
    const window = windows.get(key);
    if (window === undefined || window.endsAtMs <= nowMs) return undefined;
    // A clock that was set back must not prolong a window.
    return window.endsAtMs - nowMs > windowSeconds * 1_000 ? undefined : window;
  }

  return {
    take(key, now) {
      const nowMs = now.getTime();
      const window = find(key, nowMs) ?? open(key, nowMs);
      window.count += 1;
      return {
        max,
        remaining: Math.max(0, max - window.count),
        resetSeconds: Math.max(1, Math.ceil((window.endsAtMs - nowMs) / 1_000)),
        isOver: window.count > max,
        isFirstOver: window.count === max + 1,
      };
    },
    giveBack(key) {
      const window = windows.get(key);
      if (window !== undefined && window.count > 0) window.count -= 1;
    },
  };
}
