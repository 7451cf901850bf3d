// Sends deliveries that are due. It must never send what it has no lease for, and never forget
// what it sent.
//
// For each delivery:
//   1. claim   lease it (worker.ts)
//   2. render  the channel type makes the message from the stored facts
//   3. sign    with every secret that is valid now (signature.ts)
//   4. send    through the HTTP or the mail door
//   5. judge   the channel type says what the answer means
//   6. decide  sent, failed, or tried again when (delivery.ts)
//   7. settle  record try and outcome (settler.ts)
import {
  ApiError,
  type Event,
  type Exchange,
  type ExecutionFacts,
  type HttpMessage,
  hidden,
  type Message,
  type Notice,
  toExecutionEvent,
} from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import { newId } from "../id.ts";
import type { Log } from "../log.ts";
import { createSettler, type Settler } from "../settler.ts";
import type { OpenChannel, SealedChannel } from "../store/channels.ts";
import { type Database, DatabaseUnavailable } from "../store/db.ts";
import {
  type ClaimedDelivery,
  claimDue,
  nextDueAt,
  type Patience,
  readSealedChannel,
  release,
  releaseAllBut,
  type Settlement,
  settleIfLeased,
} from "../store/delivery-queue.ts";
import type { HttpCall, HttpOutcome } from "../wire/http-call.ts";
import type { Mail, MailOutcome } from "../wire/mail.ts";
import { createWorker, type Worker } from "../worker.ts";
import { decide, decideInterrupted, type Next, waitForChannel } from "./delivery.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import { collectMasks, createScrubber } from "./scrub.ts";
import { toSignatureHeaders } from "./signature.ts";
import {
  type JudgedTry,
  judgeHttpTry,
  judgeMailTry,
  type Try,
  toExchange,
  toInterruptedTry,
  toUnsentTry,
  withoutContents,
} from "./try.ts";

export interface SenderOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly call: (call: HttpCall) => Promise<HttpOutcome>;
  readonly mail: (mail: Mail) => Promise<MailOutcome>;
  /** Opens the credentials of a channel row. */
  readonly open: (channel: SealedChannel, now: Date) => OpenChannel;
  readonly log: Log;
  readonly nodeId: string;
  readonly concurrency: number;
  readonly patience: Patience;
  readonly userAgent: string;
}

export interface Sender extends Worker {
  /** Records that a node died in the middle of this delivery's try. */
  settleInterrupted(delivery: ClaimedDelivery): Promise<void>;
}

/** Sends one message at once, without a delivery and without retries, and shows what happened. */
export type TestSend = (input: {
  readonly workspaceId: string;
  readonly channelId: string;
  readonly event: Event;
  readonly facts: ExecutionFacts;
  readonly output: string | null;
}) => Promise<Exchange>;

// 15 s, as the Standard Webhooks specification recommends (15 to 30 s); a receiver that needs
// longer should take the call first and work afterwards.
const timeoutMs = 15_000;
// As much of a response as of an attempt's body is kept.
const responseBytesMax = 64 * 1024;
// Deliveries are told at once; only retries lie ahead, and a second is exact enough for them.
const aheadMs = 0;

// Deliveries of one channel in work at once: enough for 500 a second to a receiver that answers in
// 16 ms, and few enough that 16 tarpits are needed to fill a node's 128 places.
const laneWidth = 8;
// Claims of one pass: the first meets a flood, the second sees past it; more would be a loop.
const laneRoundsMax = 3;

