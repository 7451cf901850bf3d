// One request and its answer on one connection, as undici tells it. It collects the body up to a
// cap, notes the times, and reports exactly once; it must never throw, because undici would take
// that for an error of the connection.

import type { Dispatcher } from "undici";
import type { Phases } from "../answer.ts";
import type { Connection, Passenger } from "./connections.ts";
import { isRedirect } from "./redirect.ts";

export interface ExchangeAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: Buffer;
  bodyTruncated: boolean;
}

/** Who is told. */
export interface ExchangeOwner {
  /** `canReuse`: the answer was read to its end. */
  onAnswer(exchange: Exchange, answer: ExchangeAnswer, canReuse: boolean): void;
  onError(exchange: Exchange, error: Error): void;
}

const emptyBody = Buffer.alloc(0);

export class Exchange implements Passenger {
  readonly request: Dispatcher.DispatchOptions;
  readonly originKey: string;
  readonly host: string;
  isSettled = false;
  connection: Connection | undefined;
  isReused = false;
  statusCode: number | null = null;

  private readonly owner: ExchangeOwner;
  private readonly bodyBytesMax: number;
  private readonly stopsAtRedirect: boolean;
  private headers: Record<string, string> = {};
  private hasEnded = false;
  isRedirected = false;
  private chunks: Buffer[] | undefined;
  private bytes = 0;
  // performance.now() of each step, 0 until it happens.
  private sentAt = 0;
  private begunAt = 0;

  constructor(
    owner: ExchangeOwner,
    url: URL,
    request: { method: string; headers: Record<string, string>; body: string | null },
    limits: { bodyBytesMax: number; stopsAtRedirect: boolean },
  ) {
    this.owner = owner;
    this.originKey = url.origin;
    this.host = url.host;
    this.bodyBytesMax = limits.bodyBytesMax;
    this.stopsAtRedirect = limits.stopsAtRedirect;
    this.request = {
      path: url.pathname + url.search,
      method: request.method,
      headers: request.headers,
      body: request.body,
    };
  }

  get isSent(): boolean {
    return this.sentAt !== 0;
  }

  /** True once a byte of the answer came. */
  get hasBegun(): boolean {
    return this.begunAt !== 0;
  }

  /** Nobody waits any more; what undici still reports is ignored. */
  settle(): void {
    this.isSettled = true;
  }

  phasesAt(endedAt: number): Phases {
    const dialled = this.isReused ? undefined : this.connection?.progress;
    const hasBody = this.statusCode !== null;
    return {
      dnsMs: round(dialled?.dnsMs),
      connectMs: round(dialled?.connectMs),
      tlsMs: round(dialled?.tlsMs),
      firstByteMs: this.hasBegun ? Math.round(this.begunAt - this.sentAt) : null,
      bodyMs: hasBody ? Math.round(endedAt - this.begunAt) : null,
    };
  }

  onRequestStart(): void {
    const { connection } = this;
    this.sentAt = performance.now();
    if (connection === undefined) return;
    this.isReused = connection.served > 0;
    connection.served += 1;
  }

  onResponseStarted(): void {
    if (this.begunAt === 0) this.begunAt = performance.now();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // 103 Early Hints and its like come before the answer and are none.
    if (this.isSettled || statusCode < 200) return;
    this.onResponseStarted();
    this.statusCode = statusCode;
    this.headers = joinHeaders(headers);
    this.isRedirected =
      this.stopsAtRedirect && isRedirect(statusCode) && headers.location !== undefined;
    // The body of a redirect is not wanted. If it came in one piece with the headers, the parser
    // has read it by the time this runs and the connection can be kept; else it is given up.
    // 204 and 304 have no body, but undici waits for the content-length that a 304 may carry.
    if (this.isRedirected || statusCode === 204 || statusCode === 304) {
      queueMicrotask(() => this.report(emptyBody, false, this.hasEnded));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isSettled || this.isRedirected) return;
    const room = this.bodyBytesMax - this.bytes;
    if (chunk.length <= room) {
      this.bytes += chunk.length;
      if (this.chunks === undefined) this.chunks = [chunk];
      else this.chunks.push(chunk);
      return;
    }
    if (room > 0) {
      this.chunks ??= [];
      this.chunks.push(chunk.subarray(0, room));
    }
    this.report(this.joinBody(), true, false);
  }

  onResponseEnd(): void {
    this.hasEnded = true;
    // The next hop must not be written while the parser is still inside this answer.
    if (!this.isRedirected) this.report(this.joinBody(), false, true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.isSettled) return;
    this.settle();
    this.owner.onError(this, error);
  }

  private report(body: Buffer, bodyTruncated: boolean, canReuse: boolean): void {
    if (this.isSettled) return;
    this.settle();
    const answer = { statusCode: this.statusCode ?? 0, headers: this.headers, body, bodyTruncated };
    this.owner.onAnswer(this, answer, canReuse);
  }

  private joinBody(): Buffer {
    const { chunks } = this;
    if (chunks === undefined) return emptyBody;
    return chunks.length === 1 ? (chunks[0] ?? emptyBody) : Buffer.concat(chunks);
  }
}

/** Joins in place: undici made the object for this answer alone. */
function joinHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string> {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value !== "string") headers[name] = value === undefined ? "" : value.join(", ");
  }
  // The loop above has left nothing but strings.
  return headers as Record<string, string>;
}

function round(ms: number | null | undefined): number | null {
  return ms === null || ms === undefined ? null : Math.round(ms);
}
