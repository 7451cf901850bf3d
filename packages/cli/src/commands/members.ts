// `cronctl members`: who belongs to the workspace and who is invited. Members go by address or id.
import { type MemberRole, memberRoles } from "@trigrun/contract";
import { Argument, type Command, Option } from "commander";
import { neutralise } from "../display.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveInvitationId, resolveMemberId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { showPage } from "../show-page.ts";
import { renderInvitations, renderMembers } from "../views/account.ts";

const memberArgument = ["<member>", "e-mail address or id of the member"] as const;

export function defineMembers(group: Command, run: Run): void {
  defineList(group, run);
  defineInvite(group, run);
  defineInvitations(group, run);
  defineUninvite(group, run);
  defineRole(group, run);
  defineRemove(group, run);
  defineTransfer(group, run);
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list the members").addOption(
    new Option("--role <role>", "only this one").choices(memberRoles),
  );
  addPageFlags(list);
  examples(list, "cronctl members list", "cronctl members list --role owner");
  onRun(list, run, async (session, flags: PageFlags & { readonly role?: MemberRole }) => {
    const { client } = session;
    const filter = flags.role === undefined ? {} : { role: flags.role };
    const page = await collect(flags, (query) =>
      client.listMembers({ query: { ...query, ...filter } }),
    );
    showPage(session, page, renderMembers, "No members. See: cronctl members invite --help");
  });
}

function defineInvite(group: Command, run: Run): void {
  const invite = leaf(group, "invite", "invite somebody into the workspace")
    .argument("<email>", "their e-mail address")
    .addOption(
      new Option("--role <role>", "what they may do").choices(memberRoles).default("member"),
    );
  examples(invite, "cronctl members invite grace@example.com --role admin");
  onRun(invite, run, async (session, email: string, flags: { readonly role: MemberRole }) => {
    const made = await session.client.inviteMember({ body: { email, role: flags.role } });
    session.show(made, ({ url }) =>
      neutralise(url ?? `The link was mailed to ${made.email}. It works for a week.`),
    );
    if (made.url !== null) session.hint("Hand this link over yourself; it is shown only now.");
    if (!made.takes_new_accounts) {
      session.hint("Without an account here they cannot accept: TRIGRUN_SIGNUP is `closed`.");
    }
  });
}

function defineInvitations(group: Command, run: Run): void {
  const list = leaf(group, "invitations", "list the invitations that stand");
  addPageFlags(list);
  examples(list, "cronctl members invitations");
  onRun(list, run, async (session, flags: PageFlags) => {
    const { client } = session;
    const page = await collect(flags, (query) => client.listInvitations({ query }));
    showPage(session, page, renderInvitations, "Nobody is invited.");
  });
}

function defineUninvite(group: Command, run: Run): void {
  const revoke = leaf(group, "uninvite", "revoke an invitation").argument(
    "<invitation>",
    "e-mail address or id of the invitation",
  );
  examples(revoke, "cronctl members uninvite grace@example.com");
  onRun(revoke, run, async (session, invitation: string) => {
    const { client } = session;
    const id = await resolveInvitationId(client, invitation);
    await client.revokeInvitation({ params: { id } });
    session.say(`${invitation} is no longer invited.`);
  });
}

function defineRole(group: Command, run: Run): void {
  const role = leaf(group, "role", "change the role of a member")
    .argument(...memberArgument)
    .addArgument(new Argument("<role>", "what they may do").choices(memberRoles));
  examples(role, "cronctl members role grace@example.com admin");
  onRun(role, run, async (session, member: string, wanted: MemberRole) => {
    const { client } = session;
    const id = await resolveMemberId(client, member);
    const changed = await client.updateMember({ params: { id }, body: { role: wanted } });
    session.show(changed, ({ user }) => neutralise(`${user.email} has the role ${wanted}.`));
  });
}

function defineRemove(group: Command, run: Run): void {
  const remove = leaf(group, "remove", "remove a member with their sign-ins and API tokens")
    .argument(...memberArgument)
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(remove, "cronctl members remove grace@example.com --yes");
  onRun(remove, run, async (session, member: string, flags: { readonly yes?: true }) => {
    const { client } = session;
    const id = await resolveMemberId(client, member);
    await session.confirm(`Remove ${member}? Their API tokens end as well.`, flags.yes === true);
    await client.removeMember({ params: { id } });
    session.say(`Removed ${member}.`);
  });
}

function defineTransfer(group: Command, run: Run): void {
  const transfer = leaf(group, "transfer", "make another member owner in your place")
    .argument(...memberArgument)
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(transfer, "cronctl members transfer grace@example.com");
  onRun(transfer, run, async (session, member: string, flags: { readonly yes?: true }) => {
    const { client } = session;
    const id = await resolveMemberId(client, member);
    await session.confirm(`Hand over to ${member}, and be admin yourself?`, flags.yes === true);
    const owner = await client.transferWorkspace({ body: { member_id: id } });
    session.show(owner, ({ user }) => neutralise(`${user.email} is owner now, and you are admin.`));
  });
}
