// Keeps a bounded number of claimed rows in work: claims ahead, starts each at its due moment,
// never more than `concurrency` at once. Runner and sender are this with their own work.
//
//   claim ──> waits in memory until due ──> waits for a free place ──> work ──> done
import type { Clock } from "./clock.ts";
import type { Ids, Log } from "./log.ts";
import { createLoop, type Loop } from "./loop.ts";
import type { Settler } from "./settler.ts";

export interface Work {
  readonly id: string;
  readonly dueAt: Date;
}

export interface Claim<Item extends Work> {
  readonly items: readonly Item[];
  /** True when more is due that has to wait until some of what is held has ended. */
  readonly isHeldBack: boolean;
}

export interface WorkerOptions<Item extends Work> {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How many are worked on at once. As many again may wait in memory. */
  readonly concurrency: number;
  /** How far ahead of their due moment rows are claimed, in milliseconds. */
  readonly aheadMs: number;
  /** Leases what is due. `held` is what this worker has already. */
  readonly claim: (dueBy: Date, limit: number, held: readonly Item[]) => Promise<Claim<Item>>;
  /** When the next unclaimed row is due; undefined when there is none. */
  readonly nextDueAt: () => Promise<Date | undefined>;
  /** Gives back every row that is leased to this node, but for these. */
  readonly releaseAllBut: (ids: readonly string[]) => Promise<void>;
  /** Which of these rows are leased to this node. */
  readonly findLeased: (ids: readonly string[]) => Promise<string[]>;
  /** False while the leases of this node may have run out: nothing is begun then. */
  readonly hasLeases: () => boolean;
  /** Works on one to its settled end. Aborted by `cancel` and when the time to drain is up. */
  readonly work: (item: Item, signal: AbortSignal) => Promise<void>;
  /** For lines of the log. */
  readonly idsOf: (item: Item) => Ids;
  /** Settles one that was cut: its node died, or its work threw by a fault of ours. */
  readonly settleInterrupted: (item: Item) => Promise<void>;
}

export interface Worker<Item extends Work> extends Loop {
  /** One pass and everything it claimed, to its end. For tests that own the clock. */
  runOnce(): Promise<number>;
  /** Drops what has not begun and aborts what has: its row was settled by somebody else. */
  cancel(id: string): void;
  /** Cancels whatever is no longer leased to this node: a notice of it may have been missed. */
  recheck(): Promise<void>;
  /**
   * Takes rows over from nodes that died. While that is under way nothing is given back: what it
   * brings is this node's before the node knows that.
   */
  takeOver(take: () => Promise<Item[]>): Promise<Item[]>;
  /** Settles rows that were taken over. */
  rescue(items: readonly Item[]): Promise<void>;
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
// So long its results may take to become durable, counted from the same moment.
const settleByMs = drainMs + 5_000;
// A statement whose answer was lost may still take effect until its time limit of 30 s is up.
const doubtMs = 60_000;
// A row that can be neither settled nor given up is a fault of ours. It comes back once a minute:
// often enough to be over soon after its cause, seldom enough to burden nobody.
const quarantineMs = 60_000;

export function createWorker<Item extends Work>(options: WorkerOptions<Item>): Worker<Item> {
  const crew = new Crew(options);
  const loop = createLoop({ name: options.name, pass: () => crew.pass(), log: options.log });
  crew.onRoom = loop.wake;
  return {
    name: options.name,
    start: loop.start,
    wake: loop.wake,
    passAgeMs: loop.passAgeMs,
    async stop() {
      await loop.stop();
      await crew.drain();
    },
    cancel: (id) => crew.cancel(id),
    recheck: () => crew.recheck(),
    takeOver: (take) => crew.takeOver(take),
    rescue: (items) => crew.rescue(items),
    doubt: () => crew.doubt(),
    runOnce: () => crew.runOnce(),
  };
}

/** The worker, which stops when its results are durable or the time for that is up. */
export function withSettler<Item extends Work, S>(
  worker: Worker<Item>,
  settler: Settler<S>,
): Worker<Item> {
  return {
    ...worker,
    async stop() {
      await Promise.all([worker.stop(), settler.stop(settleByMs)]);
    },
  };
}

interface InWork {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * What a worker holds, from the claim to the settled end. By item and not by id: a row may be
 * claimed again while its last settle, which the database took without our hearing of it, is still
 * being repeated.
 */
class Crew<Item extends Work> {
  /** Called when places became free that a claim was cut short for. */
  onRoom: () => void = () => undefined;

