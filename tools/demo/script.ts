// What the story must bring about, as data: the channels, the rules, the two executions, and which
// delivery belongs to which. It is written down apart from the product's own tables, to test them.

export const jobName = "nightly-backup";

export const channelNames = {
  webhook: "ops-webhook",
  audit: "audit-log",
  email: "team-email",
  slack: "slack-alerts",
  discord: "discord-alerts",
} as const;
export type ChannelName = (typeof channelNames)[keyof typeof channelNames];

export interface Telling {
  readonly channel: ChannelName;
  readonly event: "on_success" | "on_failure" | "on_completion";
  /** How often the receiver must be called until it takes it. */
  readonly tries: number;
}

export interface Run {
  readonly trigger: "schedule" | "replay";
  readonly status: "failed" | "succeeded";
  /** The answers of the target, one an attempt. */
  readonly answers: readonly number[];
  readonly tells: readonly Telling[];
}

/** The ops-webhook is answered 500 so often before it is taken: see that it is tried again. */
export const webhookFailures = 1;

const { webhook, audit, email, slack, discord } = channelNames;

export const failedRun: Run = {
  trigger: "schedule",
  status: "failed",
  answers: [503, 503, 503],
  tells: [
    { channel: webhook, event: "on_failure", tries: 1 + webhookFailures },
    { channel: email, event: "on_failure", tries: 1 },
    { channel: slack, event: "on_failure", tries: 1 },
    { channel: discord, event: "on_failure", tries: 1 },
    { channel: audit, event: "on_completion", tries: 1 },
  ],
};

export const mendedRun: Run = {
  trigger: "replay",
  status: "succeeded",
  answers: [503, 200],
  tells: [
    { channel: webhook, event: "on_success", tries: 1 },
    { channel: email, event: "on_success", tries: 1 },
    { channel: slack, event: "on_success", tries: 1 },
    { channel: discord, event: "on_success", tries: 1 },
    { channel: audit, event: "on_completion", tries: 1 },
  ],
};
