// The config of a channel between a client and the store: checked, merged and masked by what its
// type declares. Pure; it knows no type by name.
import { type AnyChannelType, type ErrorDetail, hidden } from "@trigrun/contract";
import { type Parsed, parseWith, toUnknownMember } from "./issues.ts";

export type ChannelConfig = Readonly<Record<string, unknown>>;

/** The config with every credential as it may be shown, its fields in the order of the type. */
export function maskConfig(type: AnyChannelType, config: ChannelConfig): Record<string, unknown> {
  const keys = Object.keys(type.shape).filter((key) => config[key] !== undefined);
  return Object.fromEntries(
    keys.map((key) => [
      key,
      type.secrets.includes(key) ? type.mask(key, config[key]) : config[key],
    ]),
  );
}

/**
 * The current config with the fields of the patch in place of its own. Null takes a field away. A
 * credential that is sent back as it was answered stays as it is.
 */
export function mergeConfig(
  type: AnyChannelType,
  current: ChannelConfig,
  patch: ChannelConfig,
): Parsed<ChannelConfig> {
  // Null for an unknown field would go unnoticed: there is nothing for it to take away.
  const unknown = Object.keys(patch).filter((key) => !Object.hasOwn(type.shape, key));
  if (unknown.length > 0) {
    const message = toUnknownMember(listMembers(type), "field");
    return { details: unknown.map((key) => ({ path: `config.${key.slice(0, 100)}`, message })) };
  }
  const merged = new Map(Object.entries(current));
  for (const [key, value] of Object.entries(type.renameAliases(patch))) {
    const known = current[key];
    if (value === null) merged.delete(key);
    else if (!type.secrets.includes(key) || known === undefined) merged.set(key, value);
    else merged.set(key, unmask(value, known, type.mask(key, known)));
  }
  return parseConfig(type, Object.fromEntries(merged));
}

function listMembers({ shape }: AnyChannelType): string[] {
  return Object.keys(shape).filter((key) => shape[key]?.meta()?.deprecated !== true);
}

/** The known value wherever the sent one shows its mask; in an object, field by field. */
function unmask(sent: unknown, known: unknown, mask: unknown): unknown {
  if (sent === mask) return known;
  if (!isObject(sent) || !isObject(known) || !isObject(mask)) return sent;
  const entries = Object.entries(sent).map(([key, value]) => {
    const isKept = Object.hasOwn(known, key) && value === mask[key];
    return [key, isKept ? known[key] : value];
  });
  return Object.fromEntries(entries);
}

/** Checks a whole config. What it gives is what is stored. */
export function parseConfig(type: AnyChannelType, config: ChannelConfig): Parsed<ChannelConfig> {
  const parsed = parseWith(type.config, config, { under: "config" });
  if (parsed.details !== undefined) return parsed;
  const masked = findMasked(type, parsed.value);
  return masked.length > 0 ? { details: masked } : parsed;
}

/** Credentials that are only the picture of one: copied from an answer into another channel. */
export function findMasked(type: AnyChannelType, config: ChannelConfig): ErrorDetail[] {
  const message = "is how a credential is shown, not the credential: send the whole of it";
  return type.secrets
    .filter((key) => hasMask(config[key]))
    .map((key) => ({ path: `config.${key}`, message }));
}

function hasMask(value: unknown): boolean {
  // URLs are shown up to an ellipsis, everything else as dots.
  if (typeof value === "string")
    return value === hidden || /^https?:.*(?:…|%E2%80%A6)$/.test(value);
  return isObject(value) && Object.values(value).some(hasMask);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
