// From the rules of a job to those of its form with as few steps as there are differences.
import type { Rule } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { toRuleChanges } from "./rule-changes.ts";

const rule = (id: string, channelId: string, event: Rule["event"]): Rule => ({
  ...{ id, job_id: "job_1", channel_id: channelId, channel_name: channelId },
  ...{ channel_type: "webhook", event },
});
const before = [rule("rule_1", "a", "on_failure"), rule("rule_2", "b", "on_success")];
const drafted = before.map(({ channel_id: channelId, event }) => ({ channelId, event }));

describe("the rules of a form", () => {
  it("change nothing while they are as they were, in whatever order", () => {
    expect(toRuleChanges(before, [...drafted].reverse())).toEqual({ added: [], removed: [] });
  });

  it("are added and removed by what they say, once each", () => {
    const failed = { channelId: "b", event: "on_failure" } as const;
    expect(toRuleChanges(before, [...drafted.slice(1), failed, failed])).toEqual({
      ...{ added: [failed], removed: ["rule_1"] },
    });
    expect(toRuleChanges(before, [])).toEqual({ added: [], removed: ["rule_1", "rule_2"] });
  });
});
