// Flags that follow from the config of channel types, real ones and one with every kind of field.
import { type AnyChannelType, channelTypes, requestInput } from "@trigrun/contract";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import {
  addConfigFlags,
  fieldsOf,
  readConfigFlags,
  requireConfig,
  toConfig,
} from "./config-flags.ts";

// The request of a job holds every kind of field, so it serves as the config of an unknown type.
const pager: AnyChannelType = { ...channelTypes.webhook, type: "pager", config: requestInput };
const registry = { webhook: channelTypes.webhook, pager };

function parse(...argv: string[]) {
  const command = addConfigFlags(new Command().exitOverride(), registry);
  command.configureOutput({ writeErr: () => undefined });
  command.parse(argv, { from: "user" });
  return readConfigFlags(command, registry);
}

const flagsOf = (type: AnyChannelType) => fieldsOf(type).map(({ flag }) => flag);

describe("the flags of a type", () => {
  it("are the keys of its config, without second names", () => {
    expect(flagsOf(channelTypes.webhook)).toEqual(["url", "secret", "headers"]);
    expect(flagsOf(channelTypes.slack)).toEqual(["url", "mention-text", "include-output"]);
    expect(flagsOf(channelTypes.discord)).not.toContain("webhook-url");
    expect(flagsOf(channelTypes.email)).toEqual(["email"]);
  });

  it("have a form for each kind of field", () => {
    expect(fieldsOf(pager).map(({ flag, form }) => [flag, form])).toEqual([
      ["url", "text"],
      ["method", "text"],
      ["headers", "record"],
      ["body", "json"],
      ["timeout-seconds", "number"],
      ["success-statuses", "json"],
      ["follow-redirects", "boolean"],
    ]);
  });

  it.each(Object.values(channelTypes))("make the example of $type", (type) => {
    const argv = Object.entries(type.example).flatMap(([key, value]) => {
      const field = fieldsOf(type).find((candidate) => candidate.key === key);
      if (field?.form === "boolean") return value === true ? [`--${field.flag}`] : [];
      return [`--${field?.flag}`, String(value)];
    });
    const command = addConfigFlags(new Command().exitOverride());
    command.parse(argv, { from: "user" });
    const config = toConfig(type, readConfigFlags(command));
    expect(type.config.safeParse(config).success).toBe(true);
    expect(() => requireConfig(type, config)).not.toThrow();
  });
});

describe("the config", () => {
  it("is made of what was given", () => {
    const given = parse(
      ...["--url", "https://e.com/", "--headers", "a: 1", "--headers", "b:2:3"],
      ...["--timeout-seconds", "5", "--success-statuses", "[200]", "--follow-redirects"],
      ...["--body", '{"deep": [1]}'],
    );
    expect(toConfig(pager, given)).toEqual({
      url: "https://e.com/",
      headers: { a: "1", b: "2:3" },
      timeout_seconds: 5,
      success_statuses: [200],
      follow_redirects: true,
      body: { deep: [1] },
    });
  });

  it("holds a switch that was turned off, and nothing that was not named", () => {
    expect(toConfig(pager, parse("--no-follow-redirects"))).toEqual({ follow_redirects: false });
    expect(toConfig(pager, parse())).toEqual({});
  });

  it("takes one address of several possible as it is", () => {
    const command = addConfigFlags(new Command());
    command.parse(["--email", "a@example.com"], { from: "user" });
    expect(toConfig(channelTypes.email, readConfigFlags(command))).toEqual({
      email: "a@example.com",
    });
  });

  it.each([
    [["--secret", "x"], "takes no --secret"],
    [["--url", "a", "--url", "b"], "more than once"],
    [["--headers", "no colon"], "name: value"],
    [["--timeout-seconds", "soon"], "must be a number"],
    [["--body", "{"], "must be JSON"],
  ])("is refused for %j", (argv, message) => {
    expect(() => toConfig(pager, parse(...argv))).toThrow(message);
  });

  it("must have what the type requires, unless another name may cover it", () => {
    expect(() => requireConfig(channelTypes.webhook, {})).toThrow("needs --url");
    expect(() => requireConfig(channelTypes.webhook, { url: "x" })).not.toThrow();
    expect(() => requireConfig(channelTypes.slack, { webhook_url: "x" })).not.toThrow();
  });
});

describe("a key that the command uses itself", () => {
  it("gets a flag with `config-` before it", () => {
    const shape = { properties: { name: { type: "string" }, chatId: { type: "string" } } };
    // Only `toJSONSchema` of a config is looked at.
    const config = { toJSONSchema: () => shape } as unknown as AnyChannelType["config"];
    expect(flagsOf({ ...pager, config })).toEqual(["config-name", "chat-id"]);
  });
});
