// What becomes of a claim that the database took and whose answer never arrived: the node lives on
// and holds rows that it does not know of. Nobody else may rescue them, so it must find them
// itself.
import { afterEach, beforeEach, describe, expect, inject, it } from "vitest";
import { createRunner } from "../../src/run/runner.ts";
import { createCourier } from "../../src/send/courier.ts";
import { createSender } from "../../src/send/sender.ts";
import { openChannel } from "../../src/store/channels.ts";
import { connect, type Database, raw, sql } from "../../src/store/db.ts";
import { beat, bury } from "../../src/store/nodes.ts";
import { createHttpDoor, type HttpDoor } from "../../src/wire/http.ts";
import { untilBlocked } from "../support/blocked.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let relay: Relay;
let db: Database;
let http: HttpDoor;

const nodeId = "node_far";

beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
  const template = inject("template");
  relay = await startRelay(template.host);
  const [row] = await story.db.rows<{ database: string }>(
    sql`select current_database() as database`,
  );
  const target = { ...template, host: relay.dir, database: row?.database ?? "" };
  db = connect({ ...target, poolMax: 2, applicationName: "far node" });
  http = createHttpDoor({ guard: story.services.guard, clock: story.clock });
  await beat(story.db, nodeId, 3_600);
});
afterEach(async () => {
  await http.close();
  await db.close();
  await relay.stop();
  await story.close();
});

/** Lets the next statement that touches the table take effect, and loses its answer. */
async function loseAnswer(table: "executions" | "deliveries", begin: () => void): Promise<void> {
  await story.db.transaction(async (tx) => {
    await tx.run(raw(`lock table ${table} in access exclusive mode`));
    begin();
    await untilBlocked(story.db);
    relay.cut();
  });
}

function common(warn: () => void = ignore) {
  const log = { debug: ignore, info: ignore, warn, error: ignore };
  const { clock } = story;
  const { publicUrl } = story.services;
  return {
    ...{ db, clock, random: () => 0.5, log, nodeId, call: http.call, concurrency: 50, publicUrl },
    hasLeases: () => true,
  };
}

function ignore(): void {
  // What is logged is not what these tests are about.
}

function createFarRunner() {
  const openSecrets = async () => {
    throw new Error("a job that names no secret asks for none");
  };
  return createRunner({ ...common(), openSecrets, onDeliveries: () => undefined });
}

function createFarSender(warn?: () => void) {
  const { clock, log, call, ...rest } = common(warn);
  const courier = createCourier({
    ownSecrets: [],
    ...{ clock, log, call, userAgent: "TrigRun/test" },
    unsubscribeUrl: (channelId) => `${rest.publicUrl}/unsubscribe/${channelId}.token`,
    mail: () => Promise.reject(new Error("no mail is sent here")),
    open: (channel, now) => openChannel(story.services.vault, channel, now),
  });
  return createSender({
    ...{ ...rest, clock, log, courier },
    patience: { failuresMax: 50, hoursMax: 24 },
  });
}

describe("a node that lost the answer of its claim", () => {
  it("runs the executions that it holds without knowing", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const runner = createFarRunner();
    const called = target.nextCall();
    try {
      await loseAnswer("executions", () => runner.start());
      const { headers } = await called;
      expect(headers["x-cron-service-attempt"]).toBe("1");
    } finally {
      await runner.stop();
    }
    const [execution] = (await story.client.listExecutions()).items;
    expect(execution).toMatchObject({ status: "succeeded", attempt_count: 1 });
  });

  it("sends the deliveries that it holds without knowing", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.node.planner.runOnce();
    await story.node.runner.runOnce();
    const sender = createFarSender();
    const called = ops.nextCall();
    try {
      await loseAnswer("deliveries", () => sender.start());
      await called;
    } finally {
      await sender.stop();
    }
    const [delivery] = (await story.client.listDeliveries()).items;
    expect(delivery).toMatchObject({ status: "sent", attempt_count: 1 });
  });
});

describe("a node that is stopped while its database is away", () => {
  it("ends within its time, and another node makes what it could not settle", async () => {
    const target = await story.addReceiver();
    target.answers("silence");
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const runner = createFarRunner();
    const called = target.nextCall();
    runner.start();
    await called;
    relay.cut();
    relay.refuse();
    // The call fails, and its end cannot be written down.
    await target.stop();
    await runner.stop();
    await bury(story.db, nodeId);
    expect(await story.node.rescue()).toBe(1);
    const [execution] = (await story.client.listExecutions()).items;
    expect(execution).toMatchObject({ status: "running", attempt_count: 1 });
  }, 60_000);
});
