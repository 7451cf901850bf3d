// Who belongs to the workspace, in which role, and who was invited. Only owners change it.
import { type Member, memberRoles } from "@trigrun/contract";
import { confirm } from "../../components/confirm.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useMe } from "../../data/me.tsx";
import { InviteForm } from "./invite-form.tsx";

export function MembersSection() {
  const isOwner = useMe().role === "owner";
  const members = useList("listMembers", { query: { limit: 100 } });
  return (
    <>
      <section className="card">
        <h2>Members</h2>
        {members.error !== null && <ErrorState error={members.error} again={members.again} />}
        {members.isPending && <Loading what="the members" />}
        <ul className="plain-list">
          {members.items.map((member) => (
            <MemberRow key={member.id} member={member} />
          ))}
        </ul>
        <ListEnd list={members} word="Show more" />
      </section>
      {isOwner && <Invitations />}
      {isOwner && <InviteForm />}
    </>
  );
}

function MemberRow({ member: { user, role, joined_at: joinedAt, ...member } }: Row) {
  const me = useMe();
  const isMe = user.id === me.user?.id;
  return (
    <li className="line">
      <span className="grow two-lines">
        <span dir="auto">
          {user.name}
          {isMe && <span className="faint"> (you)</span>}
        </span>
        <span className="faint">
          {user.email}, joined <When at={joinedAt} />
        </span>
      </span>
      {me.role === "owner" && !isMe ? (
        <MemberActions member={{ ...member, user, role, joined_at: joinedAt }} />
      ) : (
        <span>{role}</span>
      )}
    </li>
  );
}
interface Row {
  readonly member: Member;
}

function MemberActions({ member: { id, user, role } }: Row) {
  const { session, workspace } = useMe();
  const stales = ["listMembers"] as const;
  const change = useWrite("updateMember", { stales });
  const remove = useWrite("removeMember", {
    stales,
    onDone: () => showToast({ text: `Removed ${user.name}.` }),
  });
  const transfer = useWrite("transferWorkspace", { stales: ["listMembers", "getMe"] });
  const setRole = (next: Member["role"]) =>
    change.mutate(
      { params: { id }, body: { role: next } },
      {
        onSuccess: () =>
          showToast({
            text: `${user.name} is ${next} now.`,
            action: {
              label: "Undo",
              run: () => change.mutate({ params: { id }, body: { role } }),
            },
          }),
      },
    );
  const askAndRemove = async () => {
    const isSure = await confirm({
      title: `Remove ${user.name}?`,
      text: "Their sign-ins and API tokens in this workspace end at once.",
      button: "Remove the member",
    });
    if (isSure) remove.mutate({ params: { id } });
  };
  const askAndTransfer = async () => {
    const isSure = await confirm({
      title: `Hand ${workspace.name} over to ${user.name}?`,
      text: "They become owner and you become admin. Only they can give it back.",
      button: "Hand it over",
    });
    if (isSure) transfer.mutate({ body: { member_id: id } });
  };
  return (
    <span className="actions">
      <select
        aria-label={`Role of ${user.name}`}
        className="filter"
        value={role}
        disabled={change.isPending}
        onChange={({ target }) => {
          const next = memberRoles.find((each) => each === target.value);
          if (next !== undefined) setRole(next);
        }}
      >
        {memberRoles.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      {session !== null && (
        <button
          {...{ type: "button", "aria-label": `Hand over to ${user.name}` }}
          onClick={() => void askAndTransfer()}
        >
          Hand over
        </button>
      )}
      <button
        {...{ type: "button", className: "danger", "aria-label": `Remove ${user.name}` }}
        onClick={() => void askAndRemove()}
      >
        Remove
      </button>
    </span>
  );
}

function Invitations() {
  const { items } = useList("listInvitations", { query: { limit: 100 } });
  const revoke = useWrite("revokeInvitation", { stales: ["listInvitations"] });
  if (items.length === 0) return null;
  const ask = async (id: string, email: string) => {
    const isSure = await confirm({
      title: `Revoke the invitation of ${email}?`,
      text: "Its link stops working. You can invite the address again.",
      button: "Revoke the invitation",
    });
    if (isSure) revoke.mutate({ params: { id } });
  };
  return (
    <section className="card">
      <h2>Invited</h2>
      <ul className="plain-list">
        {items.map(({ id, email, role, expires_at: end }) => (
          <li key={id} className="line">
            <span className="grow two-lines">
              <span dir="auto">{email}</span>
              <span className="faint">
                as {role}, the link ends <When at={end} />
              </span>
            </span>
            <button
              {...{ type: "button", className: "danger", "aria-label": `Revoke ${email}` }}
              onClick={() => void ask(id, email)}
            >
              Revoke
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
