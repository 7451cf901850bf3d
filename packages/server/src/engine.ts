// The engine: planner, runner, sender and what keeps their leases, wired together. Here, and only
// here, one stage tells the next that there is something to do.
//
//   planner ──onPlanned──> runner ──onDeliveries──> sender
//   a client's write ──NOTIFY──> whichever loop it made work for
import { createMailer } from "./auth/mailer.ts";
import { type Config, sendsMail } from "./config.ts";
import { createHeartbeater } from "./heartbeater.ts";
import type { Log } from "./log.ts";
import type { Loop } from "./loop.ts";
import { createPlanner } from "./plan/planner.ts";
import { userAgent } from "./run/request.ts";
import { createRescuer as createExecutionRescuer } from "./run/rescuer.ts";
import { createRunner } from "./run/runner.ts";
import { createRescuer as createDeliveryRescuer } from "./send/rescuer.ts";
import { createSender, createTestSend, type SenderOptions, type TestSend } from "./send/sender.ts";
import { openChannel } from "./store/channels.ts";
import type { DatabaseClock } from "./store/clock.ts";
import type { Database } from "./store/db.ts";
import { createPruner } from "./store/pruner.ts";
import type { Vault } from "./store/vault.ts";
import { wakeChannel } from "./store/wake.ts";
import type { AddressGuard } from "./wire/address-guard.ts";
import { createHttpDoor } from "./wire/http.ts";
import { createMailDoor } from "./wire/mail.ts";

export interface EngineOptions {
  readonly db: Database;
  readonly clock: DatabaseClock;
  readonly config: Config;
  readonly vault: Vault;
  readonly guard: AddressGuard;
  readonly log: Log;
  readonly nodeId: string;
  /** Where links in notifications lead. */
  readonly publicUrl: string;
}

export interface Engine {
  readonly testSend: TestSend;
  start(): Promise<void>;
  /** Stops claiming, lets what runs end within its time, gives the rest back. */
  stop(): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  const { db, clock, config, log, nodeId, guard } = options;
  const http = createHttpDoor({ guard, clock });
  const mail = createMailDoor({ smtpUrl: config.smtpUrl, from: config.smtpFrom, clock });
  const senderOptions: SenderOptions = {
    ...{ db, clock, log, nodeId, userAgent },
    random: Math.random,
    call: (call) => http.call(call),
    mail: (message) => mail.send(message),
    open: (channel, now) => openChannel(options.vault, channel, now),
    concurrency: config.sendConcurrency,
    patience: {
      failuresMax: config.disableAfterFailures,
      hoursMax: config.disableAfterHours,
    },
  };
  const heartbeater = createHeartbeater({ db, log, nodeId, clock });
  const sender = createSender(senderOptions);
  const runner = createRunner({
    ...{ db, clock, log, nodeId },
    random: Math.random,
    call: (call) => http.call(call),
    concurrency: config.runConcurrency,
    publicUrl: options.publicUrl,
    onDeliveries: () => sender.wake(),
  });
  const planner = createPlanner({
    ...{ db, clock, log },
    catchUpMs: config.catchUpSeconds * 1_000,
    onPlanned: () => runner.wake(),
  });
  const executionRescuer = createExecutionRescuer({ db, log, nodeId, runner });
  const deliveryRescuer = createDeliveryRescuer({ db, log, nodeId, sender });
  const pruner = createPruner({ db, log });
  const mailer = createMailer({ db, clock, log, mail: (message) => mail.send(message) });
  const loops: Loop[] = [planner, runner, sender, executionRescuer, deliveryRescuer, pruner];
  // A node that cannot send must not take mails from those that can.
  if (sendsMail(config)) loops.push(mailer);

  function onWake(payload: string): void {
    const [word, id] = payload.split(" ");
    if (word === "planner") planner.wake();
    else if (word === "runner") runner.wake();
    else if (word === "sender") sender.wake();
    else if (word === "mailer") mailer.wake();
    else if (word === "cancel" && id !== undefined) runner.cancel(id);
    // "" after a lost connection: anything may have been missed.
    else for (const loop of [planner, runner, sender, mailer]) loop.wake();
  }

  return {
    testSend: createTestSend(senderOptions),
    async start() {
      await heartbeater.beat();
      heartbeater.start();
      await db.listen(wakeChannel, onWake);
      for (const loop of loops) loop.start();
    },
    async stop() {
      await Promise.all([planner, executionRescuer, deliveryRescuer, pruner, mailer].map(stop));
      // The runner's last settles make deliveries; what the sender cannot send now, it gives back.
      await runner.stop();
      await sender.stop();
      await heartbeater.stop();
      await Promise.all([http.close(), mail.close()]);
    },
  };
}

function stop(loop: { stop(): Promise<void> }): Promise<void> {
  return loop.stop();
}
