// Keeps a bounded number of claimed rows in work: claims ahead, starts each at its due moment,
// never more than `concurrency` at once. Runner and sender are this with their own work.
//
//   claim ──> waits in memory until due ──> waits for a free place ──> work ──> done
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { createLoop, type Loop } from "./loop.ts";

export interface Work {
  readonly id: string;
  readonly dueAt: Date;
}

export interface WorkerOptions<Item extends Work> {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many are worked on at once. As many again may wait in memory. */
  readonly concurrency: number;
  /** How far ahead of their due moment rows are claimed, in milliseconds. */
  readonly aheadMs: number;
  readonly claim: (dueBy: Date, limit: number) => Promise<Item[]>;
  /** When the next unclaimed row is due; undefined when there is none. */
  readonly nextDueAt: () => Promise<Date | undefined>;
  /** Gives back every row that is leased to this node, but for these. */
  readonly releaseAllBut: (ids: readonly string[]) => Promise<void>;
  /** Works on one to its settled end. Aborted by `cancel` and when the time to drain is up. */
  readonly work: (item: Item, signal: AbortSignal) => Promise<void>;
  /** Settles one whose work threw: a fault of ours must not leave a lease behind. */
  readonly giveUp: (item: Item) => Promise<void>;
}

export interface Worker extends Loop {
  /** One pass and everything it claimed, to its end. For tests that own the clock. */
  runOnce(): Promise<number>;
  /** Drops what has not begun and aborts what has: its row was settled by somebody else. */
  cancel(id: string): void;
  /** Tells that rows may have been leased to this node without its knowing. */
  doubt(): void;
}

// Rows of one pass. Larger claims hold locks longer and gain nothing (design note "engines", B).
const claimMax = 200;
// Passes are at least this far apart while nothing wakes the loop, so that claims come in batches.
const pauseMsMin = 100;
// And at most this far: another node may have made something due without telling us.
const pauseMsMax = 1_000;
// What is in work when the process is asked to stop may take this long to end by itself.
const drainMs = 10_000;
// A statement whose answer was lost may still take effect until its time limit of 30 s is up.
const doubtMs = 60_000;

export function createWorker<Item extends Work>(options: WorkerOptions<Item>): Worker {
  const crew = new Crew(options);
  const loop = createLoop({ name: options.name, pass: () => crew.pass(), log: options.log });
  crew.onRoom = loop.wake;
  return {
    start: loop.start,
    wake: loop.wake,
    async stop() {
      await loop.stop();
      await crew.drain();
    },
    cancel: (id) => crew.cancel(id),
    doubt: () => crew.doubt(),
    runOnce: () => crew.runOnce(),
  };
}

interface InWork {
  readonly id: string;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** What a worker holds, from the claim to the settled end. */
class Crew<Item extends Work> {
  /** Called when places became free that a claim was cut short for. */
  onRoom: () => void = () => undefined;

  readonly #options: WorkerOptions<Item>;
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #ready: Item[] = [];
  // By entry and not by id: a row may be claimed again while its last settle, which the database
  // took without our hearing of it, is still being repeated.
  readonly #inWork = new Set<InWork>();
  #wasCutShort = false;
  #isDraining = false;
  #doubtUntilMs = 0;

  constructor(options: WorkerOptions<Item>) {
    this.#options = options;
  }

