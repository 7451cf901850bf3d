// A client that does not give up: it asks again, under the same Idempotency-Key, until the program
// has answered, however often that is killed meanwhile. What was answered must be true for ever.
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, type Client, type TrigRunApi } from "@trigrun/contract";
import type { NewJob } from "../support/jobs.ts";
import type { Installation } from "../support/program.ts";
import type { FarEnds, Manner } from "./far-ends.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface StubbornClient {
  /** Ids of the jobs whose creation was answered, by their names. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Names of the jobs that were refused: their moment had passed when they were asked for. */
  readonly refused: ReadonlySet<string>;
  /** Makes the channels that `newJob` attaches rules to. */
  createChannels(): Promise<void>;
  /** One more of them, with an address of its own. */
  createChannel(name: string, url: string): Promise<void>;
  createJob(fields: JobFields): Promise<void>;
  /** Takes jobs that were made otherwise, in place of all that it knows. */
  adopt(jobs: readonly { readonly id: string; readonly name: string }[]): void;
  /** Asks for something that only a database can answer. */
  look(): Promise<void>;
  /** Creates jobs of every kind that ends, one after the other, until the signal. */
  createUntil(signal: AbortSignal, options: { atOnce: number; pauseMs: number }): Promise<void>;
  /** Creates jobs whose moments are spread over a time from now, whatever happens in it. */
  createAhead(count: number, spreadMs: number): Promise<void>;
  /** Jobs that repeat: their slots come by themselves. */
  createRepeating(count: number): Promise<void>;
  pauseRepeating(): Promise<void>;
}

/** What a job here may differ in. */
export type JobFields = Pick<NewJob, "kind" | "schedule"> & {
  target: string;
  timeoutSeconds?: number;
};

// Ends a test with the reason instead of at its time limit.
const giveUpMs = 300_000;
const askAgainMs = 50;

// A start takes about a second, so most of these still lie ahead when they are acknowledged.
const aheadMsMin = 2_200;
const soonMs = 6_000;
// As many as a server of two cores answers side by side without one waiting for another.
const aheadAtOnce = 8;

const targetManners: readonly [Manner[], ...Manner[][]] = [
  [200],
  [200],
  [200],
  ["slow"],
  ["slow"],
  [503, 200],
  ["reset", 200],
  [503],
  [404],
];

const channelManners: readonly [string, ...Manner[]][] = [
  ["steady", 200],
  ["flaky", 500, 200],
  ["resetting", "reset", 200],
  ["slow", "slow"],
  ["steady-too", 200],
];

const events = ["on_success", "on_failure", "on_completion"] as const;

export function createStubbornClient(
  installation: Installation,
  farEnds: FarEnds,
  random: SeededRandom,
): StubbornClient {
  const acknowledged = new Map<string, string>();
  const refused = new Set<string>();
  const repeating: string[] = [];
  const channels: string[] = [];
  let names = 0;

  async function createChannel(name: string, url: string): Promise<void> {
    const config = { url, secret: "whsec_your_signing_secret" };
    const body = { name, type: "webhook" as const, config };
    const channel = await ask(installation, (client) => client.createChannel({ body }), name);
    channels.push(channel.id);
  }

  async function createJob({ target, timeoutSeconds, ...fields }: JobFields): Promise<string> {
    names += 1;
    const name = `job ${names}`;
    const rules = events.filter(() => random.next() < ruleShare);
    const body = {
      ...{ name, ...fields },
      // A POST is never repeated by the door itself, so each call is an attempt.
      request: {
        ...{ url: target, method: "POST" as const, body: { name } },
        ...(timeoutSeconds === undefined ? {} : { timeout_seconds: timeoutSeconds }),
      },
      notification_rules: rules.map((event) => ({
        event,
        channel_id: random.pick([channels[0] ?? "", ...channels.slice(1)]),
      })),
      // The kind and the schedule come together in JobFields.
    } as NewJob;
    const key = name.replaceAll(" ", "-");
    try {
      const job = await ask(installation, (client) => client.createJob({ body }), key);
      acknowledged.set(name, job.id);
      return job.id;
    } catch (error) {
      if (!(error instanceof ApiError) || fields.kind !== "scheduled") throw error;
      refused.add(name);
      return "";
    }
  }

  function newOneTime(): JobFields {
    return { kind: "one_time", schedule: {}, target: newTarget() };
  }

  function newScheduled(spreadMs: number): JobFields {
    const at = Date.now() + aheadMsMin + random.between(0, spreadMs);
    const run_at = new Date(at).toISOString();
    return { kind: "scheduled", schedule: { run_at }, target: newTarget() };
  }

  function newTarget(): string {
    return farEnds.target(...random.pick(targetManners));
  }

  return {
    acknowledged,
    refused,
    async createChannels() {
      for (const [name, ...manners] of channelManners) {
        await createChannel(name, farEnds.receiver(name, ...manners));
      }
    },
    createChannel,
    async createJob(fields) {
      await createJob(fields);
    },
    adopt(jobs) {
      acknowledged.clear();
      for (const { id, name } of jobs) acknowledged.set(name, id);
    },
    async look() {
      await ask(installation, (client) => client.listJobs({ query: { limit: 1 } }));
    },
    async createUntil(signal, { atOnce, pauseMs }) {
      const creators = Array.from({ length: atOnce }, async () => {
        while (!signal.aborted) {
          await createJob(random.next() < oneTimeShare ? newOneTime() : newScheduled(soonMs));
          await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        }
      });
      await Promise.all(creators);
    },
    async createAhead(count, spreadMs) {
      let left = count;
      const creators = Array.from({ length: aheadAtOnce }, async () => {
        for (left -= 1; left >= 0; left -= 1) await createJob(newScheduled(spreadMs));
      });
      await Promise.all(creators);
    },
    async createRepeating(count) {
      const target = farEnds.target(200);
      for (let made = 0; made < count; made += 1) {
        const fields: JobFields =
          made % 2 === 0
            ? { kind: "cron", schedule: { cron: "* * * * *" }, target }
            : { kind: "recurring", schedule: { every_n_minutes: 1 }, target };
        repeating.push(await createJob(fields));
      }
    },
    async pauseRepeating() {
      for (const id of repeating) {
        await ask(installation, (client) => client.pauseJob({ params: { id } }));
      }
    },
  };
}

// Half of the rules an end could have: 1.5 of 3 to a job.
const ruleShare = 0.5;
const oneTimeShare = 0.6;

async function ask<T>(
  installation: Installation,
  question: (client: Client<TrigRunApi>) => Promise<T>,
  key?: string,
): Promise<T> {
  const endMs = performance.now() + giveUpMs;
  for (;;) {
    try {
      return await question(await installation.client(key));
    } catch (error) {
      // Anything but "the database is away" is an answer; what is no ApiError is none.
      if (error instanceof ApiError && error.code !== "unavailable") throw error;
      if (performance.now() > endMs) throw error;
    }
    await delay(askAgainMs);
  }
}
