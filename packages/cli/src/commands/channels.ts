// `cronctl channels`: where notifications go. Flags of each type's config come from the contract.
import {
  type AnyChannelType,
  type Channel,
  channelTypeNames,
  channelTypes,
  type Delivery,
  events,
} from "@trigrun/contract";
import { type Command, Option } from "commander";
import { readConfig } from "../channel-config.ts";
import { addSettingFlags, type SettingFlags, toSettings } from "../channel-settings.ts";
import { addConfigFlags, requireConfig } from "../config-flags.ts";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { textList } from "../flags.ts";
import { readGiven } from "../given-text.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId } from "../lookup.ts";
import { addPageFlags, collect, type Page, type PageFlags } from "../paging.ts";
import { exact, type View } from "../render.ts";
import type { Session } from "../session.ts";
import { showPage } from "../show-page.ts";
import { renderChannel, renderChannels, renderHealth, renderTest } from "../views/channel.ts";
import { renderDeliveries } from "../views/delivery.ts";
import { definePreview } from "./channel-preview.ts";

const channelArgument = ["<channel>", "name or id of the channel"] as const;
type TypeName = Channel["type"];

export function defineChannels(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineCreate(group, run);
  defineUpdate(group, run);
  defineDelete(group, run);
  definePreview(group, run);
  defineTest(group, run);
  defineRotate(group, run);
  defineEnable(group, run);
}

const states = ["enabled", "disabled"] as const;

interface ListFlags extends PageFlags {
  readonly type?: TypeName;
  readonly name?: string;
  readonly state?: (typeof states)[number];
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list channels and how their deliveries of a week went")
    .addOption(new Option("--type <type>", "only of this type").choices(channelTypeNames))
    .option("--name <name>", "only with this whole name")
    .addOption(new Option("--state <state>", "only of this state").choices(states));
  addPageFlags(list);
  examples(
    list,
    "cronctl channels list",
    "cronctl channels list --state disabled",
    "cronctl channels list --type webhook --json",
  );
  onRun(list, run, async (session, flags: ListFlags) => {
    const { type, name, state } = flags;
    const { client } = session;
    const filter = { type, name, state };
    const page = await collect(flags, (query) =>
      client.listChannels({ query: { ...filter, ...query } }),
    );
    const isTable = !session.isJson && page.items.length > 0;
    const health = isTable ? (await client.listChannelStatistics({ query: {} })).items : [];
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    showPage(
      session,
      page,
      (channels, view) => renderChannels(channels, health, view),
      isFiltered ? "No such channels." : "No channels. Make one: cronctl channels create --help",
    );
  });
}

function showChannel(session: Session, channel: Channel, title = ""): void {
  session.show(channel, (shown) => title + renderChannel(shown, session.view));
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(
    group,
    "get",
    "show one channel, credentials masked, how it does and what waits for it",
  ).argument(...channelArgument);
  examples(get, "cronctl channels get ops");
  onRun(get, run, async (session, name: string) => {
    const { client, view } = session;
    const id = await resolveChannelId(client, name);
    const channel = await client.getChannel({ params: { id } });
    if (session.isJson) return showChannel(session, channel);
    const { from, items } = await client.listChannelStatistics({ query: {} });
    const health = items.find(({ channel_id }) => channel_id === id);
    // Not a count of the statistics: what waits for a disabled channel may be older than those.
    const waiting = await client.listDeliveries({
      query: { channel_id: id, status: "pending", limit: waitingMax },
    });
    const parts = [
      renderChannel(channel, view),
      ...(health === undefined ? [] : [renderHealth(health, from, view)]),
      ...renderWaiting(waiting, view),
    ];
    session.show(channel, () => parts.join("\n\n"));
    if (channel.disabled_at !== null) hintEnable(session, channel);
  });
}

// As many as the API gives in one page.
const waitingMax = 100;
// Enough to see what kind of news waits.
const waitingShown = 5;

