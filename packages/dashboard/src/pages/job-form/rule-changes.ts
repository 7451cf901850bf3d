// What leads from the rules that a job has to those in its form. Pure.
import type { Rule } from "@trigrun/contract";
import type { JobDraft } from "./job-draft.ts";

interface RuleChanges {
  readonly added: JobDraft["rules"];
  /** Ids of rules. */
  readonly removed: readonly string[];
}

const keyOf = (channelId: string, event: string) => `${channelId} ${event}`;

/** The same pair twice in the form is one rule. */
export function toRuleChanges(before: readonly Rule[], rules: JobDraft["rules"]): RuleChanges {
  const had = new Set(before.map((rule) => keyOf(rule.channel_id, rule.event)));
  const wanted = new Map(rules.map((rule) => [keyOf(rule.channelId, rule.event), rule]));
  return {
    added: [...wanted].filter(([key]) => !had.has(key)).map(([, rule]) => rule),
    removed: before
      .filter((rule) => !wanted.has(keyOf(rule.channel_id, rule.event)))
      .map(({ id }) => id),
  };
}
