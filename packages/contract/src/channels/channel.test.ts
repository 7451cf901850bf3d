// `defineChannel` over a type of its own: defaults, aliases, and configs it refuses.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { makeNotice } from "../../test/notices.ts";
import { defineChannel, hidden, type Message } from "./channel.ts";

const message: Message = {
  kind: "http",
  method: "POST",
  url: "https://a.example",
  headers: {},
  body: "",
  isSigned: false,
};

const words = {
  type: "pager",
  label: "Pager",
  summary: "Beeps.",
  destination: () => "1",
  render: () => message,
} as const;

const config = z
  .strictObject({
    number: z.string().optional(),
    phone: z.string().optional().meta({ alias_of: "number" }),
  })
  .transform(({ number, phone }) => ({ number: number ?? phone ?? "" }));

describe("defineChannel", () => {
  const pager = defineChannel({ ...words, config, secrets: ["number"], example: { number: "1" } });

  it("finds the fields behind a transform", () => {
    expect(Object.keys(pager.shape)).toEqual(["number", "phone"]);
  });

  it("hides a credential whole where the type does not say how", () => {
    expect(pager.mask("number", "555-1234")).toBe(hidden);
  });

  it("judges by status where the type does not say how", () => {
    expect(pager.judge({ statusCode: 404, headers: {}, body: "" }).verdict).toBe("retry");
  });

  it("renders with the config of its own schema", () => {
    expect(pager.render(makeNotice("failed"), { number: "1" })).toBe(message);
  });

  it("renames aliases, and leaves a field beside its alias for the schema to refuse", () => {
    expect(pager.renameAliases({ phone: "1" })).toEqual({ number: "1" });
    expect(pager.renameAliases({ number: "1", phone: "2" })).toEqual({ number: "1", phone: "2" });
    expect(pager.renameAliases({ other: null })).toEqual({ other: null });
  });

  it("refuses a config that does not begin with an object", () => {
    const record = z.record(z.string(), z.string());
    expect(() => defineChannel({ ...words, config: record, secrets: [], example: {} })).toThrow(
      "pager",
    );
  });
});
