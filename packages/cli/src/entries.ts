// The commands of the first level. Only their names are known at first; what one needs is loaded
// when it is chosen, so that `cronctl --help` does not wait for the contract.
import type { Command } from "commander";
import type { Run } from "./leaf.ts";

/** Gives a command its flags, arguments and the commands below it. */
type Define = (command: Command, run: Run) => void;

export interface Entry {
  readonly name: string;
  readonly description: string;
  readonly load: () => Promise<Define>;
}

export const entries: readonly Entry[] = [
  {
    name: "login",
    description: "sign in, or check a token, and store it for this user",
    load: async () => (await import("./commands/login.ts")).defineLogin,
  },
  {
    name: "logout",
    description: "end the sign-in and forget the stored token",
    load: async () => (await import("./commands/login.ts")).defineLogout,
  },
  {
    name: "whoami",
    description: "show who the token is, and where",
    load: async () => (await import("./commands/login.ts")).defineWhoami,
  },
  {
    name: "overview",
    description: "show what fails, what is late and what comes next",
    load: async () => (await import("./commands/overview.ts")).defineOverview,
  },
  {
    name: "search",
    description: "find jobs, channels, executions and deliveries by name or id",
    load: async () => (await import("./commands/search.ts")).defineSearch,
  },
  {
    name: "jobs",
    description: "make, see, change, stop and run jobs",
    load: async () => (await import("./commands/jobs.ts")).defineJobs,
  },
  {
    name: "executions",
    description: "see what ran and how it went; run it again",
    load: async () => (await import("./commands/executions.ts")).defineExecutions,
  },
  {
    name: "secrets",
    description: "keep values that requests refer to as secret://name",
    load: async () => (await import("./commands/secrets.ts")).defineSecrets,
  },
  {
    name: "channels",
    description: "make, change and test notification channels",
    load: async () => (await import("./commands/channels.ts")).defineChannels,
  },
  {
    name: "rules",
    description: "decide which channel is told about which event of a job",
    load: async () => (await import("./commands/rules.ts")).defineRules,
  },
  {
    name: "deliveries",
    description: "see what was sent, or not, and why; send it again",
    load: async () => (await import("./commands/deliveries.ts")).defineDeliveries,
  },
  {
    name: "explain",
    description: "say why a notification did or did not go out",
    load: async () => (await import("./commands/explain.ts")).defineExplain,
  },
  {
    name: "next",
    description: "show when a job or a cron expression is due next",
    load: async () => (await import("./commands/next.ts")).defineNext,
  },
  {
    name: "webhooks",
    description: "verify and sign payloads, for those who write a receiver",
    load: async () => (await import("./commands/webhooks.ts")).defineWebhooks,
  },
  {
    name: "listen",
    description: "receive signed calls on this machine and show them as they come",
    load: async () => (await import("./commands/listen.ts")).defineListen,
  },
  {
    name: "tokens",
    description: "make, see and revoke API tokens",
    load: async () => (await import("./commands/tokens.ts")).defineTokens,
  },
  {
    name: "members",
    description: "see who belongs to the workspace, invite, change roles",
    load: async () => (await import("./commands/members.ts")).defineMembers,
  },
  {
    name: "workspaces",
    description: "see, switch, make and rename workspaces, and say how long they keep history",
    load: async () => (await import("./commands/workspaces.ts")).defineWorkspaces,
  },
  {
    name: "audit",
    description: "see who did what in the workspace, and from where",
    load: async () => (await import("./commands/audit.ts")).defineAudit,
  },
  {
    name: "completion",
    description: "print the completion script of a shell",
    load: async () => (await import("./commands/completion.ts")).defineCompletion,
  },
];
