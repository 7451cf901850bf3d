// The list of channels with how each does, and one of them in a drawer: where the links of digests
// and warnings lead.
import { type Channel, channelTypeNames, channelTypes } from "@trigrun/contract";
import { Link, useLocation, useParams, useSearch } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Choice } from "../../components/choice.tsx";
import { FilterBar } from "../../components/filter-bar.tsx";
import { NewLink } from "../../components/new-link.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Empty, ErrorState, Loading } from "../../components/states.tsx";
import { type Column, VirtualTable } from "../../components/virtual-table.tsx";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useRead } from "../../data/api.tsx";
import { useFilters } from "../../data/filters.ts";
import { useList } from "../../data/list.ts";
import { useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { ChannelDrawer } from "./channel-drawer.tsx";

type Statistics = AnswerOf<"listChannelStatistics">["items"][number];

function toColumns(byChannel: ReadonlyMap<string, Statistics>): readonly Column<Channel>[] {
  return [
    {
      key: "name",
      label: "Name",
      width: "minmax(0, 2fr)",
      cell: ({ name, type }) => (
        <span className="two-lines">
          <strong dir="auto">{name}</strong>
          <span className="faint">{channelTypes[type].label}</span>
        </span>
      ),
    },
    {
      key: "state",
      label: "State",
      width: "8rem",
      cell: (channel) => <Badge state={channel.disabled_at === null ? "enabled" : "disabled"} />,
    },
    {
      key: "week",
      label: "Last 7 days",
      width: "minmax(0, 1.4fr)",
      cell: ({ id }) => <Week statistics={byChannel.get(id)} />,
    },
    {
      key: "sent",
      label: "Last sent",
      width: "9rem",
      cell: ({ id }) => <When at={byChannel.get(id)?.last_sent_at ?? null} none="not lately" />,
    },
  ];
}

function Week({ statistics }: { statistics: Statistics | undefined }) {
  if (statistics === undefined) return <span className="faint">nothing sent</span>;
  const { sent, failed, waiting } = statistics;
  return (
    <span>
      {sent} sent
      {failed > 0 && <span className="bad-text">, {failed} failed</span>}
      {waiting > 0 && <span className="warn-text">, {waiting} waiting</span>}
    </span>
  );
}

export function ChannelsPage() {
  const [, navigate] = useLocation();
  const { id } = useParams<{ id?: string }>();
  const search = useSearch();
  // The filter of the list stays while a channel is looked at, and is the type of a new one.
  const asked = search === "" ? "" : `?${search}`;
  const mayWrite = useMayWrite();
  const filters = useFilters({ type: channelTypeNames });
  const { type } = filters.values;
  // Only words of the list get through `useFilters`.
  const chosen = type === "" ? {} : { type: type as Channel["type"] };
  const everyMs = useEveryMs();
  const list = useList("listChannels", { query: { limit: 100, ...chosen } }, { everyMs });
  const statistics = useRead("listChannelStatistics", undefined, { everyMs });
  const byChannel = new Map(statistics.data?.items.map((each) => [each.channel_id, each]));
  return (
    <>
      <PageHeader title="Channels" lead="Where notifications go.">
        <NewLink href={`/channels/new${asked}`} word="New channel" title="Create a channel" />
      </PageHeader>
      <FilterBar filters={filters}>
        <Choice
          {...{ label: "Type", any: "Any type", options: channelTypeNames, value: type }}
          onChange={(value) => filters.set("type", value)}
        />
      </FilterBar>
      {list.error !== null && <ErrorState error={list.error} again={list.again} />}
      {list.isPending && <Loading what="the channels" />}
      {!list.isPending && list.error === null && list.items.length === 0 && (
        <NoChannels isFiltered={filters.areAny} mayWrite={mayWrite} />
      )}
      {list.items.length > 0 && (
        <VirtualTable
          label="Channels"
          list={list}
          columns={toColumns(byChannel)}
          idOf={(channel) => channel.id}
          nameOf={({ name }) => name}
          hrefOf={(channel) => `/channels/${channel.id}${asked}`}
        />
      )}
      {id !== undefined && (
        <ChannelDrawer key={id} id={id} onClose={() => navigate(`/channels${asked}`)} />
      )}
    </>
  );
}

function NoChannels({ isFiltered, mayWrite }: { isFiltered: boolean; mayWrite: boolean }) {
  if (isFiltered) return <Empty title="No channel of this type" />;
  return (
    <Empty title="No channels yet">
      <p>A channel is an address that is told how jobs went: a webhook, mailboxes, a chat.</p>
      {mayWrite && (
        <Link href="/channels/new" className="button primary">
          Create the first channel
        </Link>
      )}
    </Empty>
  );
}
