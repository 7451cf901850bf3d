// Channels, and what one message looked like on the wire, as people read them.
import type { Channel, Exchange } from "@trigrun/contract";
import { neutralise } from "../display.ts";
import { toLength } from "../moments.ts";
import {
  type Column,
  type Detail,
  exact,
  relative,
  renderBlock,
  renderDetails,
  renderTable,
  type View,
} from "../render.ts";
import { errorText, phasesText } from "./execution.ts";

export function renderChannels(channels: readonly Channel[], view: View): string {
  const columns: Column<Channel>[] = [
    { title: "NAME", text: (channel) => channel.name },
    { title: "TYPE", text: (channel) => channel.type, isRigid: true },
    {
      title: "STATE",
      text: stateText,
      tone: (channel) => (channel.disabled_at === null ? "good" : "bad"),
      isRigid: true,
    },
    { title: "CONFIG", text: (channel) => configTexts(channel.config).join(", ") },
    {
      title: "CREATED",
      text: (channel) => relative(channel.created_at, view),
      isRigid: true,
      isOptional: true,
    },
    // Commands take names, so the id is the first to go where there is no room.
    { title: "ID", text: (channel) => channel.id, isRigid: true, isOptional: true },
  ];
  return renderTable(columns, channels, view);
}

function stateText(channel: Channel): string {
  return channel.disabled_at === null ? "enabled" : "disabled";
}

export function renderChannel(channel: Channel, view: View): string {
  const { disabled_at: disabledAt, disabled_reason: reason } = channel;
  const disabled: (Detail | undefined)[] =
    disabledAt === null
      ? []
      : [["Since", exact(disabledAt, view)], reason === null ? undefined : ["Why", reason]];
  return renderDetails(
    [
      ["Channel", channel.name, "strong"],
      ["Id", channel.id],
      ["Type", channel.type],
      ["State", stateText(channel), disabledAt === null ? "good" : "bad"],
      ...disabled,
      ["Config", configTexts(channel.config)],
      ["Created", exact(channel.created_at, view)],
      ["Changed", exact(channel.updated_at, view)],
    ],
    view,
  );
}

function configTexts(config: Channel["config"]): string[] {
  return Object.entries(config).map(
    ([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
}

const verdictTexts: Readonly<Record<Exchange["verdict"], string>> = {
  sent: "Delivered.",
  retry: "Not delivered; a real delivery would be tried again.",
  permanent: "Not delivered, and trying again would not help.",
};

/** The whole exchange of a test. */
export function renderTest(exchange: Exchange, view: View): string {
  const verdict = view.paint(exchange.verdict === "sent" ? "good" : "bad", verdictText(exchange));
  return [`${verdict} ${neutralise(exchange.reason)}`, renderExchange(exchange)].join("\n\n");
}

function verdictText({ verdict }: Exchange): string {
  return verdictTexts[verdict];
}

/** Request and response in full, as in the notation of HTTP. */
export function renderExchange(exchange: Exchange): string {
  const { request, response } = exchange;
  const parts: string[] = [];
  if (request !== null) {
    parts.push(`> ${neutralise(`${request.method} ${request.url}`)}`);
    parts.push(...headerLines(request.headers, "> "));
    if (request.body !== "") parts.push(">", wholeBlock(request.body, "> "));
  }
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

function headerLines(headers: Readonly<Record<string, string>>, mark: string): string[] {
  return Object.entries(headers).map(([key, value]) => mark + neutralise(`${key}: ${value}`));
}

function wholeBlock(text: string, mark: string): string {
  return renderBlock(text, mark, Number.POSITIVE_INFINITY);
}
