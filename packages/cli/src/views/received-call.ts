// Calls that were received and what their signatures are worth, as people and programs read them.
// The bodies are strangers' text: nothing of them reaches a terminal before it is neutralised.
import { cut, neutralise, toLines, toSafeJson } from "../display.ts";
import { toLocal } from "../moments.ts";
import type { ReceivedCall } from "../received-call.ts";
import { type Detail, renderDetails, toneOf, type View } from "../render.ts";
import type { Fault } from "../webhook-signature.ts";

// Enough to know a body by; the rest would push the calls before it off the screen.
const bodyLinesMax = 5;
const bodyColumnsMax = 160;

export function signatureDetail(faults: readonly Fault[], whenRight = ""): Detail {
  return faults.length === 0
    ? ["Signature", `✓ verified${whenRight}`, "good"]
    : ["Signature", faults.map(({ message }) => `✗ ${message}`), "bad"];
}

/** One block: when and what, then the facts. */
export function renderCall(call: ReceivedCall, view: View): string {
  const { event, receivedAt, timesSeen, headers, faults, answered } = call;
  const time = toLocal(receivedAt.toISOString(), view.timeZone).slice(11, 19);
  const what = event === undefined ? "a call" : `${event.type}  ${event.data.job.name}`;
  const repeat = timesSeen > 1 ? `  repeat: seen ${timesSeen} times` : "";
  const facts = renderDetails(
    [
      ...eventDetails(call),
      ["Webhook id", `${headers.id ?? "none"}${repeat}`, timesSeen > 1 ? "waiting" : undefined],
      signatureDetail(faults),
      ["Answered", String(answered)],
    ],
    view,
  );
  const title = `${time}  ${view.paint("strong", neutralise(what))}`;
  return `${title}\n${facts.replace(/^/gm, "  ")}\n`;
}

function eventDetails({ event, body }: ReceivedCall): Detail[] {
  if (event === undefined) return [["Body", beginningOf(body)]];
  const { execution, last_attempt: last, event: name } = event.data;
  const attempts = `${execution.attempts} ${execution.attempts === 1 ? "attempt" : "attempts"}`;
  const code = last === null ? "" : [last.status, last.status_code ?? ""].join(" ").trim();
  return [
    ["Event", name],
    ["Status", execution.status, toneOf(execution.status)],
    ["Attempts", code === "" ? attempts : `${attempts}, the last: ${code}`],
  ];
}

function beginningOf(body: Buffer): string[] {
  if (body.length === 0) return ["empty"];
  // Bytes that are cut off in a character come out as a replacement mark, which is fine here.
  const lines = toLines(body.subarray(0, bodyLinesMax * bodyColumnsMax).toString("utf8"));
  return lines.slice(0, bodyLinesMax).map((line) => cut(line, bodyColumnsMax));
}

/** The same as one line of JSON. `event` is there when the body is one of TrigRun's. */
export function toCallLine(call: ReceivedCall): string {
  const { headers, event, body, faults } = call;
  return toJsonLine({
    received_at: call.receivedAt.toISOString(),
    webhook_id: headers.id ?? null,
    webhook_timestamp: headers.timestamp ?? null,
    is_repeat: call.timesSeen > 1,
    times_seen: call.timesSeen,
    verified: faults.length === 0,
    faults,
    answered: call.answered,
    event: event ?? null,
    body: body.toString("utf8"),
  });
}

/** JSON on one line. Line breaks and indents stand between values only: texts escape theirs. */
export function toJsonLine(value: unknown): string {
  return toSafeJson(value).replace(/\n */g, "");
}
