// The list of deliveries as they happen, narrowed by status, channel, job, event and time; one of
// them in a drawer, and a retry of all that failed.
import { type Delivery, deliveryEvents, deliveryStatuses } from "@trigrun/contract";
import { useState } from "react";
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
import { useCommands } from "../../data/commands.ts";
import { type Filters, useFilters } from "../../data/filters.ts";
import { type List, useList } from "../../data/list.ts";
import { useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { ChannelFilter } from "./channel-filter.tsx";
import { DeliveryDrawer } from "./delivery-drawer.tsx";
import { RetryDialog } from "./retry-dialog.tsx";

const columns: readonly Column<Delivery>[] = [
  {
    key: "what",
    label: "What",
    width: "minmax(0, 2fr)",
    cell: ({ job_name: job, event, reason }) => (
      <span className="two-lines">
        <strong dir="auto">{job ?? event.replaceAll("_", " ")}</strong>
        <span className="faint" dir="auto">
          {reason}
        </span>
      </span>
    ),
  },
  {
    key: "channel",
    label: "Channel",
    width: "minmax(0, 1fr)",
    cell: (each) => (
      <span className="cut" dir="auto">
        {each.channel_name}
      </span>
    ),
  },
  { key: "status", label: "Status", width: "8rem", cell: (each) => <Badge state={each.status} /> },
  { key: "tries", label: "Tries", width: "3.5rem", cell: (each) => each.attempt_count },
  { key: "made", label: "Made", width: "9rem", cell: (each) => <When at={each.created_at} /> },
];

type Keys = "status" | "channel_id" | "job_id" | "event" | "from" | "to";

/** The filters as the API takes them. */
function toQuery({ status, event, channel_id: channelId, job_id: jobId, from, to }: Words) {
  return {
    // Only words of the list get through `useFilters`.
    ...(status === "" ? {} : { status: status as Delivery["status"] }),
    // As above.
    ...(event === "" ? {} : { event: event as Delivery["event"] }),
    ...(channelId === "" ? {} : { channel_id: channelId }),
    ...(jobId === "" ? {} : { job_id: jobId }),
    ...toPeriodQuery({ from, to }),
  };
}
type Words = Filters<Keys>["values"];

export function DeliveriesPage() {
  const [, navigate] = useLocation();
  const { id } = useParams<{ id?: string }>();
  const search = useSearch();
  const asked = search === "" ? "" : `?${search}`;
  const mayWrite = useMayWrite();
  const [isRetrying, setRetrying] = useState(false);
  const filters = useFilters<Keys>({
    ...{ status: deliveryStatuses, event: deliveryEvents, channel_id: null, job_id: null },
    ...{ from: null, to: null },
  });
  const query = toQuery(filters.values);
  const everyMs = useEveryMs();
  const list = useList("listDeliveries", { query: { limit: 100, ...query } }, { everyMs });
  const held = useNewRows(list, asked);
  const retry = () => setRetrying(true);
  useCommands(
    mayWrite ? [{ id: "deliveries.retry", title: "Retry failed deliveries", run: retry }] : [],
  );
  const { status: _, ...retried } = query;
  return (
    <>
      <PageHeader title="Deliveries">
        <LiveSign />
        {mayWrite && (
          <button type="button" onClick={retry}>
            Retry failed
          </button>
        )}
      </PageHeader>
      <DeliveryFilters filters={filters} />
      <NewRows {...held} />
      <DeliveriesList list={held.list} filters={filters} asked={asked} />
      {isRetrying && <RetryDialog filter={retried} onClose={() => setRetrying(false)} />}
      {id !== undefined && (
        <DeliveryDrawer key={id} id={id} onClose={() => navigate(`/deliveries${asked}`)} />
      )}
    </>
  );
}

function DeliveryFilters({ filters }: { filters: Filters<Keys> }) {
  const { status, event, channel_id: channelId, job_id: jobId, from, to } = filters.values;
  return (
    <FilterBar filters={filters}>
      <JobFilter value={jobId} onChange={(value) => filters.set("job_id", value)} />
      <Choice
        {...{ label: "Status", any: "Any status", options: deliveryStatuses, value: status }}
        onChange={(value) => filters.set("status", value)}
      />
      <ChannelFilter value={channelId} onChange={(value) => filters.set("channel_id", value)} />
      <Choice
        {...{ label: "Event", any: "Any event", options: deliveryEvents, value: event }}
        onChange={(value) => filters.set("event", value)}
      />
      <Period {...{ from, to }} onChange={filters.set} />
    </FilterBar>
  );
}

interface ListProps {
  readonly list: List<Delivery>;
  readonly filters: Filters<Keys>;
  /** The filters as they stand in the address, which stay while one is looked at. */
  readonly asked: string;
}

function DeliveriesList({ list, filters, asked }: ListProps) {
  if (list.error !== null) return <ErrorState error={list.error} again={list.again} />;
  if (list.isPending) return <Loading what="the deliveries" />;
  if (list.items.length === 0) {
    return filters.areAny ? (
      <Empty title="No delivery matches">
        <button type="button" onClick={filters.clear}>
          Clear the filters
        </button>
      </Empty>
    ) : (
      <Empty title="Nobody was told yet">
        <p>A delivery is made when a job ends and a rule of it names a channel.</p>
      </Empty>
    );
  }
  return (
    <VirtualTable
      label="Deliveries"
      list={list}
      columns={columns}
      idOf={(each) => each.id}
      nameOf={(each) => each.job_name ?? each.event}
      hrefOf={(each) => `/deliveries/${each.id}${asked}`}
    />
  );
}