  readonly #options: WorkerOptions<Item>;
  readonly #waiting = new Map<Item, NodeJS.Timeout>();
  readonly #ready: Item[] = [];
  readonly #inWork = new Map<Item, InWork>();
  readonly #rescued = new Set<Item>();
  readonly #quarantined = new Map<Item, NodeJS.Timeout>();
  #wasCutShort = false;
  #isDraining = false;
  #doubtUntilMs: number | undefined;
  #lastTurn: Promise<void> = Promise.resolve();

  constructor(options: WorkerOptions<Item>) {
    this.#options = options;
  }

  async pass(): Promise<number> {
    if (!this.#options.hasLeases()) return pauseMsMin;
    try {
      if (this.#isInDoubt()) await this.#releaseTheRest();
      return await this.#claimAndHold();
    } catch (error) {
      // The database may have taken the claim though its answer did not arrive, and no other node
      // rescues from one that lives.
      this.doubt();
      throw error;
    }
  }

  /** The doubt is over with the first release that is sent after its time. */
  #releaseTheRest(): Promise<void> {
    return this.#inTurn(async () => {
      const untilMs = this.#doubtUntilMs;
      const isLast = untilMs !== undefined && performance.now() >= untilMs;
      await this.#options.releaseAllBut(this.#heldIds());
      // Unless another doubt came up meanwhile.
      if (isLast && this.#doubtUntilMs === untilMs) this.#doubtUntilMs = undefined;
    });
  }

  doubt(): void {
    // By the steady clock: the other one is put forward after a sleep, which would end the doubt
    // with rows leased to this node that it never hears of.
    this.#doubtUntilMs = performance.now() + doubtMs;
  }

