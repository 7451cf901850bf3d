// Whom the job tells, and of what: its rules, to be added and removed. A rule that was removed is
// attached again by Undo.
import { type Channel, type Event, events, type Rule } from "@trigrun/contract";
import { useState } from "react";
import { Link } from "wouter";
import { Icon } from "../../components/icon.tsx";
import { ListEnd } from "../../components/list-end.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { useWrite } from "../../data/api.tsx";
import { useList } from "../../data/list.ts";
import { useMayWrite } from "../../data/me.tsx";

const pageSize = 100;
const stales = ["listRules"] as const;

const eventTexts: Readonly<Record<Event, string>> = {
  on_success: "when it succeeds",
  on_failure: "when it fails",
  on_completion: "whenever it ends",
};

export function RulesCard({ jobId }: { jobId: string }) {
  const mayWrite = useMayWrite();
  const list = useList("listRules", { params: { id: jobId }, query: { limit: pageSize } });
  const { items, isPending, error } = list;
  return (
    <section className="card">
      <h2>Tells</h2>
      {error !== null && <ErrorState error={error} again={list.again} />}
      {isPending && <Loading what="the rules" />}
      {!isPending && error === null && items.length === 0 && (
        <p className="faint">Nobody. Add a channel to hear how it went.</p>
      )}
      <ul className="plain-list">
        {items.map((rule) => (
          <RuleLine key={rule.id} {...{ rule, mayWrite }} />
        ))}
      </ul>
      <ListEnd list={list} word="Show more" />
      {mayWrite && <AddRule jobId={jobId} />}
    </section>
  );
}

function RuleLine({ rule, mayWrite }: { rule: Rule; mayWrite: boolean }) {
  const { id, job_id: jobId, channel_id: channelId, channel_name: name, event } = rule;
  const again = useWrite("addRule", { stales });
  const remove = useWrite("removeRule", {
    stales,
    onDone: () =>
      showToast({
        text: `${name} is told no more ${eventTexts[event]}.`,
        action: {
          label: "Undo",
          run: () =>
            again.mutate({ params: { id: jobId }, body: { channel_id: channelId, event } }),
        },
      }),
  });
  return (
    <li className="line">
      <span className="grow">
        <Link href={`/channels/${channelId}`} dir="auto">
          {name}
        </Link>{" "}
        {eventTexts[event]}
      </span>
      {mayWrite && (
        <button
          type="button"
          className="quiet square"
          aria-label={`Do not tell ${name} ${eventTexts[event]}`}
          title="Remove"
          disabled={remove.isPending}
          onClick={() => remove.mutate({ params: { id: jobId, rule_id: id } })}
        >
          <Icon name="close" />
        </button>
      )}
    </li>
  );
}

function AddRule({ jobId }: { jobId: string }) {
  const channels = useList("listChannels", { query: { limit: pageSize } });
  const [channelId, setChannelId] = useState("");
  const [event, setEvent] = useState<Event>("on_failure");
  const add = useWrite("addRule", { stales, onDone: () => setChannelId("") });
  if (channels.isPending || channels.error !== null) return null;
  if (channels.items.length === 0) {
    return (
      <Link href="/channels/new" className="button">
        Create a channel first
      </Link>
    );
  }
  return (
    <form
      className="rule-form"
      onSubmit={(submission) => {
        submission.preventDefault();
        if (channelId !== "") {
          add.mutate({ params: { id: jobId }, body: { channel_id: channelId, event } });
        }
      }}
    >
      <select
        aria-label="Channel to tell"
        value={channelId}
        onChange={({ target }) => {
          setChannelId(target.value);
          // The last entry asks for the next page; the list then has it.
          if (target.value === more) channels.more();
        }}
      >
        <option value="">Tell a channel…</option>
        {channels.items.map((channel: Channel) => (
          <option key={channel.id} value={channel.id}>
            {channel.name}
          </option>
        ))}
        {channels.hasMore && <option value={more}>More channels…</option>}
      </select>
      <select
        aria-label="When to tell it"
        value={event}
        onChange={({ target }) => setEvent(events.find((each) => each === target.value) ?? event)}
      >
        {events.map((each) => (
          <option key={each} value={each}>
            {eventTexts[each]}
          </option>
        ))}
      </select>
      <button type="submit" disabled={isNone(channelId) || add.isPending}>
        <Icon name="plus" /> Add
      </button>
    </form>
  );
}

const more = "more";
const isNone = (channelId: string) => channelId === "" || channelId === more;
