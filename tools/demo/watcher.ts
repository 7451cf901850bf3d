// Looks at the API every moment through the contract's client, prints what is new, and waits for
// what a story needs. It changes nothing.
import { setTimeout as delay } from "node:timers/promises";
import type { Client, TrigRunApi } from "@trigrun/contract";
import { DemoFailed } from "./demo-failed.ts";
import { type Ending, OverTime } from "./ending.ts";
import type { Snapshot } from "./judge.ts";
import type { Narrator } from "./narrator.ts";
import { type Delivery, type Execution, newsOfDelivery, newsOfExecution } from "./news.ts";

export interface Watcher {
  /** Waits until nothing is missing any more; throws as soon as something is wrong. */
  until(expectation: Expectation): Promise<Snapshot>;
  /** Prints what is new until the demo ends. */
  watchOn(): Promise<void>;
}

export interface Expectation {
  findMissing(snapshot: Snapshot): string[];
  findWrong(snapshot: Snapshot): string[];
}

export interface WatcherOptions {
  readonly client: Client<TrigRunApi>;
  readonly narrator: Narrator;
  readonly ending: Ending;
}

// Often enough to look live, seldom enough to cost a small server nothing.
const lookMs = 100;
const lookOnMs = 1_000;
// The story makes 2 executions and 10 deliveries; whoever plays on sees the newest.
const limit = 50;

export function createWatcher({ client, narrator, ending }: WatcherOptions): Watcher {
  const { signal } = ending;
  let executions = new Map<string, Execution>();
  let deliveries = new Map<string, Delivery>();

  const look = async (): Promise<Snapshot> => {
    executions = await lookAtExecutions(client, executions);
    deliveries = await lookAtDeliveries(client, deliveries);
    // The oldest first, as a story is told.
    return {
      executions: [...executions.values()].reverse(),
      deliveries: [...deliveries.values()].reverse(),
    };
  };
  const lookAndTell = async (): Promise<Snapshot> => {
    const before = { executions, deliveries };
    const snapshot = await look();
    const news = [
      ...snapshot.executions.flatMap((now) => newsOfExecution(before.executions.get(now.id), now)),
      ...snapshot.deliveries.flatMap((now) => newsOfDelivery(before.deliveries.get(now.id), now)),
    ];
    for (const { who, what, tone } of news) narrator.tell(who, what, tone);
    return snapshot;
  };
  return {
    async until(expectation) {
      let missing: string[] = [];
      try {
        for (;;) {
          const snapshot = await lookAndTell();
          missing = findMissingIfRight(expectation, snapshot);
          if (missing.length === 0) return snapshot;
          await delay(lookMs, undefined, { signal });
        }
      } catch (error) {
        throw signal.aborted ? toEnd(ending, missing) : error;
      }
    },
    async watchOn() {
      while (!signal.aborted) {
        await lookAndTell().catch((error) => {
          if (!signal.aborted) throw error;
        });
        await delay(lookOnMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function findMissingIfRight({ findWrong, findMissing }: Expectation, snapshot: Snapshot) {
  const wrong = findWrong(snapshot);
  if (wrong.length > 0) throw new DemoFailed(wrong);
  return findMissing(snapshot);
}

function toEnd({ signal, limitMs }: Ending, missing: readonly string[]): unknown {
  return signal.reason instanceof OverTime ? new OverTime(limitMs, missing) : signal.reason;
}

/** The newest first. Only what has moved is asked for whole. */
async function lookAtExecutions(
  client: Client<TrigRunApi>,
  known: ReadonlyMap<string, Execution>,
): Promise<Map<string, Execution>> {
  const { items } = await client.listExecutions({ query: { limit } });
  const whole = await Promise.all(
    items.map((item) => {
      const before = known.get(item.id);
      const isOver = before !== undefined && before.finished_at !== null;
      return isOver ? before : client.getExecution({ params: { id: item.id } });
    }),
  );
  return new Map(whole.map((execution) => [execution.id, execution]));
}

async function lookAtDeliveries(
  client: Client<TrigRunApi>,
  known: ReadonlyMap<string, Delivery>,
): Promise<Map<string, Delivery>> {
  const { items } = await client.listDeliveries({ query: { limit } });
  const whole = await Promise.all(
    items.map((item) => {
      const before = known.get(item.id);
      // A delivery that was sent may be sent again by hand.
      const isSame =
        before?.status === item.status &&
        before.attempt_count === item.attempt_count &&
        before.finished_at === item.finished_at;
      return isSame ? before : client.getDelivery({ params: { id: item.id } });
    }),
  );
  return new Map(whole.map((delivery) => [delivery.id, delivery]));
}
