// Rules of forms: each property of each channel type has a field, and what is typed becomes what
// the schema takes.
import { type AnyChannelType, channelTypes } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type FormValue, toErrors, toFields, toInput, validate } from "./schema-fields.ts";

const types = Object.values<AnyChannelType>(channelTypes);

describe("toFields", () => {
  it.each(types.map((type) => [type.type, type] as const))(
    "gives %s a field for each name it is stored by",
    (_name, type) => {
      const keys = toFields(type.config, type).map(({ key }) => key);
      const aliases = Object.entries(type.shape).filter(([, field]) => field.meta()?.alias_of);
      expect(keys.sort()).toEqual(
        Object.keys(type.shape)
          .filter((key) => !aliases.some(([alias]) => alias === key))
          .sort(),
      );
    },
  );

  it.each(types.map((type) => [type.type, type] as const))(
    "marks every credential of %s",
    (_name, type) => {
      const marked = toFields(type.config, type).filter(({ isSecret }) => isSecret);
      expect(marked.map(({ key }) => key).sort()).toEqual([...type.secrets].sort());
    },
  );

  it("asks for the address once, though it has two names", () => {
    const [url] = toFields(channelTypes.slack.config, channelTypes.slack);
    expect(url).toMatchObject({ key: "url", label: "URL", isRequired: true, kind: "url" });
  });

  it("reads kinds, defaults and choices", () => {
    const fields = toFields(channelTypes.pagerduty.config, channelTypes.pagerduty);
    expect(fields.find(({ key }) => key === "severity")).toMatchObject({
      ...{ kind: "choice", fallback: "error", isRequired: false },
      options: ["critical", "error", "warning", "info"],
    });
    expect(fields.find(({ key }) => key === "include_output")?.kind).toBe("boolean");
  });
});

describe("toInput", () => {
  it.each(types.map((type) => [type.type, type] as const))(
    "turns what a person types for %s into its example",
    (_name, type) => {
      const fields = toFields(type.config, type);
      const typed = Object.entries(type.example).map(([key, value]): [string, FormValue] => {
        if (typeof value === "boolean") return [key, value];
        return [key, Array.isArray(value) ? value.join(", ") : String(value)];
      });
      const input = toInput(fields, Object.fromEntries(typed));
      expect(validate(type.config, input)).toEqual({});
      expect(type.config.parse(input)).toEqual(type.config.parse(type.example));
    },
  );

  it("leaves out what is empty, and headers without a name", () => {
    const fields = toFields(channelTypes.webhook.config, channelTypes.webhook);
    const headers = [
      ["x-team", "ops"],
      [" ", "lost"],
    ] as const;
    expect(toInput(fields, { url: " https://example.com ", secret: "", headers })).toEqual({
      url: "https://example.com",
      headers: { "x-team": "ops" },
    });
  });

  it("lets the schema complain about what is no number", () => {
    const schema = z.strictObject({ count: z.number() });
    expect(validate(schema, toInput(toFields(schema), { count: "many" }))).toHaveProperty("count");
  });
});

describe("toErrors", () => {
  it("puts each complaint of the API at its field", () => {
    const details = [
      { path: "config.headers.x-a", message: "must be one line" },
      { path: "config.url", message: "must be on slack.com" },
      { path: "config.url", message: "is long" },
      { path: "name", message: "is taken" },
    ];
    expect(toErrors(details, "config")).toEqual({
      headers: "must be one line",
      url: "must be on slack.com",
    });
    expect(toErrors(details)).toMatchObject({ name: "is taken" });
  });

  it("says that a field is missing, in two words", () => {
    expect(validate(channelTypes.telegram.config, {})).toMatchObject({
      bot_token: expect.stringMatching(/required|must be/),
    });
  });
});
