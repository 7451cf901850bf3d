// Who is told how the job goes.
import { type Event, events } from "@trigrun/contract";
import { Link } from "wouter";
import { Icon } from "../../components/icon.tsx";
import { useList } from "../../data/list.ts";
import { errorAt } from "./job-draft.ts";
import type { SectionProps } from "./section.ts";

const eventLabels: Readonly<Record<Event, string>> = {
  on_failure: "When it fails",
  on_success: "When it succeeds",
  on_completion: "Whenever it ends",
};

export function RulesSection({ draft: { rules }, errors, change }: SectionProps) {
  const channels = useList("listChannels", { query: { limit: 100 } });
  const [first] = channels.items;
  const error = errorAt(errors, "notification_rules");
  const set = (at: number, part: Partial<(typeof rules)[number]>) =>
    change({ rules: rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)) });
  return (
    <section className="card">
      <h2>Notifications</h2>
      {!channels.isPending && first === undefined && (
        <p className="faint">
          There is no channel yet. <Link href="/channels/new">Create a channel</Link> to be told.
        </p>
      )}
      {rules.map(({ channelId, channelName, event }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may say the same while chosen.
        <div key={index} className="map-row">
          <select
            aria-label={`Event ${index + 1}`}
            value={event}
            // The options are the events.
            onChange={(change) => set(index, { event: change.target.value as Event })}
          >
            {events.map((each) => (
              <option key={each} value={each}>
                {eventLabels[each]}
              </option>
            ))}
          </select>
          <select
            aria-label={`Channel ${index + 1}`}
            value={channelId}
            onChange={(change) => set(index, { channelId: change.target.value })}
          >
            {!channels.items.some(({ id }) => id === channelId) && (
              <option value={channelId}>{channelName ?? "…"}</option>
            )}
            {channels.items.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="quiet square"
            aria-label={`Remove notification ${index + 1}`}
            onClick={() => change({ rules: rules.filter((_, each) => each !== index) })}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {first !== undefined && (
        <div className="actions">
          <button
            type="button"
            onClick={() =>
              change({ rules: [...rules, { channelId: first.id, event: "on_failure" }] })
            }
          >
            <Icon name="plus" /> Tell a channel
          </button>
        </div>
      )}
      {error && (
        <p className="field-error" role="alert" dir="auto">
          Notifications {error}.
        </p>
      )}
    </section>
  );
}
