// Channels: made, read, changed, tried out. No answer of this file holds a credential, but for the
// new secret that a rotation answers once.
import { randomBytes } from "node:crypto";
import {
  type AnyChannelType,
  ApiError,
  type Channel as ChannelAnswer,
  type ChannelTypeName,
  channelTypes,
  type PaceSetting,
} from "@trigrun/contract";
import { newId } from "../id.ts";
import { scheduleSeconds } from "../send/delivery.ts";
import { chooseNotice } from "../send/test-notice.ts";
import { readChannelStatistics } from "../store/channel-statistics.ts";
import {
  type Channel,
  deleteChannel,
  discardParked,
  findChannel,
  findChannelId,
  insertChannel,
  listChannels,
  lockChannel,
  type PreviousSecret,
  redirectDeliveries,
  releaseParked,
  saveChannel,
} from "../store/channels.ts";
import { liftPause, openDestination, type Pace } from "../store/destinations.ts";
import { loadEnd } from "../store/execution-facts.ts";
import { toPageRequest } from "../store/page.ts";
import { wake } from "../store/wake.ts";
import {
  type ChannelConfig,
  findMasked,
  maskConfig,
  mergeConfig,
  parseConfig,
} from "./channel-config.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";
import { type Parsed, toValidationError } from "./issues.ts";

type ChannelHandlers = Pick<
  ApiHandlers,
  | "createChannel"
  | "listChannels"
  | "getChannel"
  | "updateChannel"
  | "deleteChannel"
  | "testChannel"
  | "rotateChannelSecret"
  | "enableChannel"
  | "listChannelStatistics"
>;

// The specification: for 24 hours both secrets sign.
const previousLifeMs = 24 * 3_600_000;
// Each adds 50 characters to a header of every call; more rotations within a day are a mistake.
const previousMax = 3;

// A week: long enough to see a pattern, short enough to be read in one go.
const statisticsMs = 7 * 24 * 3_600_000;
// Every delivery since then is read: a quarter is a report, more would be a load.
const statisticsMsMax = 90 * 24 * 3_600_000;

const enabledReason = "The channel was enabled again.";
const discardedReason = "Discarded when the channel was enabled again.";

