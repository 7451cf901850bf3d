// What of a channel's form stays when another type is chosen.
import { type AnyChannelType, channelTypes } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { toFields } from "../../forms/schema-fields.ts";
import { emptyDraft, toTypeValues, withTypeValues } from "./channel-draft.ts";

const fieldsOf = (type: keyof typeof channelTypes) => {
  const definition: AnyChannelType = channelTypes[type];
  return toFields(definition.config, definition);
};

describe("the draft of a channel", () => {
  const typed = { url: "https://example.com/hook", secret: "whsec_typed" };
  const draft = withTypeValues(emptyDraft, "webhook", fieldsOf("webhook"), typed);

  it("keeps what was typed for a type while another one is looked at", () => {
    const other = withTypeValues(draft, "email", fieldsOf("email"), { email: "a@example.com" });
    expect(toTypeValues(other, "webhook", fieldsOf("webhook"))).toEqual(typed);
    expect(toTypeValues(other, "email", fieldsOf("email"))).toEqual({ email: "a@example.com" });
  });

  it("takes no credential from one service to another", () => {
    for (const type of ["slack", "discord", "gotify", "teams"] as const) {
      const values = toTypeValues(draft, type, fieldsOf(type));
      expect(Object.values(values)).not.toContain("whsec_typed");
    }
  });

  it("shares what two types have alike, and nothing of another kind", () => {
    const shared = fieldsOf("gotify").find(({ key }) => key === "include_output");
    const own = { include_output: true };
    const gotify = withTypeValues(emptyDraft, "gotify", fieldsOf("gotify"), own);
    expect(shared?.kind).toBe("boolean");
    expect(toTypeValues(gotify, "pagerduty", fieldsOf("pagerduty"))).toEqual(own);
  });
});
