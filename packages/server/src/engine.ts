// The engine: planner, runner, sender and what keeps their leases, wired together. Here, and only
// here, one stage tells the next that there is something to do.
//
//   planner ──onPlanned──> runner ──onDeliveries──> sender
//   planner ──onDeliveries (of missed slots)──────> sender
//   a client's write ──NOTIFY──> whichever loop it made work for
import { createMailer } from "./auth/mailer.ts";
import { type Config, sendsMail } from "./config.ts";
import { createHeartbeater } from "./heartbeater.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import type { Gauges, Metrics } from "./metrics.ts";
import { createObservers } from "./observe.ts";
import { createPlanner } from "./plan/planner.ts";
import { createRescuer, type Rescue, type Rescuer } from "./rescuer.ts";
import type { Execution } from "./run/execution.ts";
import { userAgent } from "./run/request.ts";
import { createRunner, type Runner } from "./run/runner.ts";
import { createTestRequest, type TestRequest } from "./run/tester.ts";
import { createCourier } from "./send/courier.ts";
import { createDigester } from "./send/digester.ts";
import { createSender, type Sender } from "./send/sender.ts";
import { createTestSend, type TestSend } from "./send/tester.ts";
import { toUnsubscribeUrl } from "./send/unsubscription.ts";
import { type StopStep, stopInOrder, stopTogether } from "./stop-in-order.ts";
import { openChannel } from "./store/channels.ts";
import type { DatabaseClock } from "./store/clock.ts";
import type { Database } from "./store/db.ts";
import type { ClaimedDelivery } from "./store/delivery-queue.ts";
import * as deliveryQueue from "./store/delivery-queue.ts";
import * as executionQueue from "./store/execution-queue.ts";
import { createHistoryPruner } from "./store/history-pruner.ts";
import { createPruner } from "./store/pruner.ts";
import { lookAtQueues } from "./store/queue-look.ts";
import { openSecrets, openSecretsIn } from "./store/secrets.ts";
import type { Vault } from "./store/vault.ts";
import { wakeChannel } from "./store/wake.ts";
import type { AddressGuard } from "./wire/address-guard.ts";
import { createHttpDoor } from "./wire/http.ts";
import { createMailDoor, readMailSecrets } from "./wire/mail.ts";

export interface EngineOptions {
  readonly db: Database;
  readonly clock: DatabaseClock;
  readonly config: Config;
  readonly vault: Vault;
  /** Keeps the vault to the keys of the database. */
  readonly followKeys: () => Promise<void>;
  readonly guard: AddressGuard;
  readonly log: Log;
  readonly nodeId: string;
  /** Where links in notifications lead. */
  readonly publicUrl: string;
  readonly metrics: Metrics;
}

export interface Engine {
  readonly testSend: TestSend;
  readonly testRequest: TestRequest;
  start(): Promise<void>;
  /** Stops claiming, lets what runs end within its time, gives the rest back. */
  stop(): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  const { db, clock, config, log, nodeId, vault, publicUrl, metrics, followKeys: onBeat } = options;
  const { http, mail, ownSecrets, courier, openIn } = openDoors(options);
  const observers = createObservers(metrics);
  const heartbeater = createHeartbeater({ db, log, nodeId, clock, onLapse: recheck, onBeat });
  const { hasLeases } = heartbeater;
  const sender = createSender({
    ...{ db, clock, log, nodeId, hasLeases, courier, publicUrl },
    random: Math.random,
    concurrency: config.sendConcurrency,
    patience: {
      failuresMax: config.disableAfterFailures,
      hoursMax: config.disableAfterHours,
    },
    onSettled: observers.onTries,
  });
  const runner = createRunner({
    ...{ db, clock, log, nodeId, hasLeases, publicUrl },
    random: Math.random,
    call: http.call,
    openSecrets: (jobId, names) => openSecrets(db, vault, { jobId, names }),
    concurrency: config.runConcurrency,
    onDeliveries: () => sender.wake(),
    onSettled: observers.onExecutions,
  });
  const planner = createPlanner({
    ...{ db, clock, log, publicUrl },
    catchUpMs: config.catchUpSeconds * 1_000,
    onPlanned: () => runner.wake(),
    onDeliveries: () => sender.wake(),
    onSlots: observers.onSlots,
  });
  const rescuers = createRescuers(options, { runner, sender, beat: heartbeater.ensureLeases });
  const digester = createDigester({
    ...{ db, clock, log, publicUrl },
    onDigests: () => sender.wake(),
  });
  const pruners = createPruners(options);
  const mailer = createMailer({ db, clock, log, mail: mail.send, ownSecrets });
  const loops: Loop[] = [planner, runner, sender, digester, ...Object.values(rescuers), ...pruners];
  // A node that cannot send must not take mails from those that can.
  if (sendsMail(config)) loops.push(mailer);

