// The workspace and who belongs to it.
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { useList } from "../../data/api.tsx";
import { useMe } from "../../data/me.tsx";

export function SettingsPage() {
  const { workspace } = useMe();
  const members = useList("listMembers", { query: { limit: 100 } });
  return (
    <>
      <PageHeader title="Settings" />
      <dl className="facts card">
        <dt>Workspace</dt>
        <dd dir="auto">{workspace.name}</dd>
        <dt>Time zone</dt>
        <dd>{workspace.timezone}</dd>
      </dl>
      <section className="card">
        <h2>Members</h2>
        {members.error !== null && <ErrorState error={members.error} again={members.again} />}
        {members.isPending && <Loading what="the members" />}
        {!members.isPending && members.items.length === 0 && <Empty title="Nobody yet" />}
        <ul className="plain-list">
          {members.items.map(({ id, user, role }) => (
            <li key={id} className="line">
              <span className="grow" dir="auto">
                {user.name} <span className="faint">{user.email}</span>
              </span>
              <span>{role}</span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
