// Deliveries: reads them with every try, and sends them again by hand. It sends nothing itself: it
// makes deliveries due and wakes the sender.
import { ApiError } from "@trigrun/contract";
import {
  countFailed,
  findDelivery,
  findDeliveryWithAttempts,
  hastenDelivery,
  type LockedDelivery,
  listDeliveries,
  lockDelivery,
  restartDelivery,
  restartFailed,
} from "../store/deliveries.ts";
import { liftPause } from "../store/destinations.ts";
import { toPageRequest } from "../store/page.ts";
import { wake } from "../store/wake.ts";
import type { ApiHandlers } from "./context.ts";
import { requireFound } from "./found.ts";

// One call is one transaction; this many rows are locked and written in well under a second.
const retriesMax = 10_000;

export const deliveryHandlers: Pick<
  ApiHandlers,
  "listDeliveries" | "getDelivery" | "retryDelivery" | "retryDeliveries"
> = {
  async listDeliveries({ query }, { tx, workspaceId }) {
    const filter = { status: query.status, digestId: query.digest_id, ...toFilter(query) };
    return listDeliveries(tx, workspaceId, filter, toPageRequest("delivery", query));
  },

  async getDelivery({ params }, { tx, workspaceId }) {
    return requireFound(await findDeliveryWithAttempts(tx, workspaceId, params.id), "delivery");
  },

  async retryDelivery({ params, body }, { tx, workspaceId, now }) {
    const locked = requireFound(await lockDelivery(tx, workspaceId, params.id), "delivery");
    refuseRetry(locked, body?.resend ?? false);
    if (locked.status === "pending") await hastenDelivery(tx, params.id, now);
    else await restartDelivery(tx, params.id, now);
    await liftPause(tx, locked.destinationId);
    await wake(tx, "sender");
    return requireFound(await findDelivery(tx, workspaceId, params.id), "delivery");
  },

  async retryDeliveries({ body }, { tx, workspaceId, now }) {
    const { dry_run: isDryRun } = body;
    const filter = { ...toFilter(body), onlyStillTrue: body.only_still_true };
    const stepMs = body.max_per_minute === undefined ? 0 : 60_000 / body.max_per_minute;
    const count = isDryRun
      ? await countFailed(tx, workspaceId, filter, retriesMax)
      : await restartFailed(tx, workspaceId, filter, { now, limit: retriesMax, stepMs });
    if (!isDryRun && count > 0) await wake(tx, "sender");
    return { dry_run: isDryRun, count };
  },
};

function toFilter<E>(input: {
  channel_id?: string | undefined;
  job_id?: string | undefined;
  event?: E | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}) {
  const { channel_id: channelId, job_id: jobId, event, from, to } = input;
  return { channelId, jobId, event, from, to };
}

function refuseRetry({ status, channel, channelName }: LockedDelivery, isResend: boolean): void {
  if (status === "processing") {
    throw conflict("The delivery is being sent at this moment. Look again in a few seconds.");
  }
  if (status === "sent" && !isResend) {
    throw conflict('The delivery was sent already. Give "resend": true to send it once more.');
  }
  if (channel.state === "deleted") {
    throw conflict(`The channel "${channelName}" was deleted: there is nowhere to send this to.`);
  }
  if (channel.state === "disabled") {
    throw conflict(
      `The channel "${channelName}" is disabled: ${channel.reason} Enable the channel first.`,
    );
  }
}

function conflict(message: string): ApiError {
  return new ApiError("conflict", message);
}
