// The door between a simulated node and the real PostgreSQL: each statement waits here until the
// schedule lets it pass, and may be lost on its way there or on its way back. What passes is real.
import { type Database, DatabaseUnavailable, type Tx } from "../../src/store/db.ts";
import type { SimulatedTime } from "./time.ts";

/**
 * What becomes of a statement: `pass`; `lose` it before it arrives; `mute` its answer; `delay` it:
 * the node hears of a broken connection, and it takes effect later; `cut` a transaction in its
 * middle.
 */
export type Fate = "pass" | "lose" | "mute" | "delay" | "cut";

export interface Ask {
  readonly owner: string;
  /** For the trace: what kind of statement it is. */
  readonly name: string;
  readonly isTransaction: boolean;
  /** Lets it meet its fate. Resolves with what is still on its way, when it was delayed. */
  meet(fate: Fate, dice: () => number): Promise<Straggler | undefined>;
}

export interface Straggler {
  readonly name: string;
  arrive(): Promise<void>;
}

export interface Door {
  readonly db: Database;
  /** Waiting, the oldest first. */
  asks(): readonly Ask[];
  forget(): void;
}

type Query = Parameters<Tx["rows"]>[0];

/** How a broken product is made for the test of the simulation itself. */
export type Spoil = (real: Database) => Database;

export function openDoor(real: Database, time: SimulatedTime, owner: string): Door {
  const asks = new Set<Ask>();
  const nobody = () => Promise.reject(new Error("the simulation does not do this"));

  function ask<T>(
    name: string,
    work: (cut: ((tx: Tx) => Tx) | undefined) => Promise<T>,
    isTransaction = false,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (cut?: (tx: Tx) => Tx) => time.inReality(() => work(cut));
      const answer = (result: () => void) => time.actAs(owner, result);
      const fail = (outcome: "unknown" | "not_applied") =>
        answer(() => reject(new DatabaseUnavailable(`lost: ${name}`, outcome)));
      const pass = async (cut?: (tx: Tx) => Tx): Promise<void> => {
        const result = await run(cut).then(
          (value) => () => resolve(value),
          (error: unknown) => () => reject(error),
        );
        await answer(result);
      };
      const one: Ask = {
        ...{ owner, name, isTransaction },
        async meet(fate, dice) {
          asks.delete(one);
          if (fate === "lose") await fail("not_applied");
          else if (fate === "cut" && isTransaction) await pass((tx) => cutAt(tx, dice));
          else if (fate === "delay" && !isTransaction) {
            await fail("unknown");
            return { name, arrive: () => run().then(ignore, ignore) };
          } else if (fate === "mute") {
            await run().then(ignore, ignore);
            await fail("unknown");
          } else await pass();
          return undefined;
        },
      };
      asks.add(one);
    });
  }

  return {
    db: {
      rows: (query) => ask(nameOf(query), () => real.rows(query)),
      run: (query) => ask(nameOf(query), () => real.run(query)),
      transaction: (work, limit) =>
        ask(
          "transaction",
          (cut) => real.transaction((tx) => work(cut === undefined ? tx : cut(tx)), limit),
          true,
        ),
      ...{ reserve: nobody, listen: nobody, ping: nobody, close: nobody, copy: nobody },
      usage: real.usage,
    },
    asks: () => [...asks],
    forget: () => asks.clear(),
  };
}

const ignore = () => undefined;

// Longer names tell no more.
const nameLengthMax = 32;

function nameOf(query: Query): string {
  if ("name" in query && query.name !== undefined) return query.name;
  return query.text.trim().replaceAll(/\s+/g, " ").slice(0, nameLengthMax);
}

// A transaction here has a handful of statements.
const statementsMax = 4;

/** The connection breaks before one of its statements. */
function cutAt(tx: Tx, dice: () => number): Tx {
  let left = Math.floor(dice() * statementsMax);
  const pass = <T>(work: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left >= 0) return work();
    return Promise.reject(new DatabaseUnavailable("cut in a transaction", "not_applied"));
  };
  return { rows: (query) => pass(() => tx.rows(query)), run: (query) => pass(() => tx.run(query)) };
}
