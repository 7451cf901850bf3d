// The channel that `cronctl listen` makes for itself and removes at its end. Its requests are not
// stopped by Ctrl-C: an interrupted one might leave a channel behind that nobody knows of.
import {
  ApiError,
  type Client,
  createClient,
  type Event,
  type TrigRunApi,
} from "@trigrun/contract";
import { openConnection } from "./connection.ts";
import { CliError, messageOf } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { userAgent } from "./identity.ts";
import type { Session } from "./session.ts";

type Api = Client<TrigRunApi>;

export interface ChannelPlan {
  readonly name: string;
  readonly url: string;
  readonly secret: string;
  readonly rule: { readonly jobId: string; readonly event: Event } | undefined;
}

// Somebody who pressed Ctrl-C waits for it.
const timeoutMs = 10_000;

/** Makes the channel and its rule, acts, and removes it, however acting ends. */
export async function withTemporaryChannel(
  session: Session,
  plan: ChannelPlan,
  act: () => Promise<void>,
): Promise<void> {
  const client = openLastingClient(session);
  const id = await createChannel(client, plan);
  try {
    if (plan.rule !== undefined) {
      const { jobId, event } = plan.rule;
      await client.addRule({ params: { id: jobId }, body: { channel_id: id, event } });
    }
    await act();
  } finally {
    await removeChannel(client, id, plan.name);
  }
}

function openLastingClient({ settings: { url, token } }: Session): Api {
  const { signal } = new AbortController();
  const { fetch } = openConnection({ baseUrl: url, signal, timeoutMs });
  return createClient({
    baseUrl: url,
    ...(token === undefined ? {} : { token }),
    userAgent,
    fetch,
  });
}

async function createChannel(client: Api, plan: ChannelPlan): Promise<string> {
  try {
    return await tryCreate(client, plan);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "target_not_allowed") throw toAdvice(error, plan.url);
    if (error.code !== "conflict" || !(await removeLeftover(client, plan))) throw error;
    return tryCreate(client, plan);
  }
}

async function tryCreate(client: Api, { name, url, secret }: ChannelPlan): Promise<string> {
  const body = { name, type: "webhook" as const, config: { url, secret } };
  return (await client.createChannel({ body })).id;
}

/** One of the same name and address is of a run that was killed: the port is ours now. */
async function removeLeftover(client: Api, { name, url }: ChannelPlan): Promise<boolean> {
  const { items } = await client.listChannels({ query: { name, type: "webhook", limit: 1 } });
  const leftover = items.find((channel) => channel.config.url === url);
  if (leftover === undefined) return false;
  await client.deleteChannel({ params: { id: leftover.id } });
  return true;
}

function toAdvice(error: ApiError, url: string): CliError {
  return new CliError(
    error.code,
    exitCodes.refused,
    [
      `The server may not call ${url}: ${error.message}`,
      "Where the server runs on this machine, start it with TRIGRUN_ALLOW_NETWORKS=127.0.0.1/32.",
      "Where it runs elsewhere, open a tunnel to this port and give its address with --public-url.",
      "To listen only: --no-channel.",
    ].join("\n"),
  );
}

async function removeChannel(client: Api, id: string, name: string): Promise<void> {
  try {
    await client.deleteChannel({ params: { id } });
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return;
    throw new CliError(
      "channel_left",
      exitCodes.unavailable,
      `The channel ${name} could not be removed: ${messageOf(error)} ` +
        `Remove it: cronctl channels delete ${name}`,
    );
  }
}
