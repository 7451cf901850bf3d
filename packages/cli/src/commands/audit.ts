// `cronctl audit`: who did what in the workspace, newest first. For owners.
import { type AuditAction, api, auditResources, toAuditActions } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { instantFlag } from "../flags.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { showPage } from "../show-page.ts";
import { renderAuditLog } from "../views/audit.ts";

interface AuditFlags extends PageFlags {
  readonly actor?: string;
  readonly action?: AuditAction;
  readonly resource?: string;
  readonly from?: string;
  readonly to?: string;
}

export function defineAudit(audit: Command, run: Run): void {
  const { now } = run.surroundings;
  audit
    .option("--actor <actor>", "only what they did (e-mail address, or id of a user or a token)")
    .addOption(new Option("--action <action>", "only this").choices(toAuditActions(api)))
    .option(
      "--resource <resource>",
      `only what was done to it (an id, or one of ${auditResources.join(", ")})`,
    )
    .option("--from <time>", "at or after it (24h is a day ago)", instantFlag(now, "past"))
    .option("--to <time>", "before it", instantFlag(now, "past"));
  addPageFlags(audit);
  examples(
    audit,
    "cronctl audit",
    "cronctl audit --actor ada@example.com --from 7d",
    "cronctl audit --resource secret --all --json",
    "cronctl audit --action removeMember",
  );
  onRun(audit, run, async (session, flags: AuditFlags) => {
    const { client } = session;
    const { actor, action, resource, from, to } = flags;
    const filter = { actor, action, resource, from, to };
    const page = await collect(flags, (query) =>
      client.listAuditLog({ query: { ...filter, ...query } }),
    );
    showPage(session, page, renderAuditLog, "No entries.");
  });
}
