// `cronctl deliveries`: what was sent, why it was not, and sending it again.
import { type Delivery, deliveryEvents, deliveryStatuses } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { instantFlag, positiveNumber } from "../flags.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId, resolveJobId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import type { Session } from "../session.ts";
import { showPage } from "../show-page.ts";
import { renderDeliveries, renderDelivery, renderDeliveryWithAttempts } from "../views/delivery.ts";

export function defineDeliveries(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineRetry(group, run);
}

interface FilterFlags {
  readonly channel?: string;
  readonly job?: string;
  readonly event?: Delivery["event"];
  readonly from?: string;
  readonly to?: string;
}

function addFilterFlags(command: Command, run: Run): Command {
  const { now } = run.surroundings;
  return command
    .option("--channel <channel>", "only over this channel (name or id)")
    .option("--job <job>", "only of this job (name or id)")
    .addOption(new Option("--event <event>", "only of this event").choices(deliveryEvents))
    .option("--from <time>", "created at or after it (24h is a day ago)", instantFlag(now, "past"))
    .option("--to <time>", "created before it", instantFlag(now, "past"));
}

/** The filter with names looked up. What was not given is undefined. */
async function toFilter(session: Session, flags: FilterFlags) {
  const { client } = session;
  const { channel, job, event, from, to } = flags;
  return {
    channel_id: channel === undefined ? undefined : await resolveChannelId(client, channel),
    job_id: job === undefined ? undefined : await resolveJobId(client, job),
    event,
    from,
    to,
  };
}

interface ListFlags extends FilterFlags, PageFlags {
  readonly status?: Delivery["status"];
  readonly digest?: string;
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list deliveries, newest first")
    .addOption(new Option("--status <status>", "only with this status").choices(deliveryStatuses))
    .option("--digest <digest>", "only those that this digest (the id of a delivery) tells");
  addPageFlags(addFilterFlags(list, run));
  examples(
    list,
    "cronctl deliveries list --status failed",
    "cronctl deliveries list --channel ops --from 24h --all --json",
    "cronctl deliveries list --digest dlv_0193a5c4f7e2a1b2c3d4e5f60718293a",
  );
  onRun(list, run, async (session, flags: ListFlags) => {
    const { client } = session;
    const { status, digest } = flags;
    const filter = { status, digest_id: digest, ...(await toFilter(session, flags)) };
    const page = await collect(flags, (query) =>
      client.listDeliveries({ query: { ...filter, ...query } }),
    );
    showPage(session, page, renderDeliveries, "No deliveries.");
  });
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(group, "get", "show a delivery and explain every attempt")
    .alias("show")
    .argument("<delivery>", "id of the delivery")
    .option("--full", "with every request and response");
  examples(get, "cronctl deliveries get dlv_0193a5c4f7e2a1b2c3d4e5f60718293a");
  onRun(get, run, async (session, id: string, flags: { readonly full?: true }) => {
    const delivery = await session.client.getDelivery({ params: { id } });
    session.show(delivery, (shown) =>
      renderDeliveryWithAttempts(shown, session.view, flags.full === true),
    );
  });
}

interface RetryFlags extends FilterFlags {
  readonly resend?: true;
  readonly all?: true;
  readonly dryRun?: true;
  readonly onlyStillTrue?: true;
  readonly maxPerMinute?: number;
  readonly yes?: true;
}

function defineRetry(group: Command, run: Run): void {
  const retry = leaf(group, "retry", "send a delivery again, or all failed ones of a filter")
    .argument("[delivery]", "id of the delivery; without it the filter decides")
    .option("--resend", "with an id: send it again though it was sent");
  addFilterFlags(retry, run)
    .option("--all", "without an id and filter: every failed delivery")
    .option("--dry-run", "with a filter: only tell how many that would be")
    .option("--only-still-true", "with a filter: no failures of jobs that have succeeded since")
    .option("--max-per-minute <n>", "with a filter: spread them over time", positiveNumber)
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(
    retry,
    "cronctl deliveries retry dlv_0193a5c4f7e2a1b2c3d4e5f60718293a",
    "cronctl deliveries retry --channel ops --from 24h --dry-run",
  );
  onRun(retry, run, async (session, id: string | undefined, flags: RetryFlags) => {
    const { channel, job, event, from, to, all, resend } = flags;
    const isFiltered = [channel, job, event, from, to, all].some((flag) => flag !== undefined);
    if (id !== undefined) {
      const { dryRun, onlyStillTrue, maxPerMinute } = flags;
      const isBulk = [dryRun, onlyStillTrue, maxPerMinute].some((flag) => flag !== undefined);
      if (isFiltered || isBulk) {
        throw usageError("With the id of a delivery there is nothing to filter or to count.");
      }
      return retryOne(session, id, resend === true);
    }
    if (resend === true) throw usageError("--resend needs the id of a delivery.");
    if (!isFiltered) throw usageError("Give the id of a delivery, a filter, or --all.");
    return retryMany(session, flags);
  });
}

async function retryOne(session: Session, id: string, isResend: boolean): Promise<void> {
  const body = isResend ? { resend: true } : {};
  const delivery = await session.client.retryDelivery({ params: { id }, body });
  session.show(delivery, (queued) => renderDelivery(queued, session.view));
  session.hint(`See how it goes: cronctl deliveries get ${delivery.id}`);
}

async function retryMany(session: Session, flags: RetryFlags): Promise<void> {
  const { client } = session;
  const { onlyStillTrue, maxPerMinute } = flags;
  const filter = {
    ...(await toFilter(session, flags)),
    ...(onlyStillTrue ? { only_still_true: true } : {}),
    ...(maxPerMinute === undefined ? {} : { max_per_minute: maxPerMinute }),
  };
  const isDryRun = flags.dryRun === true;
  const dryRun = await client.retryDeliveries({ body: { ...filter, dry_run: true } });
  if (!isDryRun && dryRun.count > 0) {
    await session.confirm(`Retry ${failedText(dryRun.count)}?`, flags.yes === true);
  }
  const answer =
    isDryRun || dryRun.count === 0
      ? dryRun
      : await client.retryDeliveries({ body: { ...filter, dry_run: false } });
  session.show(answer, ({ count, dry_run: isCount }) =>
    isCount ? `${failedText(count)} would be retried.` : `${failedText(count)} retried.`,
  );
}

function failedText(count: number): string {
  return `${count} failed ${count === 1 ? "delivery" : "deliveries"}`;
}
