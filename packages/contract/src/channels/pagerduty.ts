// The channel type `pagerduty`: alert events of the Events API v2. A failure opens the job's alert,
// the next success resolves it; a cancelled execution is told as a change event, which rings nobody
// and leaves an open alert as it is.
import { z } from "zod";
import { text } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toIncidentKey } from "./incident-key.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { judgePagerDuty } from "./pagerduty-verdict.ts";
import { toPlain, toPlainLine } from "./plain-text.ts";
import { linkText, type Summary, summarize } from "./summary.ts";
import { cut } from "./text.ts";

const limits = {
  // https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/02-Trigger-Events.md
  summary: 1024,
  // `dedup_key` may have 255; ours have about 50.
  // Ours: the whole event may have 512 KB, but nobody reads more of an output on a pager.
  output: 10_000,
  // Ours: none is documented for the names of sources and components.
  name: 255,
};

// https://support.pagerduty.com/docs/safelist-ips names both hosts; the paths are those of
// https://github.com/PagerDuty/developer-docs/tree/main/docs/events-API-v2
const servers = {
  us: "https://events.pagerduty.com/v2",
  eu: "https://events.eu.pagerduty.com/v2",
};

const config = z.strictObject({
  // PagerDuty documents the length alone.
  routing_key: z
    .string()
    .regex(/^[\x21-\x7e]{32}$/, "must be an integration key of the Events API v2: 32 characters")
    .meta({ description: "Integration key of a service's Events API v2 integration." }),
  severity: z.enum(["critical", "error", "warning", "info"]).default("error").meta({
    description: "How grave a failure is: `critical`, `error` (default), `warning`, `info`.",
  }),
  region: z
    .enum(["us", "eu"])
    .default("us")
    .meta({ description: "Where the account is: `us` (default) or `eu`." }),
  group: text(1, limits.name)
    .optional()
    .meta({ description: "Logical grouping of the alert, such as `billing`." }),
  include_output: includeOutput,
});

type Config = z.output<typeof config>;

export const pagerduty = defineChannel({
  type: "pagerduty",
  label: "PagerDuty",
  summary: "Trigger an alert when a job fails, and resolve it when the job succeeds again.",
  config,
  secrets: ["routing_key"],
  example: {
    routing_key: "0123456789abcdef0123456789abcdef",
    severity: "critical",
    include_output: true,
  },
  render: (notice, { region, ...rest }) => {
    const isCancelled = notice.event.data.execution.status === "cancelled";
    return isCancelled
      ? toJsonPost(`${servers[region]}/change/enqueue`, toChange(notice, rest))
      : toJsonPost(`${servers[region]}/enqueue`, toAlert(notice, rest));
  },
  judge: judgePagerDuty,
});

function toAlert(notice: Notice, { routing_key, severity, group }: Omit<Config, "region">) {
  const summary = summarize(notice);
  const { job } = notice.event.data;
  const isFailed = summary.status === "failed";
  const link = summary.link === null ? {} : { client_url: summary.link };
  return {
    routing_key,
    event_action: isFailed ? "trigger" : "resolve",
    dedup_key: toIncidentKey(notice),
    // PagerDuty needs none of it to resolve, but whoever looks at the event does.
    payload: {
      ...toPayload(notice, summary),
      severity: isFailed ? severity : "info",
      component: toPlainLine(job.name, limits.name),
      class: notice.event.type,
      ...(group === undefined ? {} : { group }),
    },
    ...toLinks(summary),
    client: "TrigRun",
    ...link,
  };
}

/** A change has no severity and no component, and no key that would tie it to an alert. */
function toChange(notice: Notice, { routing_key }: Pick<Config, "routing_key">) {
  const summary = summarize(notice);
  return { routing_key, payload: toPayload(notice, summary), ...toLinks(summary) };
}

function toPayload({ event, isTest }: Notice, summary: Summary) {
  const story = `${isTest ? "[Test] " : ""}${summary.lead}`;
  const output =
    summary.output === null ? {} : { Output: cut(summary.output, limits.output, toPlain) };
  const facts = summary.facts.map(({ label, value }) => [label, value]);
  return {
    summary: cut(story, limits.summary, toPlain),
    source: sourceOf(summary.link),
    timestamp: event.timestamp,
    custom_details: { ...Object.fromEntries(facts), ...output },
  };
}

/** "Preferably a hostname": that of this TrigRun. */
function sourceOf(link: string | null): string {
  return link === null ? "TrigRun" : new URL(link).host;
}

function toLinks({ link }: Summary) {
  return link === null ? {} : { links: [{ href: link, text: linkText }] };
}
