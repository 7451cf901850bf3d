// The channel type `opsgenie`: alerts of Opsgenie, or of Jira Service Management, which took over
// its Alert API. A failure opens the job's alert, the next success closes it; a cancelled execution
// is a note on an open alert, and nothing where there is none. A digest and the warning about a
// channel are alerts of their own, which a person closes.
import { z } from "zod";
import { defineChannel, type Notice } from "./channel.ts";
import { credential } from "./credential.ts";
import { toIncidentKey } from "./incident-key.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { judgeOpsgenie } from "./opsgenie-verdict.ts";
import { toPlainMessage } from "./plain-message.ts";
import { toPlainLine } from "./plain-text.ts";
import { characters } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import { isAlarming, type Summary } from "./summary.ts";

// https://docs.opsgenie.com/docs/alert-api#create-alert. HTML in a message is shown as HTML
// (https://docs.opsgenie.com/docs/alerts-and-alert-fields), so nothing foreign may look like it.
const limits = {
  message: 130,
  description: 15_000,
  entity: 512,
  // `alias` may have 512; ours have about 50. `details` may have 8,000 in all; ours about 300.
  // Ours: a note may be longer than a description, but has no more to say.
  note: 15_000,
  lead: 1500,
};

const endpoints = {
  us: "https://api.opsgenie.com/v2/alerts",
  eu: "https://api.eu.opsgenie.com/v2/alerts",
  // https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v1/api-group-integration-events/
  jsm: "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
};

const source = "TrigRun";

const config = z.strictObject({
  api_key: credential.meta({ description: "Key of an API integration that may create alerts." }),
  region: z.enum(["us", "eu", "jsm"]).default("us").meta({
    description:
      "Where the key is from: Opsgenie `us` (default) or `eu`, or Jira Service Management `jsm`.",
  }),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]).default("P3").meta({
    description: "Priority of the alert, from `P1`, the highest, to `P5`. Default: `P3`.",
  }),
  include_output: includeOutput,
});

// For what nobody has to be woken for.
const lowest = "P5";

type Priority = z.output<typeof config>["priority"];

export const opsgenie = defineChannel({
  type: "opsgenie",
  label: "Opsgenie and Jira Service Management",
  summary: "Open an alert when a job fails, and close it when the job succeeds again.",
  config,
  secrets: ["api_key"],
  // Ours: https://docs.opsgenie.com/docs/api-rate-limiting counts by account and size of the plan,
  // and names no number. Never a digest: each event opens or closes an alert of its own.
  pace: { perMinute: 60, burst: 10, overflow: "wait" },
  destination: ({ region, api_key }) => `${region} ${api_key}`,
  example: { api_key: "your-api-integration-key", priority: "P2", include_output: true },
  render: (notice, { api_key, region, priority }) => {
    const [path, json] = toAction(notice, priority);
    return toJsonPost(`${endpoints[region]}${path}`, json, {
      authorization: `GenieKey ${api_key}`,
    });
  },
  judge: judgeOpsgenie,
});

function toAction(notice: Notice, priority: Priority): [path: string, json: object] {
  const summary = summarize(notice);
  if (notice.kind !== "execution" || notice.event.data.execution.status === "failed") {
    return ["", toAlert(notice, summary, isAlarming(summary.tone) ? priority : lowest)];
  }
  const alert = `/${toIncidentKey(notice)}`;
  switch (notice.event.data.execution.status) {
    case "succeeded":
      return [`${alert}/close?identifierType=alias`, toNote(summary)];
    case "cancelled":
      return [`${alert}/notes?identifierType=alias`, toNote(summary)];
  }
}

function toAlert(notice: Notice, summary: Summary, priority: Priority) {
  return {
    message: characters.cutTo(summary.title, limits.message),
    alias: toIncidentKey(notice),
    description: toText(summary, limits.description),
    tags: ["trigrun", tagOf(notice)],
    details: Object.fromEntries(summary.facts.map(({ label, value }) => [label, value])),
    ...toEntity(notice),
    source,
    priority,
  };
}

/** The kind of job, so that rules of the team can tell them apart; else what is told. */
function tagOf({ kind, event }: Notice): string {
  return kind === "execution" ? event.data.job.kind : event.data.event;
}

/** What broke, where that is one thing. */
function toEntity({ kind, event }: Notice) {
  switch (kind) {
    case "execution":
      return { entity: toPlainLine(event.data.job.name, limits.entity) };
    case "digest":
      return {};
    case "warning":
      return { entity: toPlainLine(event.data.channel.name, limits.entity) };
  }
}

function toNote(summary: Summary) {
  const title = characters.cutTo(summary.title, limits.message);
  const room = limits.note - title.length - 2;
  return { user: source, source, note: `${title}\n\n${toText(summary, room)}` };
}

function toText(summary: Summary, max: number): string {
  return toPlainMessage(summary, { max, lead: limits.lead, ruler: characters, hasLink: true });
}