export function createSender(options: SenderOptions): Sender {
  const { db, clock, random, log, nodeId } = options;
  const settler = createDeliverySettler(options);

  async function send(delivery: ClaimedDelivery, signal: AbortSignal): Promise<void> {
    faultPoint("sender.claimed");
    const { channel } = delivery;
    const now = clock.now();
    if (channel === null) return settleWithoutTry(delivery, channelGone);
    if (channel.disabledReason !== null) {
      return settleWithoutTry(delivery, waitForChannel(channel.disabledReason, now));
    }
    const { attempt, verdict } = await deliver(options, channel, { ...delivery, signal });
    faultPoint("sender.answered");
    const isCut = signal.aborted && attempt.errorClass === "cancelled";
    if (isCut) return settleInterrupted(delivery);
    const next = decide(delivery, verdict, clock.now(), random);
    const disableChannelFor = verdict.isGone === true ? attempt.reason : null;
    await settle(delivery, attempt, next, { disableChannelFor });
    faultPoint("sender.settled");
  }

  async function settle(
    delivery: ClaimedDelivery,
    attempt: Try | null,
    next: Next,
    extra: { disableChannelFor?: string | null; isInterruption?: boolean } = {},
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
    });
    logTry(log, delivery, attempt, next);
  }

  function settleWithoutTry(delivery: ClaimedDelivery, next: Next): Promise<void> {
    return settle(delivery, null, next);
  }

  // Taken over from a node that died: leased to this one, though its worker does not hold them.
  const rescued = new Set<string>();

  function settleInterrupted(delivery: ClaimedDelivery): Promise<void> {
    const attempt = toInterruptedTry(delivery.dueAt);
    const next = decideInterrupted(delivery, attempt.reason, clock.now(), random);
    rescued.add(delivery.id);
    return settle(delivery, attempt, next, { isInterruption: true }).finally(() =>
      rescued.delete(delivery.id),
    );
  }

  const lanes = createLanes(laneWidth);
  const worker = createWorker<ClaimedDelivery>({
    name: "sender",
    clock,
    log,
    concurrency: options.concurrency,
    aheadMs,
    claim: (dueBy, limit) => claimInLanes(options, lanes, { dueBy, limit }),
    nextDueAt: () => nextDueAt(db),
    releaseAllBut: (ids) => releaseAllBut(db, nodeId, [...ids, ...rescued]),
    work: (delivery, signal) =>
      send(delivery, signal).finally(() => lanes.leave(delivery.channelId)),
    giveUp: settleInterrupted,
  });
  return { ...worker, settleInterrupted };
}

function createDeliverySettler({ db, log, patience }: SenderOptions): Settler<Settlement> {
  return createSettler<Settlement>({
    name: "deliveries",
    log,
    isOutage: (error) => error instanceof DatabaseUnavailable,
    reduce: (settlement) => ({
      ...settlement,
      attempt: settlement.attempt && withoutContents(settlement.attempt),
    }),
    async commit(batch) {
      const settled = await settleIfLeased(db, batch, patience);
      for (const { delivery } of batch) {
        if (!settled.has(delivery.id)) {
          log.info({ delivery_id: delivery.id }, "the lease was lost; nothing was changed");
        }
      }
    },
  });
}

/** Claims until the places are filled or only full lanes are left. */
async function claimInLanes(
  { db, nodeId }: SenderOptions,
  lanes: Lanes,
  { dueBy, limit }: { dueBy: Date; limit: number },
): Promise<ClaimedDelivery[]> {
  const claimed: ClaimedDelivery[] = [];
  try {
    for (let round = 0; round < laneRoundsMax && claimed.length < limit; round += 1) {
      const room = limit - claimed.length;
      const exceptChannels = lanes.full();
      const due = await claimDue(db, { nodeId, dueBy, limit: room, exceptChannels });
      const { admitted, refused } = lanes.admit(due);
      claimed.push(...admitted);
      if (refused.length === 0) break;
      const ids = refused.map(({ id }) => id);
      await release(db, nodeId, ids);
    }
    return claimed;
  } catch (error) {
    // The worker hears of none of them and gives them all back.
    for (const { channelId } of claimed) lanes.leave(channelId);
    throw error;
  }
}

export function createTestSend(options: SenderOptions): TestSend {
  return async ({ workspaceId, channelId, ...notice }) => {
    const channel = await readSealedChannel(options.db, workspaceId, channelId);
    if (!channel) throw new ApiError("not_found", `No channel ${channelId}: it was just deleted.`);
    const id = newId("delivery", options.clock.now());
    const { attempt } = await deliver(options, channel, { ...notice, id, isTest: true });
    return toExchange(attempt);
  };
}

