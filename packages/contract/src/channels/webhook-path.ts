// Tells a webhook's address from others, so that a wrong one is refused at once instead of with the
// first alarm. It must never refuse an address of somebody's own receiver that speaks alike.
import type { z } from "zod";

interface UrlPair {
  readonly url?: string | undefined;
  readonly webhook_url?: string | undefined;
}

/** What is wrong with an address, as the end of "url …"; null when nothing is. */
type Objection = (url: URL) => string | null;

// An address as it was answered (`maskUrl`), copied into another channel.
const masked = "is how a credential is shown, not the credential: send the whole of it";

/** A check of `url` or `webhook_url`, whichever was given. */
function requireUrl(objectionTo: Objection) {
  return ({ url, webhook_url }: UrlPair, context: z.core.$RefinementCtx): void => {
    for (const [key, value] of Object.entries({ url, webhook_url })) {
      // What is no address at all, the field's own check refuses.
      if (value === undefined || !URL.canParse(value)) continue;
      const message = /(?:…|%E2%80%A6)$/.test(value) ? masked : objectionTo(new URL(value));
      if (message !== null) context.addIssue({ code: "custom", path: [key], message });
    }
  };
}

/** For services whose addresses have one path, on whatever host. */
export function requirePath(pattern: RegExp, message: string) {
  return requireUrl(({ pathname }) => (pattern.test(pathname) ? null : message));
}

/**
 * For services with hosts of their own. There, an address is that of a webhook or nobody takes the
 * message; and its path is the credential, so it never goes in the clear.
 */
export function requireOnHosts(hosts: RegExp, objectionTo: Objection) {
  return requireUrl((url) => {
    // A dot at the end is the same host.
    if (!hosts.test(url.hostname.replace(/\.$/, ""))) return null;
    if (url.protocol !== "https:") return "must begin with https:// on this host";
    return objectionTo(url);
  });
}
