// Secrets that jobs refer to by name. A value goes in and never comes out; a name that jobs use is
// changed or deleted only after those jobs have been named.
import type { Secret } from "@trigrun/contract";
import { useState } from "react";
import { confirm } from "../../components/confirm.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { toSentence, useClient, useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useMayWrite } from "../../data/me.tsx";
import { EditSecretDialog, NewSecretForm } from "./secret-forms.tsx";

export function SecretsSection() {
  const mayWrite = useMayWrite();
  const list = useList("listSecrets", { query: { limit: 100 } });
  const [edited, setEdited] = useState<Secret | null>(null);
  return (
    <>
      <section className="card">
        <h2>Secrets</h2>
        {list.error !== null && <ErrorState error={list.error} again={list.again} />}
        {list.isPending && <Loading what="the secrets" />}
        {!list.isPending && list.error === null && list.items.length === 0 && (
          <Empty title="No secrets yet">
            <p>Headers and bodies of jobs name one as secret://name; its value stays here.</p>
          </Empty>
        )}
        <ul className="plain-list">
          {list.items.map((secret) => (
            <SecretRow key={secret.id} secret={secret} onEdit={() => setEdited(secret)} />
          ))}
        </ul>
        <ListEnd list={list} word="Show more" />
      </section>
      {mayWrite && <NewSecretForm />}
      {edited !== null && <EditSecretDialog secret={edited} onClose={() => setEdited(null)} />}
    </>
  );
}

// More names than these are no longer read.
const namedMax = 5;

/** Which jobs use it, as the end of a question. */
function toUse(jobs: readonly { readonly name: string }[]): string {
  if (jobs.length === 0) return "No job uses it.";
  const named = jobs.slice(0, namedMax).map(({ name }) => name);
  const more = jobs.length > namedMax ? ` and ${jobs.length - namedMax} more` : "";
  return `Used by ${named.join(", ")}${more}, which then send the reference as it stands.`;
}

function SecretRow({ secret, onEdit }: { secret: Secret; onEdit: () => void }) {
  const mayWrite = useMayWrite();
  const client = useClient();
  const { id, name } = secret;
  const remove = useWrite("deleteSecret", {
    stales: ["listSecrets"],
    onDone: () => showToast({ text: `Deleted ${name}.` }),
  });
  const ask = async () => {
    const params = { id };
    const found = await client.getSecret({ params }).catch((error: unknown) => {
      showToast({ text: toSentence(error), tone: "bad" });
    });
    if (found === undefined) return;
    const isSure = await confirm({
      title: `Delete ${name}?`,
      text: `${toUse(found.jobs)} The value cannot be brought back.`,
      button: "Delete the secret",
    });
    const force = found.jobs.length > 0 ? "true" : "false";
    if (isSure) remove.mutate({ params, query: { force } });
  };
  return (
    <li className="line">
      <span className="grow two-lines">
        <span className="code">{name}</span>
        <span className="faint">
          changed <When at={secret.updated_at} />
        </span>
      </span>
      {mayWrite && (
        <span className="actions">
          <button {...{ type: "button", "aria-label": `Change ${name}` }} onClick={onEdit}>
            Change
          </button>
          <button
            {...{ type: "button", className: "danger", "aria-label": `Delete ${name}` }}
            onClick={() => void ask()}
          >
            Delete
          </button>
        </span>
      )}
    </li>
  );
}
