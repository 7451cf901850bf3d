// The list of executions, and one of them in a drawer: where the links of messages lead.
import { type Execution, executionStatuses } from "@trigrun/contract";
import { useLocation, useParams } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { useList } from "../../data/api.tsx";
import { useFilters } from "../../data/filters.ts";
import { toDuration } from "../../data/time.ts";
import { ExecutionDrawer } from "./execution-drawer.tsx";

const everyMs = 5_000;

const columns: readonly Column<Execution>[] = [
  {
    key: "job",
    label: "Job",
    width: "minmax(0, 2fr)",
    cell: ({ job_name: name, reason }) => (
      <span className="two-lines">
        <strong dir="auto">{name}</strong>
        <span className="faint" dir="auto">
          {reason}
        </span>
      </span>
    ),
  },
  { key: "status", label: "Status", width: "8rem", cell: (each) => <Badge state={each.status} /> },
  { key: "due", label: "Due", width: "9rem", cell: (each) => <When at={each.scheduled_for} /> },
  {
    key: "took",
    label: "Took",
    width: "6rem",
    cell: ({ duration_ms: ms }) => (ms === null ? "–" : toDuration(ms)),
  },
];

export function ExecutionsPage() {
  const [, navigate] = useLocation();
  const { id } = useParams<{ id?: string }>();
  const filters = useFilters({ status: executionStatuses });
  const { status } = filters.values;
  // Only words of the list get through `useFilters`.
  const chosen = status === "" ? {} : { status: status as Execution["status"] };
  const list = useList("listExecutions", { query: { limit: 100, ...chosen } }, { everyMs });
  return (
    <>
      <PageHeader title="Executions" />
      <div className="toolbar">
        <Choice
          {...{ label: "Status", any: "Any status", options: executionStatuses, value: status }}
          onChange={(value) => filters.set("status", value)}
        />
      </div>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the executions" />}
      {!list.isPending && list.error === null && list.items.length === 0 && (
        <Empty title={filters.areAny ? "No execution has this status" : "Nothing has run yet"} />
      )}
      {list.items.length > 0 && (
        <VirtualTable
          label="Executions"
          list={list}
          columns={columns}
          idOf={(each) => each.id}
          nameOf={(each) => each.job_name}
          hrefOf={(each) => `/executions/${each.id}`}
        />
      )}
      {id !== undefined && (
        <ExecutionDrawer key={id} id={id} onClose={() => navigate("/executions")} />
      )}
    </>
  );
}
