// The address field that Slack and Discord share: `url`, also understood as `webhook_url`.
// The address is the credential, so it is never shown whole.
import type { z } from "zod";
import { httpUrl } from "../api/fields.ts";

/** The fields of the pair, for the shape of a config. */
export function webhookUrlFields(label: string, example: string) {
  const url = httpUrl.optional();
  return {
    url: url.meta({ description: `The ${label} webhook URL. Kept secret.`, example }),
    webhook_url: url.meta({
      description: "Another name for `url`.",
      deprecated: true,
      alias_of: "url",
      example,
    }),
  };
}

/** Says in the JSON Schema what `requireOneUrl` checks. */
export const oneUrl = { oneOf: [{ required: ["url"] }, { required: ["webhook_url"] }] };

interface UrlPair {
  readonly url?: string | undefined;
  readonly webhook_url?: string | undefined;
}

/** Refuses a config with neither of the pair, or with both. */
export function requireOneUrl(config: UrlPair, context: z.core.$RefinementCtx): void {
  const { url, webhook_url } = config;
  if (url === undefined && webhook_url === undefined) {
    context.addIssue({ code: "custom", path: ["url"], message: "is required" });
  }
  if (url !== undefined && webhook_url !== undefined) {
    const message = "is another name for `url`: give only one of the two";
    context.addIssue({ code: "custom", path: ["webhook_url"], message });
  }
}

/** The config under its one name for the address. Call after `requireOneUrl`. */
export function toOneUrl<T extends UrlPair>(
  config: T,
): Omit<T, "url" | "webhook_url"> & { url: string } {
  const { url, webhook_url, ...rest } = config;
  return { ...rest, url: url ?? webhook_url ?? "" };
}

/** The address up to what `isPublic` names, then an ellipsis. No login, no query, no token. */
export function maskUrl(value: unknown, isPublic: RegExp): string {
  try {
    const { protocol, host, pathname } = new URL(String(value));
    const path = isPublic.exec(pathname)?.[0] ?? "/";
    return `${protocol}//${host}${path}…`;
  } catch {
    return "…";
  }
}
