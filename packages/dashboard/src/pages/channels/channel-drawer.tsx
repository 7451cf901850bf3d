// One channel: its config with credentials masked, a test message, enabling, deleting.
import { channelTypes } from "@trigrun/contract";
import { useLocation } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNote } from "../../components/error-note.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useRead, useWrite } from "../../data/api.tsx";
import { useMayWrite } from "../../data/me.tsx";

type Channel = AnswerOf<"getChannel">;

export function ChannelDrawer({ id }: { id: string }) {
  const [, navigate] = useLocation();
  const { data, error, refetch } = useRead("getChannel", { params: { id } });
  return (
    <Dialog kind="drawer" title={data?.name ?? "Channel"} onClose={() => navigate("/channels")}>
      {data === undefined && error === null && <Loading what="the channel" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="channel" />
      )}
      {data !== undefined && <ChannelDetails channel={data} />}
    </Dialog>
  );
}

function ChannelDetails({ channel }: { channel: Channel }) {
  const mayWrite = useMayWrite();
  return (
    <>
      <dl className="facts">
        <dt>Type</dt>
        <dd>{channelTypes[channel.type].label}</dd>
        <dt>State</dt>
        <dd>
          <Badge state={channel.disabled_at === null ? "enabled" : "disabled"} />
        </dd>
        {Object.entries(channel.config).map(([key, value]) => (
          <Fact key={key} name={key} value={value} />
        ))}
        <dt>Created</dt>
        <dd>
          <When at={channel.created_at} isAlone />
        </dd>
      </dl>
      {channel.disabled_reason !== null && (
        <p className="note warn" dir="auto">
          {channel.disabled_reason}
        </p>
      )}
      {mayWrite && <ChannelActions channel={channel} />}
    </>
  );
}

function Fact({ name, value }: { name: string; value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <>
      <dt>{name}</dt>
      <dd className="code" dir="auto">
        {text}
      </dd>
    </>
  );
}

function ChannelActions({ channel: { id, name, disabled_at: disabledAt } }: { channel: Channel }) {
  const [, navigate] = useLocation();
  const params = { id };
  const stales = ["listChannels", "getChannel", "listChannelStatistics"] as const;
  const test = useWrite("testChannel", { showsError: true });
  const enable = useWrite("enableChannel", {
    stales,
    onDone: () => showToast({ text: `Enabled ${name}.`, tone: "good" }),
  });
  const remove = useWrite("deleteChannel", {
    stales,
    onDone: () => {
      showToast({ text: `Deleted ${name}.` });
      navigate("/channels");
    },
  });
  const askAndRemove = async () => {
    const isSure = await confirm({
      title: `Delete ${name}?`,
      text: "Its rules go with it and what it still had to send fails. Its history stays.",
      button: "Delete the channel",
    });
    if (isSure) remove.mutate({ params });
  };
  return (
    <>
      <div className="actions">
        <button type="button" disabled={test.isPending} onClick={() => test.mutate({ params })}>
          {test.isPending ? "Sending" : "Send a test"}
        </button>
        {disabledAt !== null && (
          <button type="button" onClick={() => enable.mutate({ params })}>
            Enable
          </button>
        )}
        <button type="button" className="danger" onClick={() => void askAndRemove()}>
          Delete
        </button>
      </div>
      <ErrorNote error={test.error} />
      {test.data && (
        <p className={`note ${test.data.verdict === "sent" ? "good" : "bad"}`} role="status">
          <span dir="auto">{test.data.reason}</span>
        </p>
      )}
    </>
  );
}
