// The list of deliveries, and one of them in a drawer.

import { deliveryStatuses } from "@trigrun/contract";
import { useLocation, useParams } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useList } from "../../data/api.tsx";
import { useFilters } from "../../data/filters.ts";
import { DeliveryDrawer } from "./delivery-drawer.tsx";

const everyMs = 5_000;

type Delivery = AnswerOf<"listDeliveries">["items"][number];

const columns: readonly Column<Delivery>[] = [
  {
    key: "what",
    label: "What",
    width: "minmax(0, 2fr)",
    cell: ({ job_name: job, event, reason }) => (
      <span className="two-lines">
        <strong dir="auto">{job ?? event}</strong>
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
    cell: (each) => <span dir="auto">{each.channel_name}</span>,
  },
  { key: "status", label: "Status", width: "8rem", cell: (each) => <Badge state={each.status} /> },
  { key: "made", label: "Made", width: "9rem", cell: (each) => <When at={each.created_at} /> },
];

export function DeliveriesPage() {
  const [, navigate] = useLocation();
  const { id } = useParams<{ id?: string }>();
  const filters = useFilters({ status: deliveryStatuses });
  const { status } = filters.values;
  // Only words of the list get through `useFilters`.
  const chosen = status === "" ? {} : { status: status as Delivery["status"] };
  const list = useList("listDeliveries", { query: { limit: 100, ...chosen } }, { everyMs });
  return (
    <>
      <PageHeader title="Deliveries" />
      <div className="toolbar">
        <Choice
          {...{ label: "Status", any: "Any status", options: deliveryStatuses, value: status }}
          onChange={(value) => filters.set("status", value)}
        />
      </div>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the deliveries" />}
      {!list.isPending && list.error === null && list.items.length === 0 && (
        <Empty title={filters.areAny ? "No delivery has this status" : "Nobody was told yet"} />
      )}
      {list.items.length > 0 && (
        <VirtualTable
          label="Deliveries"
          list={list}
          columns={columns}
          idOf={(each) => each.id}
          nameOf={(each) => each.job_name ?? each.event}
          hrefOf={(each) => `/deliveries/${each.id}`}
        />
      )}
      {id !== undefined && (
        <DeliveryDrawer key={id} id={id} onClose={() => navigate("/deliveries")} />
      )}
    </>
  );
}
