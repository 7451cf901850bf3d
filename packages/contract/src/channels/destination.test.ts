// What channels share a pace: those whose receiver counts them as one.
import { describe, expect, it } from "vitest";
import { channelTypes } from "./index.ts";

type Name = keyof typeof channelTypes;

function destinationOf(type: Name, changes: Record<string, unknown> = {}): string {
  const { config, example, destination } = channelTypes[type];
  return destination(config.parse({ ...example, ...changes }));
}

describe("the destination", () => {
  it.each(Object.keys(channelTypes) as Name[])("of %s is that of any channel like it", (type) => {
    expect(destinationOf(type)).toBe(destinationOf(type, {}));
    expect(destinationOf(type)).toMatch(new RegExp(`^${type} .`));
  });

  it.each([
    ["slack", { mention_text: "@here" }, { url: "https://hooks.slack.com/services/T00/B00/yyy" }],
    [
      "discord",
      { thread_id: undefined },
      { url: "https://discord.com/api/webhooks/12345678901234567/y" },
    ],
    ["telegram", { message_thread_id: 5 }, { chat_id: "-100999" }],
    ["ntfy", { topic: "other" }, { url: "https://ntfy.example.com" }],
    ["email", { email: ["team@example.com"] }, { email: "other@example.com" }],
    ["pushover", { priority: 0 }, { user_key: "a".repeat(30) }],
    ["pagerduty", { severity: "info" }, { region: "eu" }],
    ["opsgenie", { priority: "P5" }, { region: "eu" }],
    ["gotify", { priority: 1 }, { app_token: "AbCdEfGhIjKlMnX" }],
    ["mattermost", { channel: "x" }, { url: "https://mattermost.example.com/hooks/other" }],
    ["webhook", { secret: "other" }, { url: "https://api.example.com/other" }],
  ] as const)("of %s is the same with %j, and another with %j", (type, same, other) => {
    expect(destinationOf(type, same)).toBe(destinationOf(type));
    expect(destinationOf(type, other)).not.toBe(destinationOf(type));
  });

  it("of mail does not hang on the order of its addresses", () => {
    expect(destinationOf("email", { email: "a@example.com,b@example.com" })).toBe(
      destinationOf("email", { email: "b@example.com, a@example.com" }),
    );
  });

  it("of a Google Chat webhook is its space, which all its webhooks share", () => {
    const url = "https://chat.googleapis.com/v1/spaces/AAAAexample/messages?key=k&token=another";
    expect(destinationOf("google_chat", { url })).toBe(destinationOf("google_chat"));
  });

  it("does not hang on how an address is spelt", () => {
    const url = "https://API.example.com:443/hooks/cron#part";
    expect(destinationOf("webhook", { url })).toBe(destinationOf("webhook"));
  });
});

describe("the pace", () => {
  const paces = Object.values(channelTypes).map(({ type, pace }) => ({ type, pace }));

  it("is one for people, and none for programs", () => {
    for (const { type, pace } of paces) {
      if (type === "webhook") expect(pace).toBeUndefined();
      else expect(pace).toMatchObject({ perMinute: expect.any(Number), burst: expect.any(Number) });
      if (pace) expect(Math.min(pace.perMinute, pace.burst)).toBeGreaterThanOrEqual(1);
    }
  });

  it("never folds what opens and closes alerts", () => {
    const waiting = paces.filter(({ pace }) => pace?.overflow === "wait").map(({ type }) => type);
    expect(waiting).toEqual(["opsgenie", "pagerduty"]);
  });
});
