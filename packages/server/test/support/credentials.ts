// A channel of every type with credentials of its own, none of which stands in for another: what
// leaks can be told from where. Their addresses lead to one receiver of the test.
import type { ChannelTypeName } from "@trigrun/contract";

/** The credentials alone, as a receiver would quote them, by the channel that has them. */
export const credentials = {
  webhook: {
    signing: "whsec_c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhay8rKw==",
    key: "c2VjcmV0LXRoYXQtbXVzdC1ub3QtbGVhay8rKw==",
    header: 'header "quoted" s3cr3t/\\&<x>',
    login: "robot:pa55-word/basic+",
    password: "pa55-word/basic+",
  },
  slack: { token: "SlackTokenSlackToken1234" },
  discord: { token: "DiscordToken_DiscordToken-DiscordToken0123456789" },
  email: {},
  telegram: { token: "AAE-telegram-token-of-35-characters" },
  teams: { signature: "TeamsSignature-of_a.workflow/with+signs" },
  pagerduty: { key: "pagerdutykey0123456789abcdef0123" },
  opsgenie: { key: "opsgenie-key-4711-of-the-integration" },
  ntfy: { topic: "ntfy-topic-that-is-a-password", token: "tk_ntfyaccesstoken0815" },
  pushover: { app: "pushoverApplication00000000001", user: "pushoverUserOrGroup00000000002" },
  mattermost: { key: "mattermostkey26lettersabcd" },
  google_chat: { key: "AIzaGoogleChatKey-0123", token: "google/chat+token=signs%" },
  gotify: { token: "AgotifyToken.17" },
} as const satisfies Record<ChannelTypeName, Record<string, string>>;

export const rotatedSecret = "a-rotated-secret-that-must-not-leak";
export const smtpPassword = "smtp/pa55+word of the operator";

export const secretTexts: readonly string[] = [
  ...Object.values(credentials).flatMap((each) => Object.values<string>(each)),
  ...[rotatedSecret, smtpPassword],
];

/** The config of each type; `url` is where the receiver listens. */
export function toConfigs(url: string): Record<ChannelTypeName, Record<string, unknown>> {
  const all = credentials;
  const basic = Buffer.from(all.webhook.login).toString("base64");
  const workflow = `${url}/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke`;
  const query = new URLSearchParams(all.google_chat).toString();
  return {
    webhook: {
      url: `${url}/hook`,
      secret: all.webhook.signing,
      headers: { Authorization: `Bearer ${all.webhook.header}`, "X-Basic": `Basic ${basic}` },
    },
    slack: { url: `${url}/services/T00/B00/${all.slack.token}`, include_output: true },
    discord: { url: `${url}/api/webhooks/12345678901234567/${all.discord.token}` },
    email: { email: "team@example.com" },
    telegram: { api_url: url, bot_token: `123456789:${all.telegram.token}`, chat_id: "-100" },
    teams: { url: `${workflow}?sig=${encodeURIComponent(all.teams.signature)}&sv=1.0` },
    pagerduty: { routing_key: all.pagerduty.key },
    opsgenie: { api_key: all.opsgenie.key },
    ntfy: { url, topic: all.ntfy.topic, access_token: all.ntfy.token },
    pushover: { app_token: all.pushover.app, user_key: all.pushover.user },
    mattermost: { url: `${url}/hooks/${all.mattermost.key}` },
    google_chat: { url: `${url}/v1/spaces/AAAA/messages?${query}` },
    gotify: { url, app_token: all.gotify.token },
  };
}
