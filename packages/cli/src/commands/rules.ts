// `cronctl rules`: which channel is told about which event of a job.
import { events } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { neutralise } from "../display.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId, resolveJobId, resolveRuleId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { showPage } from "../show-page.ts";
import { renderRules } from "../views/job.ts";

const jobArgument = ["<job>", "name or id of the job"] as const;

export function defineRules(group: Command, run: Run): void {
  defineList(group, run);
  defineAdd(group, run);
  defineRemove(group, run);
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list the rules of a job").argument(...jobArgument);
  addPageFlags(list);
  examples(list, "cronctl rules list nightly-backup");
  onRun(list, run, async (session, job: string, flags: PageFlags) => {
    const { client } = session;
    const id = await resolveJobId(client, job);
    const page = await collect(flags, (query) => client.listRules({ params: { id }, query }));
    showPage(session, page, renderRules, "No rules: nobody is told. See: cronctl rules add --help");
  });
}

interface AddFlags {
  readonly channel: string;
  readonly event: (typeof events)[number];
}

function defineAdd(group: Command, run: Run): void {
  const add = leaf(group, "add", "tell a channel about an event of a job")
    .argument(...jobArgument)
    .requiredOption("--channel <channel>", "name or id of the channel")
    .addOption(new Option("--event <event>", "what to tell").choices(events).makeOptionMandatory());
  examples(add, "cronctl rules add nightly-backup --channel ops --event on_failure");
  onRun(add, run, async (session, job: string, flags: AddFlags) => {
    const { client } = session;
    const id = await resolveJobId(client, job);
    const channelId = await resolveChannelId(client, flags.channel);
    const rule = await client.addRule({
      params: { id },
      body: { channel_id: channelId, event: flags.event },
    });
    session.show(rule, (made) =>
      neutralise(`${made.channel_name} is told about ${made.event} of ${job} (rule ${made.id}).`),
    );
    session.hint(`Try the channel: cronctl channels test ${rule.channel_id}`);
  });
}

function defineRemove(group: Command, run: Run): void {
  const remove = leaf(group, "remove", "remove a rule from a job")
    .argument(...jobArgument)
    .argument("<rule>", "id of the rule, or CHANNEL:EVENT");
  examples(
    remove,
    "cronctl rules remove nightly-backup rule_0193a5c4f7e2a1b2c3d4e5f60718293a",
    "cronctl rules remove nightly-backup ops:on_failure",
  );
  onRun(remove, run, async (session, job: string, rule: string) => {
    const { client } = session;
    const id = await resolveJobId(client, job);
    const ruleId = await resolveRuleId(client, id, rule);
    await client.removeRule({ params: { id, rule_id: ruleId } });
    session.say(`Removed rule ${rule} from ${job}.`);
  });
}
