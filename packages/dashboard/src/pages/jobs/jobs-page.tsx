// The list of jobs: what each is, how its last execution went, when the next one is; found by name,
// narrowed by state and kind, and acted on one by one or several at once.
import { type Job, jobKinds, jobStates } from "@trigrun/contract";
import { Link, useLocation } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { Icon } from "../../components/icon.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { SearchField } from "../../components/search-field.tsx";
import { type Chosen, useSelection } from "../../components/selection.ts";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { type List, useList } from "../../data/api.tsx";
import { useCommands } from "../../data/commands.ts";
import { type Filters, useFilters } from "../../data/filters.ts";
import { useMayWrite } from "../../data/me.tsx";
import { toScheduleText } from "../../data/schedule-text.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { RowActions } from "./row-actions.tsx";

// Fast enough to see a job run; two pages of the list at most are asked for again.
const everyMs = 5_000;
const pageSize = 100;

const columns: readonly Column<Job>[] = [
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
    width: "minmax(0, 1.2fr)",
    cell: (job) => <span dir="auto">{toScheduleText(job)}</span>,
  },
  { key: "state", label: "State", width: "7rem", cell: ({ state }) => <Badge state={state} /> },
  {
    key: "last",
    label: "Last run",
    width: "minmax(0, 1fr)",
    cell: ({ last_execution: last }) =>
      last === null ? (
        <span className="faint">never</span>
      ) : (
        <span className="two-lines">
          <Badge state={last.status} />
          <span className="faint">
            <When at={last.finished_at ?? last.scheduled_for} />
          </span>
        </span>
      ),
  },
  {
    key: "next",
    label: "Next run",
    width: "8rem",
    cell: ({ next_run_at: next }) => <When at={next} none="none" />,
  },
];

export function JobsPage() {
  const [, navigate] = useLocation();
  const mayWrite = useMayWrite();
  const filters = useFilters({ search: null, state: jobStates, kind: jobKinds });
  const { search, state, kind } = filters.values;
  const query = {
    limit: pageSize,
    ...(search === "" ? {} : { search }),
    // Only words of the list get through `useFilters`.
    ...(state === "" ? {} : { state: state as Job["state"] }),
    // As above.
    ...(kind === "" ? {} : { kind: kind as Job["kind"] }),
  };
  const list = useList("listJobs", { query }, { everyMs });
  const selection = useSelection();
  useCommands(
    mayWrite
      ? [{ id: "jobs.new", title: "Create a job", keys: "n", run: () => navigate("/jobs/new") }]
      : [],
  );
  return (
    <>
      <PageHeader title="Jobs">
        {mayWrite && (
          <Link href="/jobs/new" className="button primary">
            <Icon name="plus" /> New job
          </Link>
        )}
      </PageHeader>
      <div className="toolbar">
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
        {filters.areAny && (
          <button type="button" className="quiet" onClick={filters.clear}>
            Clear
          </button>
        )}
      </div>
      {selection.ids.size > 0 && <BulkBar jobs={list.items} selection={selection} />}
      <JobsList {...{ list, filters, selection, mayWrite }} />
    </>
  );
}

interface JobsListProps {
  readonly list: List<Job>;
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
