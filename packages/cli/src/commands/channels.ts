// `cronctl channels`: where notifications go. Flags of each type's config come from the contract.
import {
  type AnyChannelType,
  type Channel,
  channelTypeNames,
  channelTypes,
  events,
} from "@trigrun/contract";
import { type Command, Option } from "commander";
import { addConfigFlags, readConfigFlags, requireConfig, toConfig } from "../config-flags.ts";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { textList } from "../flags.ts";
import { readGiven } from "../given-text.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { exact } from "../render.ts";
import type { Session } from "../session.ts";
import { showPage } from "../show-page.ts";
import { renderChannel, renderChannels, renderTest } from "../views/channel.ts";

const channelArgument = ["<channel>", "name or id of the channel"] as const;
type TypeName = Channel["type"];

export function defineChannels(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineCreate(group, run);
  defineUpdate(group, run);
  defineDelete(group, run);
  defineTest(group, run);
  defineRotate(group, run);
  defineEnable(group, run);
}

interface ListFlags extends PageFlags {
  readonly type?: TypeName;
  readonly name?: string;
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list channels, newest first")
    .addOption(new Option("--type <type>", "only of this type").choices(channelTypeNames))
    .option("--name <name>", "only with this whole name");
  addPageFlags(list);
  examples(list, "cronctl channels list", "cronctl channels list --type webhook --json");
  onRun(list, run, async (session, flags: ListFlags) => {
    const { type, name } = flags;
    const { client } = session;
    const page = await collect(flags, (query) =>
      client.listChannels({ query: { type, name, ...query } }),
    );
    showPage(
      session,
      page,
      renderChannels,
      "No channels. Make one: cronctl channels create --help",
    );
  });
}

function showChannel(session: Session, channel: Channel, title = ""): void {
  session.show(channel, (shown) => title + renderChannel(shown, session.view));
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(group, "get", "show one channel, credentials masked").argument(
    ...channelArgument,
  );
  examples(get, "cronctl channels get ops");
  onRun(get, run, async (session, channel: string) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    showChannel(session, await client.getChannel({ params: { id } }));
  });
}

interface CreateFlags {
  readonly name: string;
  readonly type: TypeName;
  readonly config?: string;
}

function defineCreate(group: Command, run: Run): void {
  const create = leaf(group, "create", "create a channel")
    .requiredOption("--name <name>", "name of the channel, unique in the workspace")
    .addOption(
      new Option("--type <type>", "what it is").choices(channelTypeNames).makeOptionMandatory(),
    )
    .option(
      "--config <json>",
      "config as JSON, @FILE or @-: keeps credentials off the command line",
    );
  addConfigFlags(create).addHelpText("after", `\nTypes:\n${typeLines()}`);
  examples(
    create,
    "cronctl channels create --name ops --type webhook --url https://example.com/hook",
    "cronctl channels create --name alerts --type email --email team@example.com",
    "cronctl channels create --name ops2 --type webhook --config @channel.json",
  );
  onRun(create, run, async (session, flags: CreateFlags) => {
    const type: AnyChannelType = channelTypes[flags.type];
    const config = await readConfig(session, create, type, flags.config);
    requireConfig(type, config);
    const channel = await session.client.createChannel({
      body: { name: flags.name, type: flags.type, config },
    });
    showChannel(session, channel, "Created.\n\n");
    session.hint(`Try it: cronctl channels test ${channel.id}`);
    session.hint(`Use it: cronctl rules add JOB --channel ${channel.id} --event on_failure`);
  });
}

function typeLines(): string {
  const all: readonly AnyChannelType[] = Object.values(channelTypes);
  const width = Math.max(...all.map(({ type }) => type.length));
  return all.map(({ type, summary }) => `  ${type.padEnd(width)}  ${summary}`).join("\n");
}

/** The config of `--config` with that of the flags over it. */
async function readConfig(
  session: Session,
  command: Command,
  type: AnyChannelType,
  text: string | undefined,
): Promise<Record<string, unknown>> {
  const given = toConfig(type, readConfigFlags(command));
  if (text === undefined) return given;
  return { ...parseConfig(await readGiven(text, "--config", session.surroundings)), ...given };
}

function parseConfig(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw usageError("--config is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw usageError(
      '--config must be a JSON object, such as {"url": "https://example.com/hook"}.',
    );
  }
  return { ...value };
}

