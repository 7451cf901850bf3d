// The first page: what runs next and what failed last.
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { useList } from "../../data/api.tsx";
import { useMe } from "../../data/me.tsx";

const everyMs = 5_000;
// One look's worth; the lists have the rest.
const shown = 10;

export function OverviewPage() {
  const { workspace } = useMe();
  return (
    <>
      <PageHeader title="Overview" lead={<span dir="auto">{workspace.name}</span>} />
      <div className="columns">
        <Executions title="Latest runs" />
        <Executions title="Latest failures" status="failed" />
      </div>
    </>
  );
}

function Executions({ title, status }: { title: string; status?: "failed" }) {
  const query = { limit: shown, ...(status === undefined ? {} : { status }) };
  const { items, error, isPending, again } = useList("listExecutions", { query }, { everyMs });
  return (
    <section className="card">
      <h2>{title}</h2>
      {error !== null && <ErrorState error={error} again={again} />}
      {isPending && <Loading what={title} />}
      {!isPending && error === null && items.length === 0 && <Empty title="None yet" />}
      <ul className="plain-list">
        {items.slice(0, shown).map(({ id, job_name: name, status: state, scheduled_for: at }) => (
          <li key={id} className="line">
            <Badge state={state} />
            <Link href={`/executions/${id}`} dir="auto" className="grow">
              {name}
            </Link>
            <When at={at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
