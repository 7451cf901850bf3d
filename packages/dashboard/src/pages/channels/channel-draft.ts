// What stands in the form of a new channel, for whatever type is chosen: what two types have alike
// is typed once. Pure. A credential belongs to one service and is never taken along to another.
import type { Field, FormValue, FormValues } from "../../forms/schema-fields.ts";

export interface ChannelDraft {
  readonly name: string;
  /** By what `slotOf` makes of a field. */
  readonly slots: Readonly<Record<string, FormValue>>;
}

export const emptyDraft: ChannelDraft = { name: "", slots: {} };

/** Fields of different kinds, or with other choices, have nothing in common but their name. */
function slotOf(type: string, { key, kind, options, isSecret }: Field): string {
  return isSecret ? `${type} ${key}` : [kind, ...options, key].join(" ");
}

export function toTypeValues(
  { slots }: ChannelDraft,
  type: string,
  fields: readonly Field[],
): FormValues {
  const entries = fields.flatMap((field): [string, FormValue][] => {
    const value = slots[slotOf(type, field)];
    return value === undefined ? [] : [[field.key, value]];
  });
  return Object.fromEntries(entries);
}

export function withTypeValues(
  draft: ChannelDraft,
  type: string,
  fields: readonly Field[],
  values: FormValues,
): ChannelDraft {
  const entries = fields.flatMap((field): [string, FormValue][] => {
    const value = values[field.key];
    return value === undefined ? [] : [[slotOf(type, field), value]];
  });
  return { ...draft, slots: { ...draft.slots, ...Object.fromEntries(entries) } };
}
