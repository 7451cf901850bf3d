// What the services in vendor/ share: they read JSON and answer with it. For tests, never shipped.
import type { Reply } from "../src/channels/verdict.ts";

/** What a service sees of a request. */
export interface VendorRequest {
  readonly url: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function toJsonReply(statusCode: number, json: object): Reply {
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(json),
  };
}

/** The body as JSON, or undefined. */
export function readJson({ body }: VendorRequest): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Services that speak of bytes mean UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
