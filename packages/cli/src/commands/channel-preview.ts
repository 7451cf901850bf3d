// `cronctl channels preview`: the message that a channel would send, without sending it.
import {
  type AnyChannelType,
  type Channel,
  channelTypeNames,
  channelTypes,
  events,
} from "@trigrun/contract";
import { type Command, Option } from "commander";
import { readConfig } from "../channel-config.ts";
import { addConfigFlags, requireConfig } from "../config-flags.ts";
import { usageError } from "../errors.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId } from "../lookup.ts";
import { renderPreview } from "../views/exchange.ts";

interface PreviewFlags {
  readonly event?: (typeof events)[number];
  readonly execution?: string;
  readonly type?: Channel["type"];
  readonly config?: string;
}

export function definePreview(group: Command, run: Run): void {
  const preview = leaf(group, "preview", "show the message that a channel would send")
    .argument("[channel]", "name or id of the channel; without one say --type and its config")
    .addOption(new Option("--event <event>", "what to tell (default on_failure)").choices(events))
    .option("--execution <execution>", "tell of this past execution, not of a made-up one")
    .addOption(new Option("--type <type>", "of a channel to be").choices(channelTypeNames))
    .option("--config <json>", "config of a channel to be, as JSON, @FILE or @-");
  addConfigFlags(preview);
  examples(
    preview,
    "cronctl channels preview ops",
    "cronctl channels preview ops --execution exec_0193a5c4f7e2a1b2c3d4e5f60718293a",
    "cronctl channels preview --type email --email team@example.com --event on_success",
  );
  onRun(preview, run, async (session, channel: string | undefined, flags: PreviewFlags) => {
    const { event, execution, type, config: given } = flags;
    const { client, view } = session;
    if (channel !== undefined) {
      if (type !== undefined) throw usageError("A channel has its type; leave out --type.");
      const id = await resolveChannelId(client, channel);
      const body = { event, execution_id: execution };
      const shown = await client.previewChannel({ params: { id }, body });
      return session.show(shown, (message) => renderPreview(message, view));
    }
    if (type === undefined) throw usageError("Say which: a channel, or --type with its config.");
    if (execution !== undefined) throw usageError("--execution goes with a channel that is there.");
    const kind: AnyChannelType = channelTypes[type];
    const config = await readConfig(session, preview, kind, given);
    requireConfig(kind, config);
    const shown = await client.previewMessage({ body: { type, config, event } });
    session.show(shown, (message) => renderPreview(message, view));
  });
}
