// Channels as rows: the config in the open, its credentials sealed to the row. Every read is
// bounded by a workspace, and nothing but `vault` ever sees a credential on its way to the disk.
import { type AnyChannelType, type ChannelTypeName, channelTypes } from "@trigrun/contract";
import { warned } from "./channel-warning.ts";
import { empty, type Sql, sql, type Tx, violatedConstraint } from "./db.ts";
import { type Pace, toPace } from "./destinations.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import type { Vault } from "./vault.ts";

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly type: ChannelTypeName;
  /** Whole, with its credentials. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Signing secrets that a rotation replaced, newest first. */
  readonly previous: readonly PreviousSecret[];
  readonly destinationId: string;
  /** Of its destination. Null: no limit. */
  readonly pace: Pace | null;
  /** Seconds between tries; null for the product's own schedule. */
  readonly retrySchedule: readonly number[] | null;
  readonly disabledAt: Date | null;
  readonly disabledReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface PreviousSecret {
  readonly secret: string;
  /** Until then it signs beside the current one. */
  readonly expiresAt: Date;
}

/** What a row holds, and all that is needed to send. */
export interface SealedChannel {
  readonly id: string;
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly secrets: Buffer;
}

interface ChannelRow {
  id: string;
  name: string;
  type: ChannelTypeName;
  config: Record<string, unknown>;
  secrets: Buffer;
  destination_id: string;
  interval_ms: number | null;
  burst: number;
  overflow: Pace["overflow"];
  retry_schedule: number[] | null;
  disabled_at: Date | null;
  disabled_reason: string | null;
  created_at: Date;
  updated_at: Date;
}

/** As JSON holds it inside the sealed column. */
interface Secrets {
  readonly values: Readonly<Record<string, unknown>>;
  readonly previous: readonly { readonly secret: string; readonly expires_at: string }[];
}

const columns = sql`c.id, c.name, c.type, c.config, c.secrets, c.destination_id, t.interval_ms,
  t.burst, t.overflow, c.retry_schedule, c.disabled_at, c.disabled_reason, c.created_at,
  c.updated_at`;
const withDestination = sql`channels c join destinations t on t.id = c.destination_id`;

/** A channel ready to send: its config is whole. */
export interface OpenChannel {
  readonly type: AnyChannelType;
  readonly config: Readonly<Record<string, unknown>>;
  /** The current secret first, then those of a rotation that are still valid. */
  readonly signingSecrets: readonly string[];
}

export function openChannel(vault: Vault, sealed: SealedChannel, now: Date): OpenChannel {
  const type: AnyChannelType | undefined = Object.values(channelTypes).find(
    (known) => known.type === sealed.type,
  );
  if (type === undefined) throw new Error(`channel ${sealed.id} is of type ${sealed.type}`);
  const { config, previous } = open(vault, sealed);
  const current = type.signingSecret === undefined ? undefined : config[type.signingSecret];
  const valid = previous.filter(({ expiresAt }) => expiresAt > now);
  return {
    type,
    config,
    // Without a current secret the channel does not sign, whatever was valid before.
    signingSecrets:
      typeof current === "string" ? [current, ...valid.map(({ secret }) => secret)] : [],
  };
}

function open(
  vault: Vault,
  { id, config, secrets }: SealedChannel,
): Pick<Channel, "config" | "previous"> {
  const { values, previous } = vault.open<Secrets>(id, secrets);
  return {
    config: { ...config, ...values },
    previous: previous.map(({ secret, expires_at }) => ({
      secret,
      expiresAt: new Date(expires_at),
    })),
  };
}

/** The two columns of a config: what anybody may read, and the rest, sealed. */
function close(vault: Vault, channel: Pick<Channel, "id" | "type" | "config" | "previous">) {
  const type: AnyChannelType = channelTypes[channel.type];
  const entries = Object.entries(channel.config);
  const isSecret = ([key]: readonly [string, unknown]) => type.secrets.includes(key);
  const secrets: Secrets = {
    values: Object.fromEntries(entries.filter(isSecret)),
    previous: channel.previous.map(({ secret, expiresAt }) => ({
      secret,
      expires_at: expiresAt.toISOString(),
    })),
  };
  return {
    config: JSON.stringify(Object.fromEntries(entries.filter((entry) => !isSecret(entry)))),
    secrets: vault.seal(channel.id, secrets),
  };
}

