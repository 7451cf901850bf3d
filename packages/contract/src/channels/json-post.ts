// The one kind of request that chat and alert services take: JSON by POST, with their own headers.
// It is never signed; a credential stands in the address, in a header or in the JSON.
import type { HttpMessage } from "./channel.ts";

export function toJsonPost(
  url: string,
  json: object,
  headers: Readonly<Record<string, string>> = {},
): HttpMessage {
  return {
    kind: "http",
    method: "POST",
    url,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(json),
    isSigned: false,
  };
}
