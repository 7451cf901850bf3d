// Tells a webhook's address from others by its path, for services whose addresses all look alike:
// a wrong one is refused at once instead of with the first alarm.
import type { z } from "zod";

/** A check of `url` or `webhook_url`, whichever was given. */
export function requirePath(pattern: RegExp, message: string) {
  return (
    { url, webhook_url }: { url?: string | undefined; webhook_url?: string | undefined },
    context: z.core.$RefinementCtx,
  ): void => {
    for (const [key, value] of Object.entries({ url, webhook_url })) {
      // What is no address at all, the field's own check refuses.
      if (value === undefined || !URL.canParse(value)) continue;
      if (pattern.test(new URL(value).pathname)) continue;
      context.addIssue({ code: "custom", path: [key], message });
    }
  };
}