  const onWake = createWake({ planner, runner, sender, mailer }, recheck);

  function recheck(): void {
    for (const worker of [runner, sender]) {
      worker.recheck().catch((err: unknown) => log.warn({ err }, "leases could not be looked at"));
    }
  }

  return {
    testSend: createTestSend({ db, clock, courier }),
    testRequest: createTestRequest({ clock, call: http.call, openSecrets: openIn }),
    async start() {
      await heartbeater.beat();
      heartbeater.start();
      await db.listen(wakeChannel, onWake);
      for (const loop of loops) loop.start();
      metrics.watch(toGauges(db, [heartbeater, ...loops]));
    },
    // A pass over old history takes long, and what is in flight must not wait for its end.
    async stop() {
      const stages = { name: "stages", stop: stopStages };
      await stopTogether([...pruners.map(toStep), stages], log).stop();
    },
  };

  function stopStages(): Promise<void> {
    return stopInOrder(
      [
        stopTogether([planner, digester, mailer].map(toStep), log),
        // The runner's last settles make deliveries; what the sender cannot send, it gives back.
        // A rescuer settles through its worker, whose limit of time is its own as well.
        stopTogether([runner, rescuers.executions].map(toStep), log),
        stopTogether([sender, rescuers.deliveries].map(toStep), log),
        toStep(heartbeater),
        stopTogether([toDoorStep("http", http), toDoorStep("mail", mail)], log),
      ],
      log,
    );
  }
}

/** What a NOTIFY leads to. */
function createWake(
  loops: { planner: Loop; runner: Runner; sender: Sender; mailer: Loop },
  recheck: () => void,
): (payload: string) => void {
  const wakeable = new Map(Object.values(loops).map((loop) => [loop.name, loop]));
  return (payload) => {
    const [word = "", id] = payload.split(" ");
    const loop = wakeable.get(word);
    if (loop !== undefined) loop.wake();
    else if (word === "cancel" && id !== undefined) loops.runner.cancel(id);
    else {
      // "" after a lost connection: anything may have been missed.
      for (const each of wakeable.values()) each.wake();
      recheck();
    }
  };
}

function toGauges(db: Database, loops: readonly Loop[]): Gauges {
  return {
    look: () => lookAtQueues(db),
    pool: () => db.usage(),
    passAges: () => loops.map(({ name, passAgeMs }) => ({ loop: name, ageMs: passAgeMs() })),
  };
}

function createPruners({ db, clock, log, config }: EngineOptions): Loop[] {
  const history = createHistoryPruner({ db, clock, log, days: config.historyDays });
  return [createPruner({ db, log, auditDays: config.auditDays }), history];
}

/** What leads out of the process. */
function openDoors({ db, clock, config, guard, log, vault, publicUrl }: EngineOptions) {
  const http = createHttpDoor({ guard, clock });
  const mail = createMailDoor({ smtpUrl: config.smtpUrl, from: config.smtpFrom, clock });
  const ownSecrets = readMailSecrets(config.smtpUrl);
  const courier = createCourier({
    ...{ clock, log, userAgent, ownSecrets },
    call: http.call,
    mail: mail.send,
    open: (channel, now) => openChannel(vault, channel, now),
    unsubscribeUrl: (channelId) => toUnsubscribeUrl(publicUrl, channelId, vault.fingerprint),
  });
  const openIn = (workspaceId: string, names: readonly string[]) =>
    openSecretsIn(db, vault, { workspaceId, names });
  return { http, mail, ownSecrets, courier, openIn };
}

function toStep(loop: Loop): StopStep {
  return { name: loop.name, stop: loop.stop };
}

function toDoorStep(name: string, door: { close(): Promise<void> }): StopStep {
  return { name, stop: door.close };
}

function createRescuers(
  { db, log, nodeId, metrics }: EngineOptions,
  { runner, sender, beat }: { runner: Runner; sender: Sender; beat: () => Promise<void> },
): Readonly<Record<"executions" | "deliveries", Rescuer>> {
  const executions: Rescue<Execution> = {
    name: "executions",
    takeOverDead: (limit) => executionQueue.takeOverDead(db, { nodeId, limit }),
    worker: runner,
  };
  const deliveries: Rescue<ClaimedDelivery> = {
    name: "deliveries",
    takeOverDead: (limit) => deliveryQueue.takeOverDead(db, { nodeId, limit }),
    worker: sender,
  };
  return {
    executions: createRescuer(executions, {
      ...{ log, beat },
      onRescued: (count) => metrics.rescued("executions", count),
    }),
    deliveries: createRescuer(deliveries, {
      ...{ log, beat },
      onRescued: (count) => metrics.rescued("deliveries", count),
    }),
  };
}
