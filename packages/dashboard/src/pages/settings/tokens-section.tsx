// API tokens: those that are valid, and new ones, which are shown once.
import type { ApiToken } from "@trigrun/contract";
import { confirm } from "../../components/confirm.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useMe } from "../../data/me.tsx";
import { TokenForm } from "./token-form.tsx";

export function TokensSection() {
  const list = useList("listTokens", { query: { limit: 100 } });
  return (
    <>
      <section className="card">
        <h2>API tokens</h2>
        {list.error !== null && <ErrorState error={list.error} again={list.again} />}
        {list.isPending && <Loading what="the tokens" />}
        {!list.isPending && list.error === null && list.items.length === 0 && (
          <Empty title="No API tokens">
            <p>A token lets a program in: a deployment, a script, the command line.</p>
          </Empty>
        )}
        <ul className="plain-list">
          {list.items.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </ul>
        <ListEnd list={list} word="Show more" />
      </section>
      <TokenForm />
    </>
  );
}

function TokenRow({ token }: { token: ApiToken }) {
  const { id, name, role, scopes, created_by: maker, expires_at: end } = token;
  const isOwn = useMe().token?.id === id;
  const revoke = useWrite("revokeToken", {
    stales: ["listTokens"],
    onDone: () => showToast({ text: `Revoked ${name}.` }),
  });
  const ask = async () => {
    const isSure = await confirm({
      title: `Revoke ${name}?`,
      text: "Whatever uses it is refused within seconds. It cannot be brought back.",
      button: "Revoke the token",
    });
    if (isSure) revoke.mutate({ params: { id } });
  };
  return (
    <li className="line">
      <span className="grow two-lines">
        <span dir="auto">
          {name}
          {isOwn && <span className="faint"> (this window)</span>}
        </span>
        <span className="faint" dir="auto">
          {role}, {scopes === null ? "all that the role may" : scopes.join(", ")}; by{" "}
          {maker?.name ?? "the host"}; used <When at={token.last_used_at} none="never" />; ends{" "}
          <When at={end} none="never" />
        </span>
      </span>
      <button
        {...{ type: "button", className: "danger", "aria-label": `Revoke ${name}` }}
        onClick={() => void ask()}
      >
        Revoke
      </button>
    </li>
  );
}
