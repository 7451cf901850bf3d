// One simulated node: the real planner, runner, sender, rescuers and heartbeat, wired as in
// engine.ts, on a door to the database and a far side that the schedule controls.
import { channelTypes } from "@trigrun/contract";
import { createHeartbeater } from "../../src/heartbeater.ts";
import type { Log } from "../../src/log.ts";
import type { Loop } from "../../src/loop.ts";
import { createPlanner } from "../../src/plan/planner.ts";
import { createRescuer } from "../../src/rescuer.ts";
import { createRunner } from "../../src/run/runner.ts";
import { createCourier } from "../../src/send/courier.ts";
import { createSender } from "../../src/send/sender.ts";
import * as deliveryQueue from "../../src/store/delivery-queue.ts";
import * as executionQueue from "../../src/store/execution-queue.ts";
import type { Door } from "./door.ts";
import type { FarSide } from "./far-side.ts";
import type { SimulatedTime } from "./time.ts";

export interface SimulatedNode {
  readonly id: string;
  readonly door: Door;
  /** Its own clock falls back by so much, until the next heartbeat has measured it again. */
  fallBehind(ms: number): void;
  start(): void;
  /** Wakes one of its loops, as a notice does; without a name all of them, as a lost one does. */
  wake(loop?: string): void;
  cancel(executionId: string): void;
}

export interface NodeOptions {
  readonly id: string;
  readonly door: Door;
  readonly farSide: FarSide;
  readonly time: SimulatedTime;
  readonly dice: () => number;
  readonly log: Log;
}

export const publicUrl = "https://cron.example.com";

export function createNode(options: NodeOptions): SimulatedNode {
  const { id, door, farSide, time, dice: random, log } = options;
  const { db } = door;
  let behindMs = 0;
  const now = () => new Date(time.nowMs() - behindMs);
  const clock = {
    now,
    errorMs: 0,
    async resync() {
      behindMs = 0;
    },
  };
  const call = farSide.callAs(id, now);
  const heartbeater = createHeartbeater({ db, log, nodeId: id, clock, onLapse: recheck });
  const { hasLeases } = heartbeater;
  const common = { db, clock, log, random, nodeId: id, hasLeases, publicUrl };
  const courier = createCourier({
    ...{ clock, log, call, userAgent: "TrigRun/test", ownSecrets: [] },
    mail: () => Promise.reject(new Error("nobody here sends mail")),
    unsubscribeUrl: () => publicUrl,
    open: ({ id: channelId }) => ({
      type: channelTypes.webhook,
      config: { url: `https://hooks.example.com/${channelId}` },
      signingSecrets: [],
    }),
  });
  // Small enough that places run out.
  const sender = createSender({
    ...{ ...common, courier, concurrency: 2 },
    patience: { failuresMax: 1_000, hoursMax: 1_000 },
  });
  const runner = createRunner({
    ...{ ...common, call, concurrency: 2 },
    openSecrets: () => Promise.reject(new Error("no job here has secrets")),
    onDeliveries: () => sender.wake(),
  });
  const planner = createPlanner({
    ...{ db, clock, log, publicUrl, catchUpMs: 600_000 },
    onPlanned: () => runner.wake(),
    onDeliveries: () => sender.wake(),
  });
  const executions = createRescuer(
    {
      name: "executions",
      takeOverDead: (limit) => executionQueue.takeOverDead(db, { nodeId: id, limit }),
      worker: runner,
    },
    { log, beat: heartbeater.ensureLeases },
  );
  const deliveries = createRescuer(
    {
      name: "deliveries",
      takeOverDead: (limit) => deliveryQueue.takeOverDead(db, { nodeId: id, limit }),
      worker: sender,
    },
    { log, beat: heartbeater.ensureLeases },
  );
  const loops: readonly Loop[] = [heartbeater, planner, runner, sender, executions, deliveries];

  function recheck(): void {
    for (const worker of [runner, sender]) worker.recheck().catch(() => undefined);
  }

  return {
    ...{ id, door },
    fallBehind(ms) {
      behindMs += ms;
    },
    start() {
      for (const loop of loops) loop.start();
    },
    wake(name) {
      for (const loop of loops) if (name === undefined || loop.name === name) loop.wake();
      if (name === undefined) recheck();
    },
    cancel: (executionId) => runner.cancel(executionId),
  };
}
