// What every message for people says, in the same words on every medium: the end of an execution,
// a digest of many, or the warning that a channel was disabled.
import type { Notice } from "./channel.ts";
import { summarizeDigest } from "./digest-summary.ts";
import { summarizeExecution } from "./execution-summary.ts";
import type { Summary } from "./summary.ts";
import { summarizeWarning } from "./warning-summary.ts";

export function summarize(notice: Notice): Summary {
  switch (notice.kind) {
    case "execution":
      return summarizeExecution(notice);
    case "digest":
      return summarizeDigest(notice);
    case "warning":
      return summarizeWarning(notice);
  }
}