const channelGone: Next = {
  status: "failed",
  reason: "The channel was deleted before this could be sent.",
};

interface Deliverable {
  readonly id: string;
  readonly event: Event;
  readonly facts: ExecutionFacts;
  readonly output: string | null;
  readonly isTest?: boolean;
  readonly signal?: AbortSignal;
}

/** One try, from the sealed channel to the judged answer. Never throws for what a config holds. */
async function deliver(
  options: SenderOptions,
  sealed: SealedChannel,
  what: Deliverable,
): Promise<JudgedTry> {
  const now = options.clock.now();
  const prepared = prepare(options, sealed, what, now);
  if (prepared === undefined) {
    const reason = `No ${sealed.type} message could be made from this channel's config.`;
    return { attempt: toUnsentTry(now, reason), verdict: { verdict: "permanent", reason } };
  }
  const { message, scrub, channel } = prepared;
  faultPoint("sender.called");
  if (message.kind === "mail") {
    const { kind: _, ...mail } = message;
    const messageId = `<${what.id}@trigrun>`;
    return judgeMailTry(message, await options.mail({ ...mail, messageId }), scrub);
  }
  const headers = toHeaders(options.userAgent, message, what.id, now, channel.signingSecrets);
  const outcome = await options.call(toCall(message, headers, what.signal));
  return judgeHttpTry(message, headers, outcome, channel.type.judge, scrub);
}

interface Prepared {
  readonly channel: OpenChannel;
  readonly message: Message;
  readonly scrub: (text: string) => string;
}

/** Opens and renders. Undefined when that failed: a lost key, a type that is no longer known. */
function prepare(
  options: SenderOptions,
  sealed: SealedChannel,
  what: Deliverable,
  now: Date,
): Prepared | undefined {
  const notice: Notice = {
    kind: "execution",
    event: toExecutionEvent(what.event, what.facts),
    output: what.output,
    isTest: what.isTest ?? false,
  };
  try {
    const channel = options.open(sealed, now);
    const message = channel.type.render(notice, channel.config);
    return { channel, message, scrub: scrubberOf(channel) };
  } catch (error) {
    options.log.error({ delivery_id: what.id, err: error }, "a message could not be made");
    return undefined;
  }
}

function toHeaders(
  userAgent: string,
  message: HttpMessage,
  id: string,
  now: Date,
  signingSecrets: readonly string[],
): Record<string, string> {
  const own = { "user-agent": userAgent, ...lowerCased(message.headers) };
  // The id goes along unsigned too: it lets any receiver drop a repeat.
  const signature =
    message.isSigned && signingSecrets.length > 0
      ? toSignatureHeaders({ id, at: now, body: message.body }, signingSecrets)
      : { "webhook-id": id };
  return { ...own, ...signature };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function toCall(
  message: HttpMessage,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): HttpCall {
  return {
    url: message.url,
    method: message.method,
    headers,
    body: message.body,
    timeoutMs,
    bodyBytesMax: responseBytesMax,
    followRedirects: false,
    ...(signal === undefined ? {} : { signal }),
  };
}

function scrubberOf({ type, config, signingSecrets }: OpenChannel): (text: string) => string {
  const secrets = Object.fromEntries(
    type.secrets.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]),
  );
  const masks = collectMasks(secrets, type.mask);
  for (const secret of signingSecrets) masks.set(secret, hidden);
  return createScrubber(masks);
}

function logTry(log: Log, delivery: ClaimedDelivery, attempt: Try | null, next: Next): void {
  log.debug(
    {
      delivery_id: delivery.id,
      execution_id: delivery.facts.execution.id,
      channel_id: delivery.channel?.id,
      status: next.status,
      status_code: attempt?.response?.status_code,
      latency_ms: attempt?.latencyMs,
      error_class: attempt?.errorClass,
    },
    "delivery",
  );
}
