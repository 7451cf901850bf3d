// How a channel does: what was sent and what failed lately, how quick it is, and why it is
// disabled, with the way to enable it.
import { ErrorState } from "../../components/states.tsx";
import { showToast } from "../../components/toast.ts";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useRead, useWrite } from "../../data/api.tsx";
import { useEveryMs } from "../../data/live.ts";
import { useMayWrite } from "../../data/me.tsx";
import { toDuration } from "../../data/time.ts";

type Channel = AnswerOf<"getChannel">;
type Statistics = AnswerOf<"listChannelStatistics">["items"][number];

export function ChannelHealth({ channel }: { channel: Channel }) {
  const everyMs = useEveryMs();
  const { data, error, refetch } = useRead("listChannelStatistics", undefined, { everyMs });
  const own = data?.items.find((each) => each.channel_id === channel.id);
  return (
    <section className="panel" aria-label="Health">
      <h3>Last 7 days</h3>
      {error !== null && <ErrorState error={error} again={() => void refetch()} />}
      {data !== undefined && own === undefined && <p className="faint">Nothing was sent.</p>}
      {own !== undefined && <Numbers own={own} />}
      {channel.disabled_at !== null && <Disabled channel={channel} waiting={own?.waiting ?? 0} />}
    </section>
  );
}

function Numbers({ own }: { own: Statistics }) {
  const { latency_p50_ms: p50, latency_p95_ms: p95, failing_since: since } = own;
  return (
    <dl className="facts">
      <dt>Sent</dt>
      <dd>{own.sent}</dd>
      <dt>Failed</dt>
      <dd className={own.failed > 0 ? "bad-text" : ""}>{own.failed}</dd>
      <dt>Waiting</dt>
      <dd>{own.waiting}</dd>
      <dt>Answers in</dt>
      <dd>
        {p50 === null || p95 === null
          ? "not known yet"
          : `${toDuration(p50)} mostly, ${toDuration(p95)} at the 95th percentile`}
      </dd>
      <dt>Last sent</dt>
      <dd>
        <When at={own.last_sent_at} none="not lately" isAlone />
      </dd>
      {own.failures_in_row > 0 && (
        <>
          <dt>Failing</dt>
          <dd className="bad-text">
            {own.failures_in_row} tries in a row, the first <When at={since} isAlone />
          </dd>
        </>
      )}
    </dl>
  );
}

function Disabled({ channel, waiting }: { channel: Channel; waiting: number }) {
  const mayWrite = useMayWrite();
  const enable = useWrite("enableChannel", {
    stales: ["listChannels", "getChannel", "listChannelStatistics"],
    onDone: ({ waited }, input) => {
      const fate = input.body?.waiting === "discard" ? "discarded" : "on their way";
      const rest = waited > 0 ? ` ${waited} that waited: ${fate}.` : "";
      showToast({ text: `Enabled ${channel.name}.${rest}`, tone: "good" });
    },
  });
  const params = { id: channel.id };
  return (
    <div className="note warn">
      <p dir="auto">
        Disabled <When at={channel.disabled_at} isAlone />: {channel.disabled_reason}
      </p>
      {mayWrite && (
        <div className="actions">
          <button type="button" onClick={() => enable.mutate({ params })}>
            {waiting > 0 ? `Enable and send ${waiting} that wait` : "Enable"}
          </button>
          {waiting > 0 && (
            <button
              type="button"
              onClick={() => enable.mutate({ params, body: { waiting: "discard" } })}
            >
              Enable and discard them
            </button>
          )}
        </div>
      )}
    </div>
  );
}