interface UpdateFlags {
  readonly name?: string;
  readonly config?: string;
  readonly unset?: readonly string[];
}

function defineUpdate(group: Command, run: Run): void {
  const update = leaf(group, "update", "change a channel; what is not named stays")
    .argument(...channelArgument)
    .option("--name <name>", "its new name")
    .option("--config <json>", "fields of the config as JSON, @FILE or @-; null takes one away")
    .option("--unset <key>", "take a field of the config away; repeatable", textList);
  addConfigFlags(update);
  examples(
    update,
    "cronctl channels update ops --url https://example.com/other",
    "cronctl channels update ops --name ops-eu --unset secret",
  );
  onRun(update, run, async (session, channel: string, flags: UpdateFlags) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    const { type } = await client.getChannel({ params: { id } });
    const config = {
      ...Object.fromEntries((flags.unset ?? []).map((key) => [key, null])),
      ...(await readConfig(session, update, channelTypes[type], flags.config)),
    };
    const isConfigGiven = Object.keys(config).length > 0;
    if (flags.name === undefined && !isConfigGiven) {
      throw usageError("Say what to change; `cronctl channels update --help` lists it.");
    }
    const changed = await client.updateChannel({
      params: { id },
      // The values come from flags and JSON, so they are JSON.
      body: { name: flags.name, ...(isConfigGiven ? { config: config as JsonObject } : {}) },
    });
    showChannel(session, changed, "Changed.\n\n");
  });
}

type JsonObject = NonNullable<Parameters<Session["client"]["updateChannel"]>[0]["body"]["config"]>;

function defineDelete(group: Command, run: Run): void {
  const remove = leaf(group, "delete", "delete a channel; its history stays readable")
    .argument(...channelArgument)
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(remove, "cronctl channels delete ops --yes");
  onRun(remove, run, async (session, channel: string, flags: { readonly yes?: true }) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    await session.confirm(
      `Delete channel ${channel}? Its rules go too and its unfinished deliveries fail.`,
      flags.yes === true,
    );
    await client.deleteChannel({ params: { id } });
    session.say(`Deleted channel ${channel}.`);
  });
}

interface TestFlags {
  readonly event?: (typeof events)[number];
  readonly execution?: string;
}

function defineTest(group: Command, run: Run): void {
  const test = leaf(group, "test", "send a test message now; exit code 8 when it is not accepted")
    .argument(...channelArgument)
    .addOption(new Option("--event <event>", "what to tell (default on_failure)").choices(events))
    .option("--execution <execution>", "tell of this past execution, not of a made-up one");
  examples(test, "cronctl channels test ops", "cronctl channels test ops --event on_success");
  onRun(test, run, async (session, channel: string, flags: TestFlags) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    const { event, execution } = flags;
    const exchange = await client.testChannel({
      params: { id },
      body: { event, execution_id: execution },
    });
    session.show(exchange, (shown) => renderTest(shown, session.view));
    if (exchange.verdict !== "sent") session.exitCode = exitCodes.failed;
  });
}

function defineRotate(group: Command, run: Run): void {
  const rotate = leaf(group, "rotate-secret", "make a new signing secret and print it, this once")
    .argument(...channelArgument)
    .option("--secret <secret>", "use this one; @FILE or @- keep it off the command line");
  examples(rotate, "cronctl channels rotate-secret ops");
  onRun(rotate, run, async (session, channel: string, flags: { readonly secret?: string }) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    const secret =
      flags.secret === undefined
        ? undefined
        : (await readGiven(flags.secret, "--secret", session.surroundings)).trim();
    const rotated = await client.rotateChannelSecret({ params: { id }, body: { secret } });
    session.show(rotated, (shown) => neutralise(shown.secret));
    const until = rotated.previous_secret_expires_at;
    session.hint(
      "This is the new secret; it is not shown again." +
        (until === null ? "" : ` Both secrets sign until ${exact(until, session.view)}.`),
    );
  });
}

function defineEnable(group: Command, run: Run): void {
  const enable = leaf(
    group,
    "enable",
    "enable a channel that was disabled; what waits is sent",
  ).argument(...channelArgument);
  examples(enable, "cronctl channels enable ops");
  onRun(enable, run, async (session, channel: string) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    showChannel(session, await client.enableChannel({ params: { id } }), "Enabled.\n\n");
  });
}