export const channelHandlers: ChannelHandlers = {
  async createChannel({ body }, context) {
    const { tx, workspaceId, now, services } = context;
    const { name, type, config } = body;
    // The body's own schema has parsed the config; only what a schema cannot know is left.
    const masked = findMasked(channelTypes[type], config);
    if (masked.length > 0) throw toValidationError(masked);
    requireAllowedTarget(context, config);
    const pace = toPace(body.pace);
    const destinationId = await openDestinationOf(context, { type, config }, pace);
    const channel: Channel = {
      ...{ id: newId("channel", now), name, type, config, previous: [], destinationId },
      pace: null,
      retrySchedule: body.retry?.schedule_seconds ?? null,
      ...{ disabledAt: null, disabledReason: null, createdAt: now, updatedAt: now },
    };
    if (!(await insertChannel(tx, services.vault, workspaceId, channel))) {
      throw toNameConflict(name, await findChannelId(tx, workspaceId, name));
    }
    return read(context, channel.id);
  },

  async listChannels({ query }, { tx, workspaceId, services }) {
    const input = { filter: query, page: toPageRequest("channel", query) };
    const page = await listChannels(tx, services.vault, workspaceId, input);
    return { ...page, items: page.items.map(toAnswer) };
  },

  async getChannel({ params }, { tx, workspaceId, services }) {
    const channel = await findChannel(tx, services.vault, workspaceId, params.id);
    return toAnswer(requireFound(channel, "channel"));
  },

  async updateChannel({ params, body }, context) {
    const current = await lock(context, params.id);
    const { tx, workspaceId, now, services } = context;
    const name = body.name ?? current.name;
    const holder = await findChannelId(tx, workspaceId, name);
    if (holder !== undefined && holder !== current.id) throw toNameConflict(name, holder);
    const retrySchedule =
      body.retry === undefined ? current.retrySchedule : (body.retry?.schedule_seconds ?? null);
    const changed = { ...current, name, retrySchedule, updatedAt: now };
    const configured = body.config ? withConfig(context, changed, body.config) : changed;
    const pace = toPace(body.pace);
    const destinationId = await openDestinationOf(context, configured, pace);
    const channel = { ...configured, destinationId };
    if (!(await saveChannel(tx, services.vault, channel))) throw toNameConflict(name, undefined);
    if (destinationId !== current.destinationId) {
      await redirectDeliveries(tx, workspaceId, channel);
    }
    return read(context, channel.id);
  },

  async deleteChannel({ params }, { tx, workspaceId, now }) {
    const isDeleted = await deleteChannel(tx, { workspaceId, id: params.id, now });
    requireFound(isDeleted || undefined, "channel");
    return undefined;
  },

  async testChannel({ params, body }, { tx, workspaceId, now, services, record }) {
    const { id, name } = requireFound(
      await findChannel(tx, services.vault, workspaceId, params.id),
      "channel",
    );
    const past =
      body?.execution_id === undefined
        ? undefined
        : await readEnd(body.execution_id, { tx, workspaceId, services });
    const notice = chooseNotice({
      event: body?.event ?? "on_failure",
      past,
      now,
      publicUrl: services.publicUrl,
    });
    // Before it is sent: what has left cannot be taken back when it cannot be written down.
    await record(tx, { subject: { kind: "channel", id, name } });
    return services.testSend({ workspaceId, channelId: id, ...notice });
  },

  async rotateChannelSecret({ params, body }, context) {
    const current = await lock(context, params.id);
    const type: AnyChannelType = channelTypes[current.type];
    const { signingSecret: key } = type;
    if (key === undefined) {
      throw new ApiError("unprocessable", `A channel of type ${type.type} signs nothing.`);
    }
    const secret = body?.secret ?? createSecret();
    const old = current.config[key];
    if (secret === old) {
      throw new ApiError("unprocessable", "The new secret is the one that the channel has.");
    }
    const config = requireValid(parseConfig(type, { ...current.config, [key]: secret }), {
      [`config.${key}`]: "secret",
    });
    const { now, tx, services } = context;
    const replaced = typeof old === "string" ? [{ secret: old, expiresAt: expiry(now) }] : [];
    const previous = [...replaced, ...stillValid(current.previous, now)]
      .filter((entry) => entry.secret !== secret)
      .slice(0, previousMax);
    const channel = { ...current, config, previous, updatedAt: now };
    await saveChannel(tx, services.vault, channel);
    return {
      secret,
      previous_secret_expires_at: replaced[0]?.expiresAt.toISOString() ?? null,
    };
  },

  async listChannelStatistics({ query }, { tx, workspaceId, now }) {
    const from = query.from ?? new Date(now.getTime() - statisticsMs);
    if (now.getTime() - from.getTime() > statisticsMsMax) {
      throw toValidationError([{ path: "from", message: "must be at most 90 days ago" }]);
    }
    return {
      from: from.toISOString(),
      items: await readChannelStatistics(tx, workspaceId, from),
    };
  },

  async enableChannel({ params, body }, context) {
    const current = await lock(context, params.id);
    if (current.disabledAt === null) return { ...toAnswer(current), waited: 0 };
    const { tx, workspaceId, now, services } = context;
    const channel = { ...current, disabledAt: null, disabledReason: null, updatedAt: now };
    await saveChannel(tx, services.vault, channel);
    await liftPause(tx, channel.destinationId);
    const waiting = { workspaceId, channelId: channel.id, now };
    const waited =
      body?.waiting === "discard"
        ? await discardParked(tx, { ...waiting, reason: discardedReason })
        : await releaseParked(tx, { ...waiting, reason: enabledReason });
    await wake(tx, "sender");
    return { ...toAnswer(channel), waited };
  },
};

async function read(context: RequestContext, id: string): Promise<ChannelAnswer> {
  const { tx, workspaceId, services } = context;
  return toAnswer(requireFound(await findChannel(tx, services.vault, workspaceId, id), "channel"));
}

/** What a client said about the pace: undefined is nothing, null is no limit. */
function toPace(pace: PaceSetting | null | undefined): Pace | null | undefined {
  return pace && { perMinute: pace.max_per_minute, burst: pace.burst, overflow: pace.overflow };
}

