// Channels, and what one message looked like on the wire, as people read them.
import type { Answer, Channel, Exchange, TrigRunApi } from "@trigrun/contract";
import { neutralise } from "../display.ts";
import { toLength } from "../moments.ts";
import {
  type Column,
  type Detail,
  exact,
  relative,
  renderDetails,
  renderTable,
  type View,
} from "../render.ts";
import { renderExchange } from "./exchange.ts";

type Health = Answer<TrigRunApi["listChannelStatistics"]>["items"][number];

/** `health` holds how the deliveries of each channel went lately. */
export function renderChannels(
  channels: readonly Channel[],
  health: readonly Health[],
  view: View,
): string {
  const byId = new Map(health.map((entry) => [entry.channel_id, entry]));
  const told = (text: (entry: Health) => string) => (channel: Channel) => {
    const entry = byId.get(channel.id);
    return entry === undefined ? "-" : text(entry);
  };
  const column = (title: string, text: (entry: Health) => string): Column<Channel> => ({
    ...{ title, text: told(text), isRigid: true, isOptional: true },
  });
  const columns: Column<Channel>[] = [
    { title: "NAME", text: (channel) => channel.name },
    { title: "TYPE", text: (channel) => channel.type, isRigid: true },
    {
      title: "STATE",
      text: stateText,
      tone: (channel) => (channel.disabled_at === null ? "good" : "bad"),
      isRigid: true,
    },
    column("SENT", ({ sent }) => String(sent)),
    column("FAILED", ({ failed }) => String(failed)),
    column("WAITING", ({ waiting }) => String(waiting)),
    {
      ...column("STREAK", streakText),
      tone: (channel) => ((byId.get(channel.id)?.failures_in_row ?? 0) === 0 ? undefined : "bad"),
    },
    column("LAST SENT", ({ last_sent_at: at }) => relative(at, view)),
    column("P50", ({ latency_p50_ms: ms }) => latencyText(ms)),
    column("P95", ({ latency_p95_ms: ms }) => latencyText(ms)),
    {
      title: "CONFIG",
      text: (channel) => configTexts(channel.config).join(", "),
      isOptional: true,
    },
    // Commands take names, so the id is the first to go where there is no room.
    { title: "ID", text: (channel) => channel.id, isRigid: true, isOptional: true },
  ];
  return renderTable(columns, channels, view);
}

function stateText(channel: Channel): string {
  return channel.disabled_at === null ? "enabled" : "disabled";
}

/** "3 failed" since the last success. */
function streakText({ failures_in_row: failures }: Health): string {
  return failures === 0 ? "-" : `${failures} failed`;
}

function latencyText(ms: number | null): string {
  return ms === null ? "-" : toLength(ms);
}

export function renderChannel(channel: Channel, view: View): string {
  const { disabled_at: disabledAt, disabled_reason: reason } = channel;
  const disabled: (Detail | undefined)[] =
    disabledAt === null
      ? []
      : [["Since", exact(disabledAt, view)], reason === null ? undefined : ["Why", reason]];
  return renderDetails(
    [
      ["Channel", channel.name, "strong"],
      ["Id", channel.id],
      ["Type", channel.type],
      ["State", stateText(channel), disabledAt === null ? "good" : "bad"],
      ...disabled,
      ["Config", configTexts(channel.config)],
      ["Pace", paceText(channel.pace)],
      ["Retry", retryText(channel.retry.schedule_seconds)],
      ["Created", exact(channel.created_at, view)],
      ["Changed", exact(channel.updated_at, view)],
    ],
    view,
  );
}

function paceText(pace: Channel["pace"]): string {
  if (pace === null) return "no limit";
  const { max_per_minute: rate, burst, overflow } = pace;
  const rest = overflow === "digest" ? "is told in one digest" : "waits for its turn";
  return `${rate} a minute, ${burst} at once; what comes faster ${rest}`;
}

function retryText(seconds: readonly number[]): string {
  const waits = seconds.map((wait) => toLength(wait * 1000)).join(", ");
  return `${seconds.length + 1} tries, with waits of ${waits} between them`;
}

/** How the deliveries went that were made since `from`. */
export function renderHealth(health: Health, from: string, view: View): string {
  const { latency_p50_ms: p50, latency_p95_ms: p95, failures_in_row: failures } = health;
  const { last_sent_at: lastSentAt, failing_since: failingSince } = health;
  return renderDetails(
    [
      ["Made since", exact(from, view)],
      ["Sent", String(health.sent)],
      ["Failed", String(health.failed)],
      ["Waiting", String(health.waiting)],
      p50 === null || p95 === null
        ? undefined
        : ["Latency", `half within ${toLength(p50)}, 95 % within ${toLength(p95)}`],
      ["Last sent", lastSentAt === null ? "none" : exact(lastSentAt, view)],
      failures === 0
        ? undefined
        : [
            "Streak",
            `${failures} failed ${failures === 1 ? "try" : "tries"} in a row` +
              (failingSince === null ? "" : ` since ${exact(failingSince, view)}`),
            "bad",
          ],
    ],
    view,
  );
}

function configTexts(config: Channel["config"]): string[] {
  return Object.entries(config).map(
    ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
}

const verdictTexts: Readonly<Record<Exchange["verdict"], string>> = {
  sent: "Delivered.",
  retry: "Not delivered; a real delivery would be tried again.",
  permanent: "Not delivered, and trying again would not help.",
};

/** The whole exchange of a test. */
export function renderTest(exchange: Exchange, view: View): string {
  const verdict = view.paint(exchange.verdict === "sent" ? "good" : "bad", verdictText(exchange));
  return [`${verdict} ${neutralise(exchange.reason)}`, renderExchange(exchange)].join("\n\n");
}

function verdictText({ verdict }: Exchange): string {
  return verdictTexts[verdict];
}
