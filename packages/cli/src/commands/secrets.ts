// `cronctl secrets`: values that requests refer to as secret://name. A value is read from standard
// input, a file or a hidden prompt, and is never shown.
import type { Secret } from "@trigrun/contract";
import type { Command } from "commander";
import { CliError, usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { readInput, readTextFile } from "../given-text.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import type { Session } from "../session.ts";
import { showPage } from "../show-page.ts";
import { canAsk } from "../surroundings.ts";
import { renderSecret, renderSecrets, renderSecretWithJobs } from "../views/secret.ts";

const secretArgument = ["<secret>", "name or id of the secret"] as const;

export function defineSecrets(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineCreate(group, run);
  defineSet(group, run);
  defineRename(group, run);
  defineDelete(group, run);
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list secrets, without their values").option(
    "--name <name>",
    "only with this whole name",
  );
  addPageFlags(list);
  examples(list, "cronctl secrets list");
  onRun(list, run, async (session, flags: PageFlags & { readonly name?: string }) => {
    const { client } = session;
    const { name } = flags;
    const page = await collect(flags, (query) => client.listSecrets({ query: { name, ...query } }));
    showPage(session, page, renderSecrets, "No secrets. Make one: cronctl secrets create --help");
  });
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(group, "get", "show a secret, without its value, and the jobs that use it");
  get.argument(...secretArgument);
  examples(get, "cronctl secrets get stripe-key");
  onRun(get, run, async (session, id: string) => {
    const found = await session.client.getSecret({ params: { id } });
    session.show(found, (shown) => renderSecretWithJobs(shown, session.view));
  });
}

interface ValueFlags {
  readonly value?: string;
  readonly valueFile?: string;
}

function addValueFlags(command: Command): Command {
  return command
    .option("--value-file <file>", "read the value from a file; one line break at its end is cut")
    .option("--value <value>", "the value; - reads standard input (better than as text)");
}

function defineCreate(group: Command, run: Run): void {
  const create = leaf(group, "create", "create a secret; its name must be free").requiredOption(
    "--name <name>",
    "its name: letters, digits, - and _",
  );
  addValueFlags(create);
  examples(
    create,
    "cronctl secrets create --name stripe-key",
    "cronctl secrets create --name stripe-key --value-file key.txt",
    "cronctl secrets create --name stripe-key --value - < key.txt",
  );
  onRun(create, run, async (session, flags: ValueFlags & { readonly name: string }) => {
    const { name } = flags;
    // The API replaces a value by its name; who says `create` means a new one.
    const { items } = await session.client.listSecrets({ query: { name, limit: 1 } });
    if (items.length > 0) {
      throw new CliError(
        "conflict",
        exitCodes.conflict,
        `There is a secret "${name}". To give it a new value: cronctl secrets set ${name}`,
      );
    }
    await put(session, name, flags);
    session.hint(`Use it in headers and bodies of jobs: secret://${name}`);
  });
}

function defineSet(group: Command, run: Run): void {
  const set = leaf(group, "set", "give a secret a new value, or make it; jobs go on using it")
    .argument("<secret>", "its name")
    .alias("update");
  addValueFlags(set);
  examples(
    set,
    "cronctl secrets set stripe-key",
    "cronctl secrets set stripe-key --value-file key.txt",
  );
  onRun(set, run, async (session, name: string, flags: ValueFlags) => {
    await put(session, name, flags);
  });
}

async function put(session: Session, name: string, flags: ValueFlags): Promise<void> {
  const value = await readValue(session, name, flags);
  const made = await session.client.createSecret({ body: { name, value } });
  const title = made.created_at === made.updated_at ? "Created." : "Replaced.";
  showSecret(session, made, title);
}

function showSecret(session: Session, secret: Secret, title: string): void {
  session.show(secret, (shown) => `${title}\n\n${renderSecret(shown, session.view)}`);
}

async function readValue(
  session: Session,
  name: string,
  { value, valueFile }: ValueFlags,
): Promise<string> {
  const { surroundings } = session;
  if (value !== undefined && valueFile !== undefined) {
    throw usageError("--value and --value-file exclude each other.");
  }
  if (valueFile !== undefined) return cutLineBreak(readTextFile(valueFile, "--value-file"));
  if (value !== undefined && value !== "-") {
    session.hint("Other users of this machine can see arguments: --value-file keeps it from them.");
    return value;
  }
  if (canAsk(surroundings)) return session.askSecret(`Value of ${name}: `);
  return cutLineBreak(await readInput(surroundings, "standard input"));
}

/** Editors and `echo` end a text with a line break, which is no part of a key. */
function cutLineBreak(text: string): string {
  const value = text.replace(/\r?\n$/, "");
  if (value === "") throw usageError("The value is empty.");
  return value;
}

function defineRename(group: Command, run: Run): void {
  const rename = leaf(group, "rename", "give a secret another name")
    .argument(...secretArgument)
    .argument("<new-name>", "its new name")
    .option("--force", "also when jobs use the old name, which then name no secret");
  examples(rename, "cronctl secrets rename stripe-key stripe-key-live");
  onRun(rename, run, async (session, id: string, name: string, flags: ForceFlag) => {
    const body = { name, force: flags.force === true };
    const renamed = await session.client.updateSecret({ params: { id }, body });
    showSecret(session, renamed, "Renamed.");
  });
}

interface ForceFlag {
  readonly force?: true;
}

function defineDelete(group: Command, run: Run): void {
  const remove = leaf(group, "delete", "delete a secret")
    .argument(...secretArgument)
    .option("--force", "also when jobs use it, which then send the reference as it is written")
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(remove, "cronctl secrets delete stripe-key --yes");
  onRun(remove, run, async (session, id: string, flags: ForceFlag & { readonly yes?: true }) => {
    await session.confirm(
      `Delete secret ${id}? Its value cannot be read back.`,
      flags.yes === true,
    );
    const force = flags.force === true ? "true" : "false";
    await session.client.deleteSecret({ params: { id }, query: { force } });
    session.say(`Deleted secret ${id}.`);
  });
}
