// `cronctl workspaces`: those that a person belongs to, and which one the stored sign-in is in.
import type { Command } from "commander";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveWorkspaceId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import type { Session } from "../session.ts";
import { loginPathIn, writeLogin } from "../settings.ts";
import { showPage } from "../show-page.ts";
import { renderWorkspaces, toDays } from "../views/account.ts";

export function defineWorkspaces(group: Command, run: Run): void {
  defineList(group, run);
  defineSwitch(group, run);
  defineCreate(group, run);
  defineRename(group, run);
  defineHistory(group, run);
  defineLeave(group, run);
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list your workspaces; * is where you are");
  addPageFlags(list);
  examples(list, "cronctl workspaces list");
  onRun(list, run, async (session, flags: PageFlags) => {
    const { client } = session;
    const page = await collect(flags, (query) => client.listWorkspaces({ query }));
    showPage(session, page, renderWorkspaces, "No workspaces.");
  });
}

function defineSwitch(group: Command, run: Run): void {
  const change = leaf(group, "switch", "go on in another workspace").argument(
    "<workspace>",
    "name or id of the workspace",
  );
  examples(change, "cronctl workspaces switch Staging");
  onRun(change, run, async (session, workspace: string) => {
    // Before anything is asked: the token that switches ends, so the new one must have a place.
    const path = requireStoredLogin(session);
    const { client } = session;
    const id = await resolveWorkspaceId(client, workspace);
    const { token, ...now } = await client.switchWorkspace({ body: { workspace_id: id } });
    writeLogin(path, { url: session.settings.url, token });
    session.show(now, (shown) =>
      neutralise(`You are in ${shown.workspace.name} now, as ${shown.role}.`),
    );
  });
}

function requireStoredLogin({ settings, surroundings }: Session): string {
  const path = loginPathIn(surroundings.homeDir);
  if (settings.tokenSource === undefined || settings.tokenSource === path) return path;
  throw usageError(
    `The token comes from ${settings.tokenSource}; only a stored sign-in can be switched.`,
  );
}

function defineCreate(group: Command, run: Run): void {
  const create = leaf(group, "create", "make another workspace")
    .requiredOption("--name <name>", "its name")
    .option("--timezone <zone>", "IANA name (default UTC)");
  examples(create, "cronctl workspaces create --name Staging --timezone Europe/Berlin");
  onRun(
    create,
    run,
    async (session, flags: { readonly name: string; readonly timezone?: string }) => {
      const { name, timezone } = flags;
      const body = timezone === undefined ? { name } : { name, timezone };
      const made = await session.client.createWorkspace({ body });
      session.show(made, ({ id }) => neutralise(`Made ${name} (${id}). You are its owner.`));
      session.hint(`Work in it: cronctl workspaces switch ${made.id}`);
    },
  );
}

function defineRename(group: Command, run: Run): void {
  const rename = leaf(group, "rename", "rename the workspace you are in").argument(
    "<name>",
    "its new name",
  );
  examples(rename, "cronctl workspaces rename Production");
  onRun(rename, run, async (session, name: string) => {
    const changed = await session.client.updateWorkspace({ body: { name } });
    session.show(changed, (shown) => neutralise(`It is called ${shown.name} now.`));
  });
}

function defineHistory(group: Command, run: Run): void {
  const history = leaf(
    group,
    "history",
    "set how many days the workspace you are in keeps what has ended",
  ).argument("<days>", "1 to 1825, or `default` for what the installation keeps");
  examples(history, "cronctl workspaces history 30", "cronctl workspaces history default");
  onRun(history, run, async (session, days: string) => {
    if (days !== "default" && !/^\d{1,4}$/.test(days)) {
      throw usageError(`"${days}" is no number of days. Give 1 to 1825, or default.`);
    }
    const history_days = days === "default" ? null : Number(days);
    const changed = await session.client.updateWorkspace({ body: { history_days } });
    session.show(changed, (shown) =>
      shown.history_days === null
        ? "It keeps history as long as the installation does now."
        : `It keeps history for ${toDays(shown.history_days)} now.`,
    );
  });
}

function defineLeave(group: Command, run: Run): void {
  const leave = leaf(group, "leave", "leave the workspace you are in").option(
    "-y, --yes",
    "do not ask (in scripts nothing is asked)",
  );
  examples(leave, "cronctl workspaces leave --yes");
  onRun(leave, run, async (session, flags: { readonly yes?: true }) => {
    const { client } = session;
    await session.confirm("Leave this workspace? Your API tokens in it end.", flags.yes === true);
    await client.leaveWorkspace();
    session.say("You have left. Log in again for another workspace.");
  });
}
