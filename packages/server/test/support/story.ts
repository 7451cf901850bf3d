// A story in the language of time: the whole product on a real database with real receivers, and
// a clock that only the test moves. `tick()` does everything that is due at this moment.
import type { JobInput } from "@trigrun/contract";
import type { Log } from "../../src/log.ts";
import { createPlanner, type Planner } from "../../src/plan/planner.ts";
import { createRescuer } from "../../src/rescuer.ts";
import { createRunner, type Runner } from "../../src/run/runner.ts";
import { createCourier } from "../../src/send/courier.ts";
import { createDigester, type Digester } from "../../src/send/digester.ts";
import { createSender, type Sender } from "../../src/send/sender.ts";
import { createTestSend, type TestSend } from "../../src/send/tester.ts";
import { openChannel } from "../../src/store/channels.ts";
import * as deliveryQueue from "../../src/store/delivery-queue.ts";
import * as executionQueue from "../../src/store/execution-queue.ts";
import { beat } from "../../src/store/nodes.ts";
import { openSecrets } from "../../src/store/secrets.ts";
import { createHttpDoor } from "../../src/wire/http.ts";
import { createMailDoor, readMailSecrets } from "../../src/wire/mail.ts";
import { createTestApi, type TestApi } from "./api.ts";
import { createTestClock, type TestClock } from "./clock.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

export interface Node {
  readonly id: string;
  readonly planner: Planner;
  readonly runner: Runner;
  readonly sender: Sender;
  readonly digester: Digester;
  /** Takes over what dead nodes held, and settles it. */
  rescue(): Promise<number>;
}

export interface Story extends Omit<TestApi, "clock" | "close"> {
  readonly clock: TestClock;
  readonly node: Node;
  /** Every line that the engine logged. */
  readonly lines: string[];
  /** Another node on the same database. */
  addNode(): Promise<Node>;
  addReceiver(): Promise<Receiver>;
  /** A job that calls `url`; whatever is not said has a plain value. */
  addJob(url: string, change?: JobChange): Promise<string>;
  /** A webhook channel with a rule on the job for the event. Answers the channel's id. */
  tell(jobId: string, event: RuleEvent, url: string): Promise<string>;
  /** Plans, runs and sends until nothing is due at this moment. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

type RuleEvent = "on_success" | "on_failure" | "on_completion";
type JobChange = Partial<Omit<JobInput, "request">> & { request?: Partial<JobInput["request"]> };

export const secret = "whsec_your_signing_secret";

export interface StoryOptions {
  /** Another address for one that a channel type calls: vendors are not called by tests. */
  readonly toUrl?: (url: string) => string;
  readonly smtpUrl?: string;
}

export async function createStory(startAt: string, options: StoryOptions = {}): Promise<Story> {
  const clock = createTestClock(startAt);
  const lines: string[] = [];
  const late: { testSend?: TestSend } = {};
  const api = await createTestApi({
    allowNetworks: ["127.0.0.1/32"],
    services: {
      clock,
      testSend(message) {
        if (late.testSend === undefined) throw new Error("no node is there yet");
        return late.testSend(message);
      },
    },
  });
  const receivers: Receiver[] = [];
  const closers: (() => Promise<void>)[] = [];
  const addNode = async () => {
    const common = { clock, log: toLog(lines), id: `node_${closers.length}`, ...options };
    const { node, testSend, close } = await createNode(api, common);
    closers.push(close);
    late.testSend ??= testSend;
    return node;
  };
  const node = await addNode();
  let names = 0;
  return {
    ...api,
    ...{ clock, node, lines, addNode },
    async addReceiver() {
      const receiver = await startReceiver();
      receivers.push(receiver);
      return receiver;
    },
    async addJob(url, { request, ...change } = {}) {
      // What is not said is a cron job of every ten minutes.
      const body = {
        name: "job",
        kind: "cron",
        schedule: { cron: "*/10 * * * *" },
        ...change,
        request: { url, ...request },
      } as Parameters<TestApi["client"]["createJob"]>[0]["body"];
      return (await api.client.createJob({ body })).id;
    },
    async tell(jobId, event, url) {
      names += 1;
      const config = { url, secret };
      const body = { name: `channel ${names}`, type: "webhook" as const, config };
      const channel = await api.client.createChannel({ body });
      await api.client.addRule({ params: { id: jobId }, body: { channel_id: channel.id, event } });
      return channel.id;
    },
    async tick() {
      const { planner, runner, sender, digester } = node;
      while ((await planner.runOnce()) > 0);
      while ((await runner.runOnce()) > 0);
      while ((await digester.runOnce()) > 0);
      while ((await sender.runOnce()) > 0);
    },
    async close() {
      for (const close of closers) await close();
      for (const receiver of receivers) await receiver.stop();
      await api.close();
    },
  };
}

