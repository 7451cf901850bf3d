// The list of jobs: what each is, how it went of late, when the next run is; found by name,
// narrowed by state and kind, and acted on one by one or several at once.
import { type Job, jobKinds, jobStates, type ListedJob } from "@trigrun/contract";
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { NewLink } from "../../components/new-link.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { SearchField } from "../../components/search-field.tsx";
import { type Chosen, useSelection } from "../../components/selection.ts";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { Strip } from "../../components/strip.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { type Filters, useFilters } from "../../data/filters.ts";
import { type List, useList } from "../../data/list.ts";
import { useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { toScheduleText } from "../../data/schedule-text.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { RowActions } from "./row-actions.tsx";

// The width of the strip; more would be too fine to see.
const stripPlaces = 20;
const pageSize = 100;

const columns: readonly Column<ListedJob>[] = [
  {
    key: "name",
    label: "Name",
    width: "minmax(0, 2.2fr)",
    cell: ({ name, request }) => (
      <span className="two-lines">
        <strong dir="auto">{name}</strong>
        <span className="faint" dir="auto">
          {request.method} {request.url}
        </span>
      </span>
    ),
  },
  {
    key: "schedule",
    label: "Schedule",
    width: "minmax(0, 1.5fr)",
    cell: (job) => <span dir="auto">{toScheduleText(job)}</span>,
  },
  { key: "state", label: "State", width: "6.5rem", cell: ({ state }) => <Badge state={state} /> },
  {
    key: "history",
    label: "History",
    width: "12.5rem",
    cell: ({ recent_executions: recent = [], last_execution: last }) => (
      <span className="two-lines">
        <Strip executions={recent} places={stripPlaces} />
        <span className="faint">
          {last === null ? (
            "never ran"
          ) : (
            <>
              {last.status} <When at={last.finished_at ?? last.scheduled_for} />
            </>
          )}
        </span>
      </span>
    ),
  },
  {
    key: "next",
    label: "Next run",
    width: "7rem",
    cell: ({ next_run_at: next }) => <When at={next} none="none" />,
  },
];

export function JobsPage() {
  const mayWrite = useMayWrite();
  const filters = useFilters({ search: null, state: jobStates, kind: jobKinds });
  const { search, state, kind } = filters.values;
  const query = {
    limit: pageSize,
    recent_executions: stripPlaces,
    ...(search === "" ? {} : { search }),
    // Only words of the list get through `useFilters`.
    ...(state === "" ? {} : { state: state as Job["state"] }),
    // As above.
    ...(kind === "" ? {} : { kind: kind as Job["kind"] }),
  };
  const list = useList("listJobs", { query }, { everyMs: useEveryMs() });
  const selection = useSelection();
  return (
    <>
      <PageHeader title="Jobs">
        <NewLink href="/jobs/new" word="New job" title="Create a job" />
      </PageHeader>
      <FilterBar filters={filters}>
        <SearchField
          label="Search jobs"
          value={search}
          onChange={(value) => filters.set("search", value)}
        />
        <Choice
          {...{ label: "State", any: "Any state", options: jobStates, value: state }}
          onChange={(value) => filters.set("state", value)}
        />
        <Choice
          {...{ label: "Kind", any: "Any kind", options: jobKinds, value: kind }}
          onChange={(value) => filters.set("kind", value)}
        />
      </FilterBar>
      {selection.ids.size > 0 && <BulkBar jobs={list.items} selection={selection} />}
      <JobsList {...{ list, filters, selection, mayWrite }} />
    </>
  );
}

interface JobsListProps {
  readonly list: List<ListedJob>;
  readonly filters: Filters<"search" | "state" | "kind">;
  readonly selection: Chosen;
  readonly mayWrite: boolean;
}

function JobsList({ list, filters, selection, mayWrite }: JobsListProps) {
  if (list.error !== null) return <ErrorState error={list.error} again={list.again} />;
  if (list.isPending) return <Loading what="the jobs" />;
  if (list.items.length === 0) return <NoJobs filters={filters} mayWrite={mayWrite} />;
  const writing = {
    selection,
    actions: (job: Job) => <RowActions job={job} />,
  };
  return (
    <VirtualTable
      label="Jobs"
      list={list}
      columns={columns}
      idOf={({ id }) => id}
      nameOf={({ name }) => name}
      hrefOf={({ id }) => `/jobs/${id}`}
      {...(mayWrite ? writing : {})}
    />
  );
}

function NoJobs({ filters, mayWrite }: Pick<JobsListProps, "filters" | "mayWrite">) {
  if (filters.areAny) {
    return (
      <Empty title="No job matches">
        <p>Look for less of the name, or take a filter away.</p>
        <button type="button" onClick={filters.clear}>
          Clear the filters
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No jobs yet">
      <p>A job is an HTTP request with a schedule. Every run of it is recorded and told.</p>
      {mayWrite && (
        <Link href="/jobs/new" className="button primary">
          Create the first job
        </Link>
      )}
    </Empty>
  );
}
