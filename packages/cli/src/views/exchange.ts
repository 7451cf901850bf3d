// What went over the wire, or would: requests, answers and mails, as people read them.
import type { Exchange, MessagePreview, RequestTest } from "@trigrun/contract";
import { neutralise } from "../display.ts";
import { toLength } from "../moments.ts";
import { renderBlock, renderDetails, toneOf, type View } from "../render.ts";
import { errorText, phasesText } from "./execution.ts";

type Common = Pick<
  Exchange,
  "response" | "latency_ms" | "phases" | "error_class" | "error_message"
>;

interface Exchanged extends Common {
  readonly request: RequestTest["request"] | null;
}

/** What a request came to, and the whole exchange. */
export function renderRequestTest(test: RequestTest, view: View): string {
  const tone = toneOf(test.status);
  const status = tone === undefined ? test.status : view.paint(tone, test.status);
  const warnings = test.warnings.map((warning) => view.paint("waiting", neutralise(warning)));
  return [[status, ...warnings].join("\n"), renderExchange(test)].join("\n\n");
}

/** The message that would leave. Of a mail the text; its HTML is for programs (`--json`). */
export function renderPreview(preview: MessagePreview, view: View): string {
  if (preview.kind === "http") return requestLines(preview).join("\n");
  const head = renderDetails(
    [
      ["To", preview.to.join(", ")],
      ["Subject", preview.subject, "strong"],
    ],
    view,
  );
  return [head, wholeBlock(preview.text, "")].join("\n\n");
}

/** Request and response in full, as in the notation of HTTP. */
export function renderExchange(exchange: Exchanged): string {
  const { request, response } = exchange;
  const parts: string[] = [];
  if (request !== null) parts.push(...requestLines(request));
  if (response !== null) {
    parts.push("", `< ${response.status_code ?? "answered"}`);
    parts.push(...headerLines(response.headers, "< "));
    if (response.body !== "") parts.push("<", wholeBlock(response.body, "< "));
    if (response.body_truncated) parts.push("(the answer went on; only its beginning is kept)");
  }
  const error = errorText(exchange);
  if (error !== "") parts.push("", neutralise(error));
  const took = exchange.latency_ms === null ? "" : `took ${toLength(exchange.latency_ms)}`;
  const timing = [took, phasesText(exchange.phases)].filter((part) => part !== "").join(": ");
  if (timing !== "") parts.push("", timing);
  return parts.join("\n").replace(/^\n+/, "");
}

function requestLines({ method, url, headers, body }: RequestTest["request"]): string[] {
  return [
    `> ${neutralise(`${method} ${url}`)}`,
    ...headerLines(headers, "> "),
    ...(body === null || body === "" ? [] : [">", wholeBlock(body, "> ")]),
  ];
}

function headerLines(headers: Readonly<Record<string, string>>, mark: string): string[] {
  return Object.entries(headers).map(([key, value]) => mark + neutralise(`${key}: ${value}`));
}

function wholeBlock(text: string, mark: string): string {
  return renderBlock(text, mark, Number.POSITIVE_INFINITY);
}