  async #claimAndHold(): Promise<number> {
    const { claim, clock, aheadMs } = this.#options;
    const limit = Math.min(this.#room(), claimMax);
    this.#wasCutShort = limit <= 0;
    if (limit <= 0) return pauseMsMax;
    const dueBy = new Date(clock.now().getTime() + aheadMs);
    const { items, isHeldBack } = await claim(dueBy, limit, this.#held());
    for (const item of items) this.#hold(item);
    this.#startReady();
    const isFilled = items.length === limit;
    this.#wasCutShort = isFilled || isHeldBack;
    if (isFilled) return this.#room() > 0 ? 0 : pauseMsMax;
    // Whatever ends wakes this loop: to ask before would find the same lanes full.
    if (isHeldBack) return pauseMsMax;
    return this.#untilNext();
  }

  async runOnce(): Promise<number> {
    const { claim, clock, concurrency } = this.#options;
    const { items } = await claim(clock.now(), concurrency, this.#held());
    await Promise.all(items.map((item) => this.#begin(item)));
    return items.length;
  }

  cancel(id: string): void {
    for (const item of this.#held()) if (item.id === id) this.#drop(item);
  }

  async recheck(): Promise<void> {
    const held = this.#held();
    if (held.length === 0) return;
    // What was held before this is asked and has no lease by then has lost it for good: should the
    // row be claimed again, it is another item.
    const leased = new Set(await this.#options.findLeased(held.map(({ id }) => id)));
    for (const item of held) if (!leased.has(item.id)) this.#drop(item);
  }

  takeOver(take: () => Promise<Item[]>): Promise<Item[]> {
    return this.#inTurn(async () => {
      const items = await take();
      for (const item of items) this.#rescued.add(item);
      return items;
    });
  }

  /** Changes leases one after the other: a release must know of all that came before it. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(change);
    this.#lastTurn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async rescue(items: readonly Item[]): Promise<void> {
    await Promise.all(items.map((item) => this.#giveUp(item)));
  }

  /** Gives back what was not begun and waits for the rest; cuts it when the time is up. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    const hasLetGo = this.#letGo() || this.#quarantined.size > 0;
    for (const timer of this.#quarantined.values()) clearTimeout(timer);
    this.#quarantined.clear();
    const inWork = [...this.#inWork.values()];
    const deadline = setTimeout(() => {
      for (const { abort } of inWork) abort.abort();
    }, drainMs);
    const released = hasLetGo || this.#isInDoubt() ? this.#release() : undefined;
    await Promise.all([released, ...inWork.map(({ done }) => done)]);
    clearTimeout(deadline);
  }

  async #release(): Promise<void> {
    const { name, log } = this.#options;
    try {
      await this.#releaseTheRest();
    } catch (error) {
      log.warn({ worker: name, err: error }, "leases could not be given back; they will run out");
    }
  }

  /** Forgets what was not begun; true when there was any. Its leases are to be given back. */
  #letGo(): boolean {
    const hasAny = this.#waiting.size + this.#ready.length > 0;
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    this.#ready.length = 0;
    return hasAny;
  }

  #drop(item: Item): void {
    clearTimeout(this.#waiting.get(item));
    this.#waiting.delete(item);
    const place = this.#ready.indexOf(item);
    if (place >= 0) this.#ready.splice(place, 1);
    this.#inWork.get(item)?.abort.abort();
  }

  #isInDoubt(): boolean {
    return this.#doubtUntilMs !== undefined;
  }

  /** What waits or is in work here. */
  #held(): Item[] {
    return [...this.#waiting.keys(), ...this.#ready, ...this.#inWork.keys()];
  }

  /** Every row whose lease this node knows of. */
  #heldIds(): string[] {
    const items = [...this.#held(), ...this.#rescued, ...this.#quarantined.keys()];
    return items.map(({ id }) => id);
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
    const timer = setTimeout(
      () => {
        this.#waiting.delete(item);
        // Looks again: timers may be a millisecond early, and the clock may have been corrected.
        // One that fell behind, as in a machine that slept, would have it wait as long as that.
        this.#hold(item);
        this.#startReady();
      },
      Math.min(waitMs, pauseMsMax),
    );
    this.#waiting.set(item, timer);
  }

  #startReady(): void {
    if (this.#ready.length > 0 && !this.#options.hasLeases()) {
      // This process stood still for so long that others may have what it holds.
      this.#letGo();
      this.doubt();
      return;
    }
    while (!this.#isDraining && this.#inWork.size < this.#options.concurrency) {
      const item = this.#ready.shift();
      if (item === undefined) return;
      void this.#begin(item);
    }
  }

  #begin(item: Item): Promise<void> {
    const abort = new AbortController();
    const done = this.#carryThrough(item, abort.signal).then(() => this.#end(item));
    this.#inWork.set(item, { abort, done });
    return done;
  }

  async #carryThrough(item: Item, signal: AbortSignal): Promise<void> {
    const { name, work, log, idsOf } = this.#options;
    try {
      await work(item, signal);
    } catch (error) {
      log.error({ worker: name, ...idsOf(item), err: error }, "work failed by a fault of ours");
      await this.#giveUp(item);
    }
  }

  async #giveUp(item: Item): Promise<void> {
    const { name, settleInterrupted, log, idsOf } = this.#options;
    try {
      await settleInterrupted(item);
    } catch (error) {
      log.error({ worker: name, ...idsOf(item), err: error }, "a row could not be settled");
      if (!this.#isDraining) this.#quarantine(item);
    } finally {
      this.#rescued.delete(item);
    }
  }

  #quarantine(item: Item): void {
    const timer = setTimeout(() => {
      this.#quarantined.delete(item);
      this.doubt();
    }, quarantineMs);
    this.#quarantined.set(item, timer);
  }

  #end(item: Item): void {
    this.#inWork.delete(item);
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
