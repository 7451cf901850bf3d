// Sends deliveries that are due. It must never send what it has no lease for, and never forget
// what it sent.
//
// For each delivery:
//   1. claim      lease it, destination by destination (lanes.ts, delivery-queue.ts)
//   2. hand over  render, sign, send and judge (courier.ts)
//   3. decide     sent, failed, or tried again when (delivery.ts)
//   4. settle     record try and outcome (settler.ts, delivery-settlement.ts)
import type { Verdict } from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Log } from "../log.ts";
import { formatLength } from "../retry.ts";
import { createSettler, type Settler } from "../settler.ts";
import { type Database, DatabaseUnavailable } from "../store/db.ts";
import {
  type ClaimedDelivery,
  claimDue,
  findLeased,
  nextDueAt,
  releaseAllBut,
  type Stretch,
} from "../store/delivery-queue.ts";
import { type Patience, type Settlement, settleIfLeased } from "../store/delivery-settlement.ts";
import { type Claim, createWorker, type Worker, withSettler } from "../worker.ts";
import type { Courier } from "./courier.ts";
import { decide, decideInterrupted, idsOf, type Next, parkForChannel } from "./delivery.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { toNotice } from "./notice.ts";
import { type Try, toInterruptedTry, withoutContents } from "./try.ts";

export interface SenderOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly courier: Courier;
  readonly random: () => number;
  readonly nodeId: string;
  /** False while the leases of this node may have run out. */
  readonly hasLeases: () => boolean;
  readonly concurrency: number;
  readonly patience: Patience;
  /** Where links in messages lead. */
  readonly publicUrl: string;
  /** Told after each commit what was in it, and whose lease still stood. */
  readonly onSettled?: (batch: readonly Settlement[], settled: ReadonlySet<string>) => void;
}

export type Sender = Worker<ClaimedDelivery>;

// Deliveries are told at once; only retries lie ahead, and a second is exact enough for them.
const aheadMs = 0;

// A receiver that wants to rest for longer than its own deliveries wait at most is not resting.
const pauseMsMax = 12 * 3_600_000;

export function createSender(options: SenderOptions): Sender {
  const { db, clock, random, log, nodeId, courier } = options;
  const settler = createDeliverySettler(options);
  const lanes = createLanes(options.concurrency);
  const claim = createClaim(options, lanes);

  async function send(delivery: ClaimedDelivery, signal: AbortSignal): Promise<void> {
    faultPoint("sender.claimed");
    const { channel } = delivery;
    if (channel === null) return settleWithoutTry(delivery, channelGone);
    if (channel.disabledReason !== null) {
      return settleWithoutTry(delivery, parkForChannel(delivery, channel.disabledReason));
    }
    const notice = toNotice(delivery, delivery.output);
    const handed = { id: delivery.id, ids: idsOf(delivery), notice, signal };
    const { attempt, verdict } = await courier.handOver(channel, handed);
    faultPoint("sender.answered");
    const isCut = signal.aborted && attempt.errorClass === "cancelled";
    if (isCut) return settleInterrupted(delivery);
    // What never reached the wire says nothing about the receiver.
    if (attempt.latencyMs !== null) lanes.observe(delivery.destinationId, attempt.latencyMs);
    const now = clock.now();
    const { retrySchedule } = channel;
    const next = decide(delivery, verdict, { now, random, retrySchedule });
    const disableChannelFor = verdict.isGone === true ? attempt.reason : null;
    await settle(delivery, attempt, next, { disableChannelFor, pause: toPause(verdict, now) });
    faultPoint("sender.settled");
  }

  async function settle(
    delivery: ClaimedDelivery,
    attempt: Try | null,
    next: Next,
    extra: Partial<Pick<Settlement, "disableChannelFor" | "isInterruption" | "pause">> = {},
  ): Promise<void> {
    const isPending = next.status === "pending";
    await settler.settle({
      delivery,
      attempt,
      isInterruption: extra.isInterruption ?? false,
      status: next.status,
      reason: next.reason,
      dueAt: isPending ? next.dueAt : null,
      dueReason: isPending ? next.dueReason : null,
      finishedAt: isPending ? null : clock.now(),
      disableChannelFor: extra.disableChannelFor ?? null,
      isParked: isPending && next.isParked === true,
      pause: extra.pause ?? null,
    });
    logTry(log, delivery, attempt, next);
  }

  function settleWithoutTry(delivery: ClaimedDelivery, next: Next): Promise<void> {
    return settle(delivery, null, next);
  }

  function settleInterrupted(delivery: ClaimedDelivery): Promise<void> {
    const attempt = toInterruptedTry(delivery.dueAt);
    const next = decideInterrupted(delivery, attempt.reason, { now: clock.now(), random });
    return settle(delivery, attempt, next, { isInterruption: true });
  }

  const worker = createWorker<ClaimedDelivery>({
    name: "sender",
    clock,
    log,
    concurrency: options.concurrency,
    aheadMs,
    hasLeases: options.hasLeases,
    claim,
    nextDueAt: () => nextDueAt(db),
    releaseAllBut: (ids) => releaseAllBut(db, nodeId, ids),
    findLeased: (ids) => findLeased(db, nodeId, ids),
    work: send,
    idsOf,
    settleInterrupted,
  });
  return withSettler(worker, settler);
}

