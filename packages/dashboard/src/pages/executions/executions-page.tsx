// The list of executions as they happen, narrowed by status, job and time; one of them in a drawer,
// where the links of messages lead.
import { type Execution, executionStatuses } from "@trigrun/contract";
import { useLocation, useParams, useSearch } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { JobFilter } from "../../components/job-filter.tsx";
import { LiveSign } from "../../components/live-sign.tsx";
import { NewRows, useNewRows } from "../../components/new-rows.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Period, toPeriodQuery } from "../../components/period.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { type Filters, useFilters } from "../../data/filters.ts";
import { type List, useList } from "../../data/list.ts";
import { useEveryMs } from "../../data/live.ts";
import { toDuration } from "../../data/time.ts";
import { ExecutionDrawer } from "./execution-drawer.tsx";

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
  { key: "why", label: "Why", width: "6rem", cell: (each) => each.trigger, isWideOnly: true },
  { key: "due", label: "Due", width: "9rem", cell: (each) => <When at={each.scheduled_for} /> },
  {
    key: "took",
    label: "Took",
    width: "6rem",
    cell: ({ duration_ms: ms }) => (ms === null ? "–" : toDuration(ms)),
  },
];

type Keys = "status" | "job_id" | "from" | "to";

export function ExecutionsPage() {
  const [, navigate] = useLocation();
  const { id } = useParams<{ id?: string }>();
  const search = useSearch();
  const asked = search === "" ? "" : `?${search}`;
  const filters = useFilters<Keys>({
    ...{ status: executionStatuses, job_id: null, from: null, to: null },
  });
  const { status, job_id: jobId, from, to } = filters.values;
  const query = {
    limit: 100,
    // Only words of the list get through `useFilters`.
    ...(status === "" ? {} : { status: status as Execution["status"] }),
    ...(jobId === "" ? {} : { job_id: jobId }),
    ...toPeriodQuery({ from, to }),
  };
  const everyMs = useEveryMs();
  const held = useNewRows(useList("listExecutions", { query }, { everyMs }), asked);
  return (
    <>
      <PageHeader title="Executions">
        <LiveSign />
      </PageHeader>
      <FilterBar filters={filters}>
        <JobFilter value={jobId} onChange={(value) => filters.set("job_id", value)} />
        <Choice
          {...{ label: "Status", any: "Any status", options: executionStatuses, value: status }}
          onChange={(value) => filters.set("status", value)}
        />
        <Period {...{ from, to }} onChange={filters.set} />
      </FilterBar>
      <NewRows {...held} />
      <ExecutionsList list={held.list} filters={filters} asked={asked} />
      {id !== undefined && (
        <ExecutionDrawer key={id} id={id} onClose={() => navigate(`/executions${asked}`)} />
      )}
    </>
  );
}

interface ListProps {
  readonly list: List<Execution>;
  readonly filters: Filters<Keys>;
  /** The filters as they stand in the address, which stay while one is looked at. */
  readonly asked: string;
}

function ExecutionsList({ list, filters, asked }: ListProps) {
  if (list.error !== null) return <ErrorState error={list.error} again={list.again} />;
  if (list.isPending) return <Loading what="the executions" />;
  if (list.items.length === 0) return <NoExecutions filters={filters} />;
  return (
    <VirtualTable
      label="Executions"
      list={list}
      columns={columns}
      idOf={(each) => each.id}
      nameOf={(each) => each.job_name}
      hrefOf={(each) => `/executions/${each.id}${asked}`}
    />
  );
}

function NoExecutions({ filters }: { filters: Filters<Keys> }) {
  if (filters.areAny) {
    return (
      <Empty title="No execution matches">
        <button type="button" onClick={filters.clear}>
          Clear the filters
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has run yet">
      <p>Each run of a job appears here by itself, with every attempt and the reason of its end.</p>
    </Empty>
  );
}