function toChannel(vault: Vault, row: ChannelRow): Channel {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    ...open(vault, row),
    destinationId: row.destination_id,
    pace: toPace(row),
    retrySchedule: row.retry_schedule,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** False when the name is taken, and then nothing is changed. */
export async function insertChannel(
  tx: Tx,
  vault: Vault,
  workspaceId: string,
  channel: Channel,
): Promise<boolean> {
  const { config, secrets } = close(vault, channel);
  const inserted = await tx.run(sql`
    insert into channels (id, workspace_id, name, type, config, secrets, destination_id,
      retry_schedule, created_at, updated_at)
    values (${channel.id}, ${workspaceId}, ${channel.name}, ${channel.type}, ${config}, ${secrets},
      ${channel.destinationId}, ${channel.retrySchedule}, ${channel.createdAt},
      ${channel.updatedAt})
    on conflict on constraint channels_name_key do nothing`);
  return inserted > 0;
}

/** The id of the channel with this name. */
export async function findChannelId(
  tx: Tx,
  workspaceId: string,
  name: string,
): Promise<string | undefined> {
  const [row] = await tx.rows<{ id: string }>(
    sql`select id from channels where workspace_id = ${workspaceId} and name = ${name}`,
  );
  return row?.id;
}

export async function findChannel(
  tx: Tx,
  vault: Vault,
  workspaceId: string,
  id: string,
): Promise<Channel | undefined> {
  const [row] = await tx.rows<ChannelRow>(sql`
    select ${columns} from ${withDestination}
    where c.id = ${id} and c.workspace_id = ${workspaceId}`);
  return row && toChannel(vault, row);
}

/**
 * The channel, locked until the end of the transaction: of two changes at once the second one
 * merges into what the first one wrote. Rules may be attached meanwhile.
 */
export async function lockChannel(
  tx: Tx,
  vault: Vault,
  workspaceId: string,
  id: string,
): Promise<Channel | undefined> {
  // Locked before it is read: what waits for the lock sees what the other one wrote, and a join
  // with the row of before would find nothing.
  await tx.rows(sql`
    select from channels where id = ${id} and workspace_id = ${workspaceId} for no key update`);
  return findChannel(tx, vault, workspaceId, id);
}

export interface ChannelFilter {
  readonly type?: ChannelTypeName | undefined;
  /** The whole name. */
  readonly name?: string | undefined;
  readonly state?: "enabled" | "disabled" | undefined;
}

export async function listChannels(
  tx: Tx,
  vault: Vault,
  workspaceId: string,
  input: { readonly filter: ChannelFilter; readonly page: PageRequest },
): Promise<Page<Channel>> {
  const { filter, page } = input;
  const rows = await tx.rows<ChannelRow>(sql`
    select ${columns} from ${withDestination}
    where c.workspace_id = ${workspaceId}
      ${filter.type === undefined ? empty : sql`and c.type = ${filter.type}`}
      ${filter.name === undefined ? empty : sql`and c.name = ${filter.name}`}
      ${filter.state === undefined ? empty : isInState(filter.state)}
      ${page.before === undefined ? empty : sql`and c.id < ${page.before}`}
    order by c.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, (row) => toChannel(vault, row));
}

function isInState(state: "enabled" | "disabled"): Sql {
  return state === "enabled" ? sql`and c.disabled_at is null` : sql`and c.disabled_at is not null`;
}

/**
 * Writes back a channel that this transaction has locked; it begins anew with no failures in a
 * row. False when its new name is taken.
 */
export async function saveChannel(tx: Tx, vault: Vault, channel: Channel): Promise<boolean> {
  const { config, secrets } = close(vault, channel);
  try {
    await tx.run(sql`
      update channels set name = ${channel.name}, config = ${config}, secrets = ${secrets},
        destination_id = ${channel.destinationId}, retry_schedule = ${channel.retrySchedule},
        disabled_at = ${channel.disabledAt}, disabled_reason = ${channel.disabledReason},
        updated_at = ${channel.updatedAt}, failures_in_row = 0, failing_since = null
      where id = ${channel.id}`);
    return true;
  } catch (error) {
    if (violatedConstraint(error) === "channels_name_key") return false;
    throw error;
  }
}

/** What waits for a channel is sent to where the channel leads now. */
export async function redirectDeliveries(tx: Tx, workspaceId: string, channel: Channel) {
  await tx.run(sql`
    update deliveries set destination_id = ${channel.destinationId}
    where workspace_id = ${workspaceId} and status = 'pending' and channel_id = ${channel.id}
      and destination_id <> ${channel.destinationId}`);
}

/** Disables the channel and tells of it over another one. False when it was disabled already. */
export async function disableChannel(
  tx: Tx,
  input: {
    readonly id: string;
    readonly reason: string;
    readonly now: Date;
    readonly publicUrl: string;
  },
): Promise<boolean> {
  const rows = await tx.rows({
    text: `
      with died as (
        update channels set disabled_at = $2, disabled_reason = $3
        where id = $1 and disabled_at is null returning *
      ),
      ${warned("$4")}
      select id from died`,
    values: [input.id, input.now, input.reason, input.publicUrl],
  });
  return rows.length > 0;
}

/** What a channel is called and whose it is, whichever workspace that is. */
export async function findAnyChannel(
  tx: Tx,
  id: string,
): Promise<{ readonly name: string; readonly workspaceId: string } | undefined> {
  const [row] = await tx.rows<{ name: string; workspace_id: string }>(
    sql`select name, workspace_id from channels where id = ${id}`,
  );
  return row && { name: row.name, workspaceId: row.workspace_id };
}

interface Waiting {
  readonly workspaceId: string;
  readonly channelId: string;
  readonly now: Date;
  /** A sentence for the person who looks later. */
  readonly reason: string;
}

/**
 * What waited for the channel becomes due now, the newest first: the last state of a job is what
 * people want to know. Answers how many there are.
 */
export async function releaseParked(tx: Tx, waiting: Waiting): Promise<number> {
  const { workspaceId, channelId, now, reason } = waiting;
  return tx.run(sql`
    with waited as (
      select id from deliveries
      where workspace_id = ${workspaceId} and channel_id = ${channelId} and status = 'pending'
        and (parked_for is null or parked_for = 'channel')
      for update
    ),
    placed as (select id, row_number() over (order by id) as age from waited)
    update deliveries d set parked_for = null, reason = ${reason}, round_began_at = null,
      due_at = ${now}::timestamptz - placed.age * interval '1 millisecond'
    from placed where placed.id = d.id`);
}

/** Ends what waited for the channel, unsent. Answers how many there were. */
export async function discardParked(tx: Tx, waiting: Waiting): Promise<number> {
  const { workspaceId, channelId, now, reason } = waiting;
  return tx.run(sql`
    update deliveries set status = 'failed', parked_for = null, due_at = null,
      finished_at = ${now}, reason = ${reason}
    where workspace_id = ${workspaceId} and channel_id = ${channelId} and status = 'pending'
      -- What a digest tells that is being sent at this moment ends as that does.
      and not exists (select from deliveries digest
        where digest.id = deliveries.digest_id and digest.status = 'processing')`);
}

/**
 * Deletes the channel with its rules and ends what was not sent yet, with the reason why. False
 * when there is no such channel. A try in flight is not stopped; its settle finds no lease.
 */
export async function deleteChannel(
  tx: Tx,
  input: { readonly workspaceId: string; readonly id: string; readonly now: Date },
): Promise<boolean> {
  const { workspaceId, id, now } = input;
  const deleted = await tx.run(
    sql`delete from channels where id = ${id} and workspace_id = ${workspaceId}`,
  );
  if (deleted === 0) return false;
  // A settle that read the rules before the line above may still add a delivery; the sender ends
  // that one with the same sentence when it finds no channel.
  await tx.run(sql`
    update deliveries set status = 'failed', due_at = null, node_id = null, parked_for = null,
      finished_at = ${now},
      reason = case status
        when 'pending' then 'The channel was deleted before this could be sent.'
        else 'The channel was deleted while this was being sent; it may have arrived.'
      end
    where channel_id = ${id} and workspace_id = ${workspaceId}
      and status in ('pending', 'processing')`);
  return true;
}
