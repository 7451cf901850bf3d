// The channel type `pagerduty`: alert events of the Events API v2. A failure opens the job's alert,
// the next success resolves it. What rings nobody is a change event, which leaves an open alert as
// it is: a cancelled execution, a digest without failures.
import { z } from "zod";
import { text } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toIncidentKey } from "./incident-key.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { fitList, listHeading } from "./listing.ts";
import { judgePagerDuty } from "./pagerduty-verdict.ts";
import { toPlain, toPlainLine } from "./plain-text.ts";
import { summarize } from "./summarize.ts";
import { isAlarming, type Summary, type Tone } from "./summary.ts";
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
  // https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/05-Rate-Limits.md: about
  // 120 a minute for a key. Never a digest: each event opens or resolves an alert of its own.
  pace: { perMinute: 110, burst: 10, overflow: "wait" },
  destination: ({ region, routing_key }) => `${region} ${routing_key}`,
  example: {
    routing_key: "0123456789abcdef0123456789abcdef",
    severity: "critical",
    include_output: true,
  },
  render: (notice, { region, ...rest }) => {
    const summary = summarize(notice);
    const action = actionOf(notice, summary.tone);
    return action === null
      ? toJsonPost(`${servers[region]}/change/enqueue`, toChange(notice, summary, rest))
      : toJsonPost(`${servers[region]}/enqueue`, toAlert(notice, summary, action, rest));
  },
  judge: judgePagerDuty,
});

type Action = "trigger" | "resolve";

/** Null for what is no alert. Only the success of a job resolves: a digest has none of its own. */
function actionOf(notice: Notice, tone: Tone): Action | null {
  if (isAlarming(tone)) return "trigger";
  return notice.kind === "execution" && tone === "succeeded" ? "resolve" : null;
}

function toAlert(
  notice: Notice,
  summary: Summary,
  action: Action,
  { routing_key, severity, group }: Omit<Config, "region">,
) {
  const component = componentOf(notice);
  const link = summary.link === null ? {} : { client_url: summary.link };
  return {
    routing_key,
    event_action: action,
    dedup_key: toIncidentKey(notice),
    // PagerDuty needs none of it to resolve, but whoever looks at the event does.
    payload: {
      ...toPayload(notice, summary),
      severity: severityOf(summary.tone, severity),
      ...(component === null ? {} : { component: toPlainLine(component, limits.name) }),
      class: notice.event.type,
      ...(group === undefined ? {} : { group }),
    },
    ...toLinks(summary),
    client: "TrigRun",
    ...link,
  };
}

/** A channel that tells nobody anything is no failure yet. */
function severityOf(tone: Tone, ofFailures: Config["severity"]): Config["severity"] {
  if (tone === "warning") return "warning";
  return tone === "failed" ? ofFailures : "info";
}

/** What broke, where that is one thing. */
function componentOf({ kind, event }: Notice): string | null {
  switch (kind) {
    case "execution":
      return event.data.job.name;
    case "digest":
      return null;
    case "warning":
      return event.data.channel.name;
  }
}

/** A change has no severity and no component, and no key that would tie it to an alert. */
function toChange(notice: Notice, summary: Summary, { routing_key }: Pick<Config, "routing_key">) {
  return { routing_key, payload: toPayload(notice, summary), ...toLinks(summary) };
}

function toPayload({ event, isTest }: Notice, summary: Summary) {
  const story = `${isTest ? "[Test] " : ""}${summary.lead}`;
  const output =
    summary.output === null ? {} : { Output: cut(summary.output, limits.output, toPlain) };
  const list = summary.list === null ? {} : { [listHeading]: fitList(summary.list, limits.output) };
  const facts = summary.facts.map(({ label, value }) => [label, value]);
  return {
    summary: cut(story, limits.summary, toPlain),
    source: sourceOf(summary.link),
    timestamp: event.timestamp,
    custom_details: { ...Object.fromEntries(facts), ...output, ...list },
  };
}

/** "Preferably a hostname": that of this TrigRun. */
function sourceOf(link: string | null): string {
  return link === null ? "TrigRun" : new URL(link).host;
}

function toLinks({ link, linkText }: Summary) {
  return link === null ? {} : { links: [{ href: link, text: linkText }] };
}