  async pass(): Promise<number> {
    try {
      if (this.#isInDoubt()) await this.#options.releaseAllBut(this.#held());
      return await this.#claimAndHold();
    } catch (error) {
      // The database may have taken the claim though its answer did not arrive, and no other node
      // rescues from one that lives.
      this.doubt();
      throw error;
    }
  }

  doubt(): void {
    this.#doubtUntilMs = this.#options.clock.now().getTime() + doubtMs;
  }

  async #claimAndHold(): Promise<number> {
    const { claim, clock, aheadMs } = this.#options;
    const limit = Math.min(this.#room(), claimMax);
    this.#wasCutShort = limit <= 0;
    if (limit <= 0) return pauseMsMax;
    const items = await claim(new Date(clock.now().getTime() + aheadMs), limit);
    for (const item of items) this.#hold(item);
    this.#startReady();
    this.#wasCutShort = items.length === limit;
    if (this.#wasCutShort) return this.#room() > 0 ? 0 : pauseMsMax;
    return this.#untilNext();
  }

  async runOnce(): Promise<number> {
    const { claim, clock, concurrency } = this.#options;
    const items = await claim(clock.now(), concurrency);
    await Promise.all(items.map((item) => this.#begin(item)));
    return items.length;
  }

  cancel(id: string): void {
    clearTimeout(this.#waiting.get(id));
    this.#waiting.delete(id);
    const place = this.#ready.findIndex((item) => item.id === id);
    if (place >= 0) this.#ready.splice(place, 1);
    for (const inWork of this.#inWork) if (inWork.id === id) inWork.abort.abort();
  }

  /** Gives back what was not begun and waits for the rest; cuts it when the time is up. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    const hasUnbegun = this.#waiting.size + this.#ready.length > 0;
    this.#waiting.clear();
    this.#ready.length = 0;
    const inWork = [...this.#inWork];
    const deadline = setTimeout(() => {
      for (const { abort } of inWork) abort.abort();
    }, drainMs);
    if (hasUnbegun || this.#isInDoubt()) await this.#options.releaseAllBut(this.#held());
    await Promise.all(inWork.map(({ done }) => done));
    clearTimeout(deadline);
  }

  #isInDoubt(): boolean {
    return this.#options.clock.now().getTime() < this.#doubtUntilMs;
  }

  #held(): string[] {
    const ready = this.#ready.map(({ id }) => id);
    const inWork = [...this.#inWork].map(({ id }) => id);
    return [...this.#waiting.keys(), ...ready, ...inWork];
  }

  #room(): number {
    const { concurrency } = this.#options;
    return concurrency * 2 - this.#waiting.size - this.#ready.length - this.#inWork.size;
  }

  #hold(item: Item): void {
    const waitMs = item.dueAt.getTime() - this.#options.clock.now().getTime();
    if (waitMs <= 0) {
      this.#ready.push(item);
      return;
    }
    const timer = setTimeout(() => {
      this.#waiting.delete(item.id);
      // Looks again: timers may be a millisecond early, and the clock may have been corrected.
      this.#hold(item);
      this.#startReady();
    }, waitMs);
    this.#waiting.set(item.id, timer);
  }

  #startReady(): void {
    while (!this.#isDraining && this.#inWork.size < this.#options.concurrency) {
      const item = this.#ready.shift();
      if (item === undefined) return;
      void this.#begin(item);
    }
  }

  #begin(item: Item): Promise<void> {
    const { name, work, giveUp, log } = this.#options;
    const abort = new AbortController();
    const done = work(item, abort.signal)
      .catch((error: unknown) => {
        log.error({ worker: name, id: item.id, err: error }, "work failed by a fault of ours");
        return giveUp(item);
      })
      .catch((error: unknown) => {
        log.error({ worker: name, id: item.id, err: error }, "work ended unsettled");
      })
      .then(() => this.#end(inWork));
    const inWork: InWork = { id: item.id, abort, done };
    this.#inWork.add(inWork);
    return done;
  }

  #end(inWork: InWork): void {
    this.#inWork.delete(inWork);
    this.#startReady();
    // A quarter of the places free: enough for a claim worth its round trip.
    const isWorthAClaim = this.#room() >= Math.max(1, this.#options.concurrency / 4);
    if (this.#wasCutShort && isWorthAClaim) this.onRoom();
  }

  async #untilNext(): Promise<number> {
    const { nextDueAt, clock, aheadMs } = this.#options;
    const next = await nextDueAt();
    if (next === undefined) return pauseMsMax;
    const untilNextMs = next.getTime() - aheadMs - clock.now().getTime();
    return Math.min(Math.max(untilNextMs, pauseMsMin), pauseMsMax);
  }
}