interface NodeOptions extends StoryOptions {
  readonly clock: TestClock;
  readonly log: Log;
  readonly id: string;
}

async function createNode(api: TestApi, { clock, log, id, smtpUrl, toUrl }: NodeOptions) {
  const { db, services } = api;
  const http = createHttpDoor({ guard: services.guard, clock });
  const mail = createMailDoor({ smtpUrl, from: smtpUrl && "cron@example.com", clock });
  // Half of every jitter, so that a story can say when things are due.
  const random = () => 0.5;
  const common = { db, clock, random, log, nodeId: id, call: http.call, concurrency: 50 };
  const { publicUrl } = services;
  const hasLeases = () => true;
  const courier = createCourier({
    ...{ clock, log, mail: mail.send, userAgent: "TrigRun/test" },
    call: (call) => http.call(toUrl === undefined ? call : { ...call, url: toUrl(call.url) }),
    ownSecrets: readMailSecrets(smtpUrl),
    unsubscribeUrl: (channelId) => `${publicUrl}/unsubscribe/${channelId}.token`,
    open: (channel, now) => openChannel(services.vault, channel, now),
  });
  const sender = createSender({
    ...{ ...common, hasLeases, publicUrl, courier },
    patience: { failuresMax: 50, hoursMax: 24 },
  });
  const runner = createRunner({
    ...{ ...common, hasLeases, publicUrl },
    openSecrets: (jobId, names) => openSecrets(db, services.vault, { jobId, names }),
    onDeliveries: () => undefined,
  });
  const digester = createDigester({ db, clock, log, publicUrl, onDigests: () => undefined });
  const planner = createPlanner({
    ...{ db, clock, log },
    ...{ catchUpMs: 600_000, publicUrl },
    onPlanned: () => undefined,
    onDeliveries: () => undefined,
  });
  // An hour: a story never waits for a lease to run out; it ends the node's row instead.
  const beats = () => beat(db, id, 3_600);
  const executions = createRescuer(
    {
      name: "executions",
      takeOverDead: (limit) => executionQueue.takeOverDead(db, { nodeId: id, limit }),
      worker: runner,
    },
    { log, beat: beats },
  );
  const deliveries = createRescuer(
    {
      name: "deliveries",
      takeOverDead: (limit) => deliveryQueue.takeOverDead(db, { nodeId: id, limit }),
      worker: sender,
    },
    { log, beat: beats },
  );
  await beats();
  const node: Node = {
    ...{ id, planner, runner, sender, digester },
    rescue: async () => (await executions.runOnce()) + (await deliveries.runOnce()),
  };
  return {
    node,
    testSend: createTestSend({ db, clock, courier }),
    async close() {
      await http.close();
      await mail.close();
    },
  };
}

function toLog(lines: string[]): Log {
  const write = (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push(JSON.stringify({ ...fields, err: String(fields.err ?? "") }) + message);
  };
  return { debug: write, info: write, warn: write, error: write };
}
