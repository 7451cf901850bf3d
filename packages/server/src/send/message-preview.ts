// A message as its channel type renders it, to be looked at: every credential of the config taken
// out. Pure; it sends nothing and signs nothing.
import {
  type AnyChannelType,
  type MessagePreview,
  type Notice,
  toExecutionEvent,
} from "@trigrun/contract";
import { createScrubber } from "../scrub.ts";
import { collectMasks } from "./masks.ts";
import type { TestNotice } from "./test-notice.ts";

export function previewMessage(
  type: AnyChannelType,
  config: Readonly<Record<string, unknown>>,
  { event, facts, output }: TestNotice,
): MessagePreview {
  const told = toExecutionEvent(event, facts);
  const shownOutput = config.include_output === true ? output : null;
  const notice: Notice = { kind: "execution", event: told, output: shownOutput, isTest: true };
  const message = type.render(notice, config);
  const secrets = type.secrets.filter((key) => config[key] !== undefined);
  const scrub = createScrubber(
    collectMasks(Object.fromEntries(secrets.map((key) => [key, config[key]])), type.mask),
  );
  if (message.kind === "mail") {
    const { kind, to, subject, text, html } = message;
    return { kind, to: [...to], subject: scrub(subject), text: scrub(text), html: scrub(html) };
  }
  const headers = Object.entries(message.headers);
  return {
    kind: message.kind,
    method: message.method,
    url: scrub(message.url),
    headers: Object.fromEntries(headers.map(([name, value]) => [name, scrub(value)])),
    body: scrub(message.body),
  };
}
