// `cronctl tokens`: API tokens of the workspace. A new one is printed once, alone on its stream.
import { type MemberRole, memberRoles, type Scope, scopes } from "@trigrun/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { instantFlag } from "../flags.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveTokenId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { showPage } from "../show-page.ts";
import { renderTokens } from "../views/account.ts";

export function defineTokens(group: Command, run: Run): void {
  defineList(group, run);
  defineCreate(group, run);
  defineRevoke(group, run);
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list the API tokens that are not revoked");
  addPageFlags(list);
  examples(list, "cronctl tokens list");
  onRun(list, run, async (session, flags: PageFlags) => {
    const { client } = session;
    const page = await collect(flags, (query) => client.listTokens({ query }));
    showPage(session, page, renderTokens, "No tokens. See: cronctl tokens create --help");
  });
}

interface CreateFlags {
  readonly name: string;
  readonly role?: MemberRole;
  readonly scope?: Scope[];
  readonly expires?: string;
}

function defineCreate(group: Command, run: Run): void {
  const create = leaf(group, "create", "make an API token and print it, this once")
    .requiredOption("--name <name>", "what the token is for")
    .addOption(
      new Option("--role <role>", "at most your own (default: yours)").choices(memberRoles),
    )
    .option("--scope <scopes>", `all it may do, repeatable: ${scopes.join(", ")}`, toScopes)
    .option(
      "--expires <time>",
      "when it ends: 30d, 2027-01-01 (default: never)",
      instantFlag(run.surroundings.now, "future"),
    );
  examples(
    create,
    "cronctl tokens create --name deploy --role admin --scope jobs:write",
    "cronctl tokens create --name dashboards --scope read --expires 90d",
  );
  onRun(create, run, async (session, flags: CreateFlags) => {
    const { name, role, scope, expires } = flags;
    const made = await session.client.createToken({
      body: {
        name,
        ...(role === undefined ? {} : { role }),
        ...(scope === undefined ? {} : { scopes: scope }),
        ...(expires === undefined ? {} : { expires_at: expires }),
      },
    });
    session.show(made, ({ token }) => token);
    session.hint(`This is the only time that the token of ${made.name} (${made.id}) is shown.`);
  });
}

function toScopes(text: string, before: readonly Scope[] = []): Scope[] {
  const named = text.split(",").map((part) => {
    const found = scopes.find((scope) => scope === part.trim());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`It must be of ${scopes.join(", ")}.`);
  });
  return [...before, ...named];
}

function defineRevoke(group: Command, run: Run): void {
  const revoke = leaf(group, "revoke", "revoke an API token")
    .argument("<token>", "name or id of the token, not the token itself")
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(revoke, "cronctl tokens revoke deploy --yes");
  onRun(revoke, run, async (session, token: string, flags: { readonly yes?: true }) => {
    const { client } = session;
    const id = await resolveTokenId(client, token);
    await session.confirm(`Revoke ${token}? Whoever uses it is locked out.`, flags.yes === true);
    await client.revokeToken({ params: { id } });
    session.say(`Revoked ${token}.`);
  });
}
