// Settles what workers finished, many at a time: while one batch is being committed the next one
// gathers (group commit). It must never lose a settlement silently: it repeats until the database
// took it, or until the process ends, and then says whose lease will have to be rescued.
import type { Ids, Log } from "./log.ts";

export interface Settler<Settlement> {
  /**
   * Resolves once it is durable, once it is known that the lease was lost, or once the time to
   * stop is up: then its lease runs out, and another node makes the work again.
   */
  settle(settlement: Settlement): Promise<void>;
  /**
   * Says that the process ends. What is not durable within `limitMs` is given up, also what is
   * settled meanwhile or later. Resolves when nothing is left, or when the time is up.
   */
  stop(limitMs: number): Promise<void>;
}

export interface SettlerOptions<Settlement> {
  readonly name: string;
  /** Must change nothing when it is repeated: the lease in each row sees to that. */
  readonly commit: (batch: readonly Settlement[]) => Promise<void>;
  /** True for failures of the connection: the same batch is tried again until it is taken. */
  readonly isOutage: (error: unknown) => boolean;
  /** What is settled instead when the database refuses one settlement by itself. */
  readonly reduce: (settlement: Settlement, error: unknown) => Settlement;
  /** Whose lease it ends, for lines of the log. */
  readonly idsOf: (settlement: Settlement) => Ids;
  readonly log: Log;
}

// One commit of 500 rows costs about as much as five of 10 (design note "engines", part C).
const batchMax = 500;
// An outage is met with a growing pause up to 5 s, so that the end of it is noticed at once.
const pauseMsMin = 100;
const pauseMsMax = 5_000;

interface Entry<Settlement> {
  readonly settlement: Settlement;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createSettler<Settlement>(
  options: SettlerOptions<Settlement>,
): Settler<Settlement> {
  return new Queue(options);
}

class Queue<Settlement> implements Settler<Settlement> {
  readonly #options: SettlerOptions<Settlement>;
  /** Not settled yet: those that wait, in their order, and those of the batch under way. */
  readonly #open = new Set<Entry<Settlement>>();
  readonly #waiting: Entry<Settlement>[] = [];
  readonly #over = new AbortController();
  #isCommitting = false;
  #limit: NodeJS.Timeout | undefined;
  #tellEmpty: () => void = () => undefined;

  constructor(options: SettlerOptions<Settlement>) {
    this.#options = options;
  }

  settle(settlement: Settlement): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const entry = { settlement, resolve, reject };
      this.#open.add(entry);
      if (this.#over.signal.aborted) return this.#giveUp();
      this.#waiting.push(entry);
      if (this.#isCommitting) return;
      this.#isCommitting = true;
      // Deferred by one turn, so that results of the same moment share a commit.
      setImmediate(() => void this.#commitAll());
    });
  }

  stop(limitMs: number): Promise<void> {
    const emptied = new Promise<void>((resolve) => {
      const tellOthers = this.#tellEmpty;
      this.#tellEmpty = () => {
        tellOthers();
        resolve();
      };
    });
    // The limit stays when nothing is open now: what drains meanwhile may still be settled.
    this.#limit ??= setTimeout(() => this.#end(), limitMs).unref();
    if (this.#open.size === 0) this.#tellEmpty();
    return emptied;
  }

  #end(): void {
    this.#over.abort();
    this.#waiting.length = 0;
    this.#giveUp();
  }

  #giveUp(): void {
    const { log, name, idsOf } = this.#options;
    const given = [...this.#open];
    if (given.length > 0) {
      const results = given.map(({ settlement }) => idsOf(settlement));
      log.error(
        { settler: name, count: given.length, results },
        "the process ends before the database took these results: their leases run out, and " +
          "the work is made again",
      );
    }
    for (const entry of given) this.#close(entry, entry.resolve);
    this.#tellEmpty();
  }

  #close(entry: Entry<Settlement>, tell: () => void): void {
    this.#open.delete(entry);
    tell();
    if (this.#open.size === 0) this.#tellEmpty();
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      try {
        await this.#commitUntilTaken(batch.map(({ settlement }) => settlement));
        for (const entry of batch) this.#close(entry, entry.resolve);
      } catch {
        await this.#settleOneByOne(batch);
      }
    }
    this.#isCommitting = false;
  }

  /** Also ends when the time to stop is up: then the batch was given up already. */
  async #commitUntilTaken(batch: readonly Settlement[]): Promise<void> {
    const { commit, isOutage, name, log } = this.#options;
    const { signal } = this.#over;
    for (let pauseMs = pauseMsMin; !signal.aborted; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      try {
        return await commit(batch);
      } catch (error) {
        if (!isOutage(error)) throw error;
        log.warn({ settler: name, err: error }, "the database is away");
        await this.#pause(pauseMs);
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#over;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener("abort", end);
    });
  }

  /** One bad row must not hold up the others: each is tried alone, then without its contents. */
  async #settleOneByOne(batch: readonly Entry<Settlement>[]): Promise<void> {
    const { log, name, reduce, idsOf } = this.#options;
    for (const entry of batch) {
      const { settlement, resolve, reject } = entry;
      try {
        await this.#commitUntilTaken([settlement]);
        this.#close(entry, resolve);
      } catch (error) {
        const ids = idsOf(settlement);
        log.error({ settler: name, ...ids, err: error }, "a result was refused");
        await this.#commitUntilTaken([reduce(settlement, error)]).then(
          () => this.#close(entry, resolve),
          (refusal: unknown) => this.#close(entry, () => reject(refusal)),
        );
      }
    }
  }
}
