// The channel types: one line for each, and nothing else anywhere. `index.ts` and everything after
// it (API, OpenAPI, CLI, sender, test suite) derive from this list.
export { discord } from "./discord.ts";
export { email } from "./email.ts";
export { slack } from "./slack.ts";
export { webhook } from "./webhook.ts";
