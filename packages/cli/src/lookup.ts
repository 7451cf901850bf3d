// Names for ids: whatever does not look like an id is looked up as a whole name.
// A name that several jobs bear is refused with their ids; nothing is ever guessed.
import {
  type Channel,
  type Client,
  idPrefixes,
  type Job,
  type TrigRunApi,
} from "@trigrun/contract";
import { CliError, usageError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { splitAtLastColon } from "./flags.ts";
import { collect } from "./paging.ts";

type Api = Client<TrigRunApi>;

export function isId(kind: keyof typeof idPrefixes, text: string): boolean {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{32}$`).test(text);
}

export async function resolveJobId(client: Api, job: string): Promise<string> {
  if (isId("job", job)) return job;
  const { items } = await client.listJobs({ query: { name: job, limit: 100 } });
  return theOnly(items, "job", job).id;
}

export async function resolveChannelId(client: Api, channel: string): Promise<string> {
  if (isId("channel", channel)) return channel;
  const { items } = await client.listChannels({ query: { name: channel, limit: 100 } });
  return theOnly(items, "channel", channel).id;
}

/** A rule of a job by its id, or by the channel (name or id) and event it connects. */
export async function resolveRuleId(client: Api, jobId: string, rule: string): Promise<string> {
  if (isId("rule", rule)) return rule;
  const parts = splitAtLastColon(rule);
  if (parts === undefined) {
    throw usageError(`"${rule}" is neither the id of a rule nor CHANNEL:EVENT.`);
  }
  const [channel, event] = parts;
  const rules = await collect({ all: true }, (query) =>
    client.listRules({ params: { id: jobId }, query }),
  );
  const match = rules.items.find(
    (candidate) =>
      candidate.event === event &&
      (candidate.channel_name === channel || candidate.channel_id === channel),
  );
  if (match) return match.id;
  throw notFound(
    `No rule of this job tells ${channel} about ${event}. See \`cronctl rules list\`.`,
  );
}

/** A member by id or by address. */
export async function resolveMemberId(client: Api, member: string): Promise<string> {
  if (isId("member", member)) return member;
  const { items } = await client.listMembers({ query: { email: member, limit: 1 } });
  const [found] = items;
  if (found) return found.id;
  throw notFound(`No member has the address or id "${member}". See \`cronctl members list\`.`);
}

/** An invitation by id or by address. */
export async function resolveInvitationId(client: Api, invitation: string): Promise<string> {
  if (isId("invitation", invitation)) return invitation;
  const { items } = await collect({ all: true }, (query) => client.listInvitations({ query }));
  const found = items.find(({ email }) => email.toLowerCase() === invitation.toLowerCase());
  if (found) return found.id;
  throw notFound(`Nobody is invited as "${invitation}". See \`cronctl members invitations\`.`);
}

/** An API token by id or by name. */
export async function resolveTokenId(client: Api, token: string): Promise<string> {
  if (isId("token", token)) return token;
  const { items } = await collect({ all: true }, (query) => client.listTokens({ query }));
  const named = items.filter(({ name }) => name === token);
  return theOneOf(named, "token", token, ({ id, role, created_at }) => ({
    id,
    text: `${role}, created ${created_at}`,
  }));
}

/** One of the caller's workspaces by id or by name. */
export async function resolveWorkspaceId(client: Api, workspace: string): Promise<string> {
  if (isId("workspace", workspace)) return workspace;
  const { items } = await collect({ all: true }, (query) => client.listWorkspaces({ query }));
  const named = items.filter((item) => item.workspace.name === workspace);
  return theOneOf(named, "workspace", workspace, ({ workspace: { id }, role, joined_at }) => ({
    id,
    text: `${role}, joined ${joined_at}`,
  }));
}

function theOneOf<T>(
  items: readonly T[],
  kind: "token" | "workspace",
  text: string,
  tell: (item: T) => { readonly id: string; readonly text: string },
): string {
  const [first, ...others] = items.map(tell);
  if (first === undefined) {
    throw notFound(`No ${kind} has the name or id "${text}". See \`cronctl ${kind}s list\`.`);
  }
  if (others.length === 0) return first.id;
  const list = [first, ...others].map((each) => `  ${each.id}  ${each.text}`).join("\n");
  throw new CliError(
    "ambiguous_name",
    exitCodes.ambiguous,
    `${items.length} ${kind}s bear the name "${text}". Say which by its id:\n${list}`,
  );
}

function theOnly<T extends Job | Channel>(items: T[], kind: "job" | "channel", text: string): T {
  const [first, ...others] = items;
  if (first === undefined) {
    throw notFound(`No ${kind} has the name or id "${text}". See \`cronctl ${kind}s list\`.`);
  }
  if (others.length === 0) return first;
  const list = items.map((item) => `  ${item.id}  ${describe(item)}`).join("\n");
  throw new CliError(
    "ambiguous_name",
    exitCodes.ambiguous,
    `${items.length} ${kind}s bear the name "${text}". Say which by its id:\n${list}`,
  );
}

function describe(item: Job | Channel): string {
  const sort = "kind" in item ? `${item.kind}, ${item.state}` : item.type;
  return `${sort}, created ${item.created_at}`;
}

function notFound(message: string): CliError {
  return new CliError("not_found", exitCodes.notFound, message);
}
