// What a message shows, read from the body that a service is sent: title, text and fields, for the
// services whose messages are drawn. Pure; what it does not know is null, and the body is shown.

export interface Drawing {
  readonly title: string;
  readonly text: readonly string[];
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  /** "#2e7d32", where the service takes one. */
  readonly color: string | null;
}

export function readMessage(type: string, body: string): Drawing | null {
  if (type !== "slack" && type !== "discord") return null;
  try {
    const json: unknown = JSON.parse(body);
    return type === "slack" ? readSlack(json) : readDiscord(json);
  } catch {
    return null;
  }
}

const at = (value: unknown, key: string): unknown =>
  // A lookup in anything: what is no object has no keys.
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
const listAt = (value: unknown, key: string): unknown[] => {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
};
const textAt = (value: unknown, key: string): string => {
  const text = at(value, key);
  return typeof text === "string" ? text : "";
};

function readSlack(json: unknown): Drawing {
  const blocks = listAt(json, "blocks");
  const header = blocks.find((block) => textAt(block, "type") === "header");
  const others = blocks.filter((block) => block !== header);
  return {
    title: textAt(at(header, "text"), "text"),
    text: others
      .map((block) => toReadable(textAt(at(block, "text"), "text")))
      .filter((text) => text !== ""),
    fields: others
      .flatMap((block) => listAt(block, "fields"))
      .map((field) => {
        const [name = "", ...value] = textAt(field, "text").split("\n");
        return { name: name.replace(/^\*|\*$/g, ""), value: toReadable(value.join("\n")) };
      }),
    color: null,
  };
}

function readDiscord(json: unknown): Drawing {
  const [embed] = listAt(json, "embeds");
  const color = at(embed, "color");
  const content = textAt(json, "content");
  const description = textAt(embed, "description").replace(/\[([^\]]+)\]\([^)]*\)/g, "$1");
  return {
    title: textAt(embed, "title"),
    text: [content, ...description.split("\n")].filter((text) => text !== ""),
    fields: listAt(embed, "fields").map((field) => ({
      name: textAt(field, "name"),
      value: textAt(field, "value"),
    })),
    color: typeof color === "number" ? `#${color.toString(16).padStart(6, "0")}` : null,
  };
}

/** Slack's links show their label, its mentions their name, its escapes what they stand for. */
function toReadable(text: string): string {
  return text
    .replace(/<!(\w+)>/g, "@$1")
    .replace(/<[^|>]+\|([^>]+)>/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