function createDeliverySettler({
  db,
  log,
  patience,
  publicUrl,
  onSettled,
}: SenderOptions): Settler<Settlement> {
  return createSettler<Settlement>({
    name: "deliveries",
    log,
    idsOf: ({ delivery }) => idsOf(delivery),
    isOutage: (error) => error instanceof DatabaseUnavailable,
    reduce: (settlement) => ({
      ...settlement,
      attempt: settlement.attempt && withoutContents(settlement.attempt),
    }),
    async commit(batch) {
      const settled = await settleIfLeased(db, batch, { patience, publicUrl });
      onSettled?.(batch, settled);
      for (const { delivery } of batch) {
        if (!settled.has(delivery.id)) {
          log.info(idsOf(delivery), "the lease was lost; nothing was changed");
        }
      }
    },
  });
}

type ClaimDeliveries = (
  dueBy: Date,
  limit: number,
  held: readonly ClaimedDelivery[],
) => Promise<Claim<ClaimedDelivery>>;

// Stretches that one pass walks: ten thousand destinations are enough for a second.
const stretchesMax = 10;

/** Claims destination by destination, each time from where the last claim ended. */
function createClaim({ db, nodeId, clock }: SenderOptions, lanes: Lanes): ClaimDeliveries {
  let cursor = "";
  return async (dueBy, limit, held) => {
    const rooms = lanes.rooms(held);
    const { width } = lanes;
    const items: ClaimedDelivery[] = [];
    const from = cursor;
    let stretch: Stretch | undefined = { after: from, upTo: null };
    for (let walked = 0; stretch !== undefined && walked < stretchesMax; walked += 1) {
      const room = limit - items.length;
      const input = { nodeId, dueBy, width, rooms, now: clock.now(), limit: room, stretch };
      const { deliveries, cutAt } = await claimDue(db, input);
      items.push(...deliveries);
      const isFilled = deliveries.length === room;
      // Where the next claim begins: the destination after the last one that got its turn.
      cursor = isFilled ? lastDestinationOf(deliveries) : (cutAt ?? "");
      if (isFilled) break;
      stretch = toNextStretch(stretch, cutAt, from);
    }
    return { items, isHeldBack: isAnyFull(items, width, rooms) };
  };
}

/** What is left of the round that began after `from`; undefined when it is through. */
function toNextStretch(done: Stretch, cutAt: string | null, from: string): Stretch | undefined {
  if (cutAt !== null) return { after: cutAt, upTo: done.upTo };
  return done.upTo === null && from !== "" ? { after: "", upTo: from } : undefined;
}

function lastDestinationOf(claimed: readonly ClaimedDelivery[]): string {
  const ids = claimed.map(({ destinationId }) => destinationId);
  return ids.sort().at(-1) ?? "";
}

/** Whether a lane is full now, so that more may wait behind it. */
function isAnyFull(
  claimed: readonly ClaimedDelivery[],
  width: number,
  rooms: ReadonlyMap<string, number>,
): boolean {
  const left = new Map(rooms);
  for (const { destinationId: id } of claimed) left.set(id, (left.get(id) ?? width) - 1);
  return [...left.values()].some((room) => room <= 0);
}

/** The pause that the receiver asked for, from everybody who calls it. */
function toPause({ pauseSeconds }: Verdict, now: Date): Settlement["pause"] {
  if (pauseSeconds === undefined || pauseSeconds <= 0) return null;
  const pauseMs = Math.min(pauseSeconds * 1_000, pauseMsMax);
  const reason = `The receiver asked for a pause of ${formatLength(pauseMs)}.`;
  return { until: new Date(now.getTime() + pauseMs), reason };
}

const channelGone: Next = {
  status: "failed",
  reason: "The channel was deleted before this could be sent.",
};

function logTry(log: Log, delivery: ClaimedDelivery, attempt: Try | null, next: Next): void {
  log.debug(
    {
      ...idsOf(delivery),
      channel_id: delivery.channelId,
      status: next.status,
      status_code: attempt?.response?.status_code,
      latency_ms: attempt?.latencyMs,
      error_class: attempt?.errorClass,
    },
    "delivery",
  );
}