/** Where the channel leads; a pace that the client did not name is the type's own. */
function openDestinationOf(
  { tx, workspaceId, now }: RequestContext,
  { type: name, config }: Pick<Channel, "type" | "config">,
  pace: Pace | null | undefined,
): Promise<string> {
  const type: AnyChannelType = channelTypes[name];
  return openDestination(tx, {
    workspaceId,
    address: type.destination({ ...config }),
    pace: pace === undefined ? (type.pace ?? null) : pace,
    isDecided: pace !== undefined,
    now,
  });
}

async function lock(context: RequestContext, id: string): Promise<Channel> {
  const { tx, workspaceId, services } = context;
  return requireFound(await lockChannel(tx, services.vault, workspaceId, id), "channel");
}

function withConfig(context: RequestContext, channel: Channel, patch: ChannelConfig): Channel {
  const type: AnyChannelType = channelTypes[channel.type];
  const config = requireValid(mergeConfig(type, channel.config, patch));
  requireAllowedTarget(context, config);
  const { signingSecret: key } = type;
  // A secret that is changed here is changed at once: whoever wants both to sign rotates it.
  const isSameSecret = key === undefined || config[key] === channel.config[key];
  return { ...channel, config, previous: isSameSecret ? channel.previous : [] };
}

/** The value, or `validation_failed`. `renames` gives paths the names that the client used. */
function requireValid(
  parsed: Parsed<ChannelConfig>,
  renames: Readonly<Record<string, string>> = {},
): ChannelConfig {
  if (parsed.details === undefined) return parsed.value;
  throw toValidationError(
    parsed.details.map(({ path, message }) => ({ path: renames[path] ?? path, message })),
  );
}

/** In every type the address, where there is one, is the field `url`. */
function requireAllowedTarget({ services }: RequestContext, { url }: ChannelConfig): void {
  const message = typeof url === "string" ? services.guard.refusalOfUrl(url) : undefined;
  if (message === undefined) return;
  throw new ApiError("target_not_allowed", message, { details: [{ path: "config.url", message }] });
}

function toNameConflict(name: string, holder: string | undefined): ApiError {
  const by = holder === undefined ? "another channel" : `the channel ${holder}`;
  return new ApiError("conflict", `The name ${JSON.stringify(name)} is taken by ${by}.`);
}

export async function readEnd(
  executionId: string,
  { tx, workspaceId, services }: Pick<RequestContext, "tx" | "workspaceId" | "services">,
) {
  const { publicUrl } = services;
  const found = await loadEnd(tx, { workspaceId, executionId, publicUrl });
  if (found === undefined) {
    const message = "is not an execution of this workspace";
    throw toValidationError([{ path: "execution_id", message }]);
  }
  if (found.end !== undefined) return found.end;
  throw new ApiError(
    "unprocessable",
    `The execution ${executionId} is ${found.status}: nothing is told before it has ended.`,
  );
}

/** As the Standard Webhooks specification writes secrets: 32 bytes, of the 24 to 64 it allows. */
function createSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

function expiry(now: Date): Date {
  return new Date(now.getTime() + previousLifeMs);
}

function stillValid(previous: readonly PreviousSecret[], now: Date): PreviousSecret[] {
  return previous.filter(({ expiresAt }) => expiresAt > now);
}

function toAnswer(channel: Channel): ChannelAnswer {
  const type: ChannelTypeName = channel.type;
  return {
    id: channel.id,
    name: channel.name,
    type,
    config: maskConfig(channelTypes[type], channel.config),
    pace: channel.pace && {
      max_per_minute: channel.pace.perMinute,
      burst: channel.pace.burst,
      overflow: channel.pace.overflow,
    },
    retry: { schedule_seconds: [...(channel.retrySchedule ?? scheduleSeconds)] },
    disabled_at: channel.disabledAt?.toISOString() ?? null,
    disabled_reason: channel.disabledReason,
    created_at: channel.createdAt.toISOString(),
    updated_at: channel.updatedAt.toISOString(),
  };
}
