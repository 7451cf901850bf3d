// Time that only the simulation moves: it stands in for timers, `setImmediate` and the steady clock
// of this process while a schedule runs, and knows whose each timer is. Real timers stay reachable
// for what talks to the real PostgreSQL.
import { performance } from "node:perf_hooks";

export interface Timer {
  readonly owner: string;
  readonly dueMs: number;
  readonly fire: () => void;
}

export interface SimulatedTime {
  nowMs(): number;
  /** Never back. */
  advanceTo(ms: number): void;
  /** What is set while `work` runs, and by what follows from it, is this owner's. */
  actAs(owner: string, work: () => void): Promise<void>;
  /** Lets `work` have the real timers: it waits for PostgreSQL. */
  inReality<T>(work: () => Promise<T>): Promise<T>;
  /** Set and not yet fired, in the order in which they were set. */
  timers(): readonly Timer[];
  fire(timer: Timer): Promise<void>;
  /** All of one owner, whose memory is gone. */
  forget(owner: string): void;
  /** Gives the process its own time back. */
  restore(): void;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  now: performance.now,
};

/** Resolves when everything that follows from what was just done has come to rest. */
async function settle(): Promise<void> {
  // Two turns: the second one is for what the first one made of resolved promises.
  for (let turns = 0; turns < 2; turns += 1) {
    await new Promise<void>((resolve) => real.setImmediate(resolve));
  }
}

export function simulateTime(startMs: number): SimulatedTime {
  let nowMs = startMs;
  let owner = "";
  let isReal = false;
  const timers = new Set<Timer>();

  function set(fire: () => void, afterMs: number): object {
    const timer = { owner, dueMs: nowMs + Math.max(0, afterMs), fire };
    timers.add(timer);
    // What the product asks of a timer beyond its firing.
    return Object.assign(timer, { unref: () => timer, ref: () => timer });
  }

  globalThis.setTimeout = new Proxy(real.setTimeout, {
    apply(target, self, [callback, afterMs = 0, ...args]) {
      if (isReal) return Reflect.apply(target, self, [callback, afterMs, ...args]);
      return set(() => callback(...args), afterMs);
    },
  });
  globalThis.setImmediate = new Proxy(real.setImmediate, {
    apply(target, self, [callback, ...args]) {
      if (isReal) return Reflect.apply(target, self, [callback, ...args]);
      return set(() => callback(...args), 0);
    },
  });
  globalThis.clearTimeout = new Proxy(real.clearTimeout, {
    apply(target, self, [timer]) {
      if (!timers.delete(timer)) Reflect.apply(target, self, [timer]);
    },
  });
  performance.now = () => nowMs - startMs;

  async function actAs(who: string, work: () => void): Promise<void> {
    owner = who;
    work();
    await settle();
  }

  return {
    nowMs: () => nowMs,
    advanceTo(ms) {
      nowMs = Math.max(nowMs, ms);
    },
    actAs,
    async inReality(work) {
      isReal = true;
      try {
        return await work();
      } finally {
        isReal = false;
      }
    },
    timers: () => [...timers],
    async fire(timer) {
      timers.delete(timer);
      await actAs(timer.owner, timer.fire);
    },
    forget(who) {
      for (const timer of timers) if (timer.owner === who) timers.delete(timer);
    },
    restore() {
      globalThis.setTimeout = real.setTimeout;
      globalThis.setImmediate = real.setImmediate;
      globalThis.clearTimeout = real.clearTimeout;
      performance.now = real.now;
    },
  };
}