function renderWaiting(waiting: Page<Delivery>, view: View): string[] {
  const { items, next_cursor: next } = waiting;
  if (items.length === 0) return [];
  const count = next === null ? `${items.length}` : `More than ${waitingMax}`;
  const title = `${count} ${items.length === 1 ? "delivery waits" : "deliveries wait"}`;
  const which = items.length > waitingShown ? ", the newest" : "";
  return [`${title}${which}:\n${renderDeliveries(items.slice(0, waitingShown), view)}`];
}

function hintEnable(session: Session, { id }: Channel): void {
  session.hint(`Send what waits: cronctl channels enable ${id}`);
  session.hint(`Or let it go: cronctl channels enable ${id} --discard`);
}

interface CreateFlags extends SettingFlags {
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
  addConfigFlags(addSettingFlags(create)).addHelpText("after", `\nTypes:\n${typeLines()}`);
  examples(
    create,
    "cronctl channels create --name ops --type webhook --url https://example.com/hook",
    "cronctl channels create --name alerts --type email --email team@example.com",
    "cronctl channels create --name ops2 --type webhook --config @channel.json " +
      "--max-per-minute 30 --overflow digest",
  );
  onRun(create, run, async (session, flags: CreateFlags) => {
    const type: AnyChannelType = channelTypes[flags.type];
    const config = await readConfig(session, create, type, flags.config);
    requireConfig(type, config);
    const channel = await session.client.createChannel({
      body: { name: flags.name, type: flags.type, config, ...toSettings(flags) },
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

interface UpdateFlags extends SettingFlags {
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
  addConfigFlags(addSettingFlags(update));
  examples(
    update,
    "cronctl channels update ops --url https://example.com/other",
    "cronctl channels update ops --name ops-eu --unset secret",
    "cronctl channels update ops --max-per-minute 30 --burst 5 --overflow digest",
    "cronctl channels update ops --no-pace --retry-schedule 30s,5m,1h",
  );
  onRun(update, run, async (session, channel: string, flags: UpdateFlags) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    const { type, pace } = await client.getChannel({ params: { id } });
    const config = {
      ...Object.fromEntries((flags.unset ?? []).map((key) => [key, null])),
      ...(await readConfig(session, update, channelTypes[type], flags.config)),
    };
    const isConfigGiven = Object.keys(config).length > 0;
    const body = {
      ...(flags.name === undefined ? {} : { name: flags.name }),
      // The values come from flags and JSON, so they are JSON.
      ...(isConfigGiven ? { config: config as JsonObject } : {}),
      ...toSettings(flags, pace),
    };
    if (Object.keys(body).length === 0) {
      throw usageError("Say what to change; `cronctl channels update --help` lists it.");
    }
    const changed = await client.updateChannel({ params: { id }, body });
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

interface EnableFlags {
  readonly discard?: true;
  readonly yes?: true;
}

function defineEnable(group: Command, run: Run): void {
  const enable = leaf(group, "enable", "enable a channel that was disabled; what waits is sent")
    .argument(...channelArgument)
    .option("--discard", "end what waits as failed instead of sending it")
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(enable, "cronctl channels enable ops", "cronctl channels enable ops --discard --yes");
  onRun(enable, run, async (session, channel: string, { discard, yes }: EnableFlags) => {
    const { client } = session;
    const id = await resolveChannelId(client, channel);
    if (discard) {
      await session.confirm(`Discard what waits for ${channel}? It ends as failed.`, yes === true);
    }
    const body = discard ? { waiting: "discard" as const } : {};
    const enabled = await client.enableChannel({ params: { id }, body });
    const told = `Enabled. ${waitedText(enabled.waited, discard === true)}\n\n`;
    session.show(enabled, (shown) => told + renderChannel(shown, session.view));
    if (enabled.waited === 0) return;
    session.hint(`See them: cronctl deliveries list --channel ${id}`);
  });
}

function waitedText(count: number, isDiscard: boolean): string {
  if (count === 0) return "Nothing waited for it.";
  const what = count === 1 ? "1 delivery that waited" : `${count} deliveries that waited`;
  if (isDiscard) return `${what} ${count === 1 ? "was" : "were"} discarded.`;
  return `${what} ${count === 1 ? "is" : "are"} sent now, the newest first.`;
}
