// The settings, a section each: the workspace, its members, API tokens, secrets, the own account
// and the audit log. A section that the role may not read has no place in the list.
import type { ComponentType } from "react";
import { Link, Redirect, useParams } from "wouter";
import { PageHeader } from "../../components/page-header.tsx";
import { NotFound } from "../../components/states.tsx";
import { type Me, useMe } from "../../data/me.tsx";
import { AccountSection } from "./account-section.tsx";
import { AuditSection } from "./audit-section.tsx";
import { MembersSection } from "./members-section.tsx";
import { SecretsSection } from "./secrets-section.tsx";
import { TokensSection } from "./tokens-section.tsx";
import { WorkspaceSection } from "./workspace-section.tsx";

interface Section {
  readonly key: string;
  readonly label: string;
  readonly section: ComponentType;
  readonly isFor: (me: Me) => boolean;
}

const everybody = () => true;
const owners = ({ role }: Me) => role === "owner";

const sections: readonly Section[] = [
  { key: "workspace", label: "Workspace", section: WorkspaceSection, isFor: everybody },
  { key: "members", label: "Members", section: MembersSection, isFor: everybody },
  { key: "tokens", label: "API tokens", section: TokensSection, isFor: owners },
  { key: "secrets", label: "Secrets", section: SecretsSection, isFor: everybody },
  { key: "account", label: "My account", section: AccountSection, isFor: everybody },
  { key: "audit", label: "Audit log", section: AuditSection, isFor: owners },
];

export function SettingsPage() {
  const me = useMe();
  const { section: key } = useParams<{ section?: string }>();
  if (key === undefined) return <Redirect to="/settings/workspace" replace />;
  const mine = sections.filter(({ isFor }) => isFor(me));
  const chosen = mine.find((each) => each.key === key);
  return (
    <>
      <PageHeader title="Settings" />
      <nav className="tabs" aria-label="Settings">
        {mine.map((each) => (
          <Link
            key={each.key}
            href={`/settings/${each.key}`}
            aria-current={each.key === key ? "page" : undefined}
          >
            {each.label}
          </Link>
        ))}
      </nav>
      {chosen === undefined ? <NotFound what="section" /> : <chosen.section />}
    </>
  );
}
