// Jobs whose next slot cannot be planned, each resting a while so that it holds up no other. It
// knows no time of its own, and never grows beyond its bound.

/** A job that is changed stands before another slot, so its rest ends with the change. */
export interface JobSlot {
  readonly id: string;
  readonly nextRunAt: Date;
}

export interface SetAside {
  /** Lets the job rest, longer each time. Answers whether this is its first fault at this slot. */
  add(slot: JobSlot, now: Date): boolean;
  /** Forgets the job: it was planned, or is gone. Answers whether it had been set aside. */
  remove(id: string): boolean;
  /** All of them, whether they rest or have rested. */
  all(): JobSlot[];
  /** At most `max` of those whose rest has ended, the longest known first. */
  readyAt(now: Date, max: number): JobSlot[];
  /** When the next rest ends. */
  readonly firstEndAt: Date | undefined;
}

// As the loops pause after a failed pass: what has only stumbled is hardly late.
const restMsMin = 1_000;
// Rare enough that even many of them cost little, often enough that a mended one is soon found.
const restMsMax = 60_000;
// Some 2 MB here, and 1 MB in each claim that leaves them out. More is no fault of single jobs.
const jobsMax = 10_000;

interface Rest extends JobSlot {
  readonly faults: number;
  readonly endsAt: number;
}

export function createSetAside(): SetAside {
  // A Map lists its keys in the order of insertion: whoever failed longest ago comes first.
  const rests = new Map<string, Rest>();
  return {
    add({ id, nextRunAt }, now) {
      const before = rests.get(id);
      const isSameSlot = before?.nextRunAt.getTime() === nextRunAt.getTime();
      const faults = isSameSlot ? (before?.faults ?? 0) : 0;
      const restMs = Math.min(restMsMin * 2 ** faults, restMsMax);
      rests.delete(id);
      rests.set(id, { id, nextRunAt, faults: faults + 1, endsAt: now.getTime() + restMs });
      if (rests.size > jobsMax) {
        const oldest = rests.keys().next();
        if (!oldest.done) rests.delete(oldest.value);
      }
      return faults === 0;
    },
    remove(id) {
      return rests.delete(id);
    },
    all() {
      return [...rests.values()].map(toSlot);
    },
    readyAt(now, max) {
      const ready = [...rests.values()].filter(({ endsAt }) => endsAt <= now.getTime());
      return ready.slice(0, max).map(toSlot);
    },
    get firstEndAt() {
      let first: number | undefined;
      for (const { endsAt } of rests.values()) first = Math.min(first ?? endsAt, endsAt);
      return first === undefined ? undefined : new Date(first);
    },
  };
}

function toSlot({ id, nextRunAt }: Rest): JobSlot {
  return { id, nextRunAt };
}
