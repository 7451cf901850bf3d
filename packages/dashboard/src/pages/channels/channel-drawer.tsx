// One channel: its config with credentials masked, how it does, what its messages look like, a test
// with the whole exchange, its signing secret, changing and deleting it.
import { type AnyChannelType, channelTypes, type Event } from "@trigrun/contract";
import { useState } from "react";
import { Badge } from "../../components/badge.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorNote } from "../../components/error-note.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { WireExchange } from "../../components/wire-exchange.tsx";
import { type AnswerOf, useRead, useWrite } from "../../data/api.tsx";
import { useMayWrite } from "../../data/me.tsx";
import { ChannelEdit } from "./channel-edit.tsx";
import { ChannelHealth } from "./channel-health.tsx";
import { MessagePreviewCard } from "./message-preview.tsx";
import { SecretRotation } from "./secret-rotation.tsx";

type Channel = AnswerOf<"getChannel">;

interface DrawerProps {
  readonly id: string;
  readonly onClose: () => void;
}

export function ChannelDrawer({ id, onClose }: DrawerProps) {
  const { data, error, refetch } = useRead("getChannel", { params: { id } });
  return (
    <Dialog kind="drawer" title={data?.name ?? "Channel"} onClose={onClose}>
      {data === undefined && error === null && <Loading what="the channel" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="channel" />
      )}
      {data !== undefined && <ChannelDetails channel={data} onGone={onClose} />}
    </Dialog>
  );
}

interface DetailsProps {
  readonly channel: Channel;
  readonly onGone: () => void;
}

function ChannelDetails({ channel, onGone }: DetailsProps) {
  const mayWrite = useMayWrite();
  const [isEditing, setEditing] = useState(false);
  const [event, setEvent] = useState<Event>("on_failure");
  const preview = useRead("previewChannel", { params: { id: channel.id }, body: { event } });
  const definition: AnyChannelType = channelTypes[channel.type];
  if (isEditing) return <ChannelEdit channel={channel} onEnd={() => setEditing(false)} />;
  return (
    <>
      <Facts channel={channel} />
      {mayWrite && (
        <ChannelActions {...{ channel, event, onGone }} onEdit={() => setEditing(true)} />
      )}
      <ChannelHealth channel={channel} />
      <div className="panel">
        <MessagePreviewCard
          {...{ type: channel.type, event, onEvent: setEvent, error: preview.error }}
          preview={preview.data}
        />
      </div>
      {mayWrite && definition.secrets.includes("secret") && <SecretRotation id={channel.id} />}
    </>
  );
}

function Facts({ channel }: { channel: Channel }) {
  return (
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
      <dt>Pace</dt>
      <dd>{channel.pace === null ? "no limit" : `${channel.pace.max_per_minute} a minute`}</dd>
      <dt>Created</dt>
      <dd>
        <When at={channel.created_at} isAlone />
      </dd>
    </dl>
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

interface ActionsProps {
  readonly channel: Channel;
  readonly event: Event;
  readonly onEdit: () => void;
  readonly onGone: () => void;
}

function ChannelActions({ channel: { id, name }, event, onEdit, onGone }: ActionsProps) {
  const params = { id };
  const test = useWrite("testChannel", { showsError: true });
  const remove = useWrite("deleteChannel", {
    stales: ["listChannels", "listChannelStatistics"],
    onDone: () => {
      showToast({ text: `Deleted ${name}.` });
      onGone();
    },
  });
  const askAndRemove = async () => {
    const isSure = await confirm({
      title: `Delete ${name}?`,
      text:
        "Every rule that tells this channel about a job goes with it, and what it still had to " +
        "send fails. Its history stays.",
      button: "Delete the channel",
    });
    if (isSure) remove.mutate({ params });
  };
  return (
    <>
      <div className="actions">
        <button
          type="button"
          disabled={test.isPending}
          onClick={() => test.mutate({ params, body: { event } })}
        >
          {test.isPending ? "Sending" : "Send a test"}
        </button>
        <button type="button" onClick={onEdit}>
          Edit
        </button>
        <button type="button" className="danger" onClick={() => void askAndRemove()}>
          Delete
        </button>
      </div>
      <ErrorNote error={test.error} />
      {test.data && (
        <>
          <p className={`note ${test.data.verdict === "sent" ? "good" : "bad"}`} role="status">
            <span dir="auto">{test.data.reason}</span>
          </p>
          <WireExchange wire={test.data} />
        </>
      )}
    </>
  );
}
