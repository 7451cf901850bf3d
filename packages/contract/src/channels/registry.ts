// The channel types: one line for each, and nothing else anywhere. `index.ts` and everything after
// it (API, OpenAPI, CLI, sender, test suite) derive from this list.
export { discord } from "./discord.ts";
export { email } from "./email.ts";
export { googleChat as google_chat } from "./google-chat.ts";
export { gotify } from "./gotify.ts";
export { mattermost } from "./mattermost.ts";
export { ntfy } from "./ntfy.ts";
export { opsgenie } from "./opsgenie.ts";
export { pagerduty } from "./pagerduty.ts";
export { pushover } from "./pushover.ts";
export { slack } from "./slack.ts";
export { teams } from "./teams.ts";
export { telegram } from "./telegram.ts";
export { webhook } from "./webhook.ts";
