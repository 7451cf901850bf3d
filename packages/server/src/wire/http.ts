// The HTTP door: makes one call to an address that a user chose and answers with an outcome. It
// must never throw for anything the far end or the user did, never follow a redirect unguarded,
// and never outlive the call's deadline.

import type { Phases } from "../answer.ts";
import type { AddressGuard } from "./address-guard.ts";
import { Cancellations } from "./cancellations.ts";
import { Connections } from "./connections.ts";
import { createDial, type Resolve } from "./dial.ts";
import { Exchange, type ExchangeAnswer, type ExchangeOwner } from "./exchange.ts";
import type { HttpCall, HttpFailure, HttpOutcome } from "./http-call.ts";
import {
  cancelled,
  connectionError,
  connectTimeout,
  describeSendError,
  isClosedByPeer,
  refused,
} from "./http-error.ts";
import { followRedirect, type Hop, redirectsMax, showUrl } from "./redirect.ts";

export interface HttpDoor {
  /** Always resolves; it never rejects for what the far end or the user did. */
  call(call: HttpCall): Promise<HttpOutcome>;
  /** Cancels what is under way and ends every connection. */
  close(): Promise<void>;
}

export interface HttpDoorOptions {
  guard: AddressGuard;
  clock?: { now(): Date };
  resolve?: Resolve;
  connectionsPerOriginMax?: number;
  connectionsIdleMax?: number;
  connectTimeoutMs?: number;
}

// One origin gets a good part of a node's calls, but not all its sockets: further calls to it wait
// in line inside their own deadline.
const connectionsPerOriginMaxDefault = 256;

// Idle sockets cost a file descriptor and some 20 kB each; 2,048 fit the usual limit of 4,096.
const connectionsIdleMaxDefault = 2_048;

// setTimeout takes 32 bits and turns anything longer into 1 ms.
const timerMsMax = 2 ** 31 - 1;

// RFC 9110 section 9.2.2: only these may be repeated without knowing whether the first arrived.
const idempotentMethods = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]);

const noPhases: Phases = {
  dnsMs: null,
  connectMs: null,
  tlsMs: null,
  firstByteMs: null,
  bodyMs: null,
};

export function createHttpDoor(options: HttpDoorOptions): HttpDoor {
  const house: House = {
    guard: options.guard,
    clock: options.clock ?? { now: () => new Date() },
    connections: new Connections(createDial(options), {
      connectionsPerOriginMax: options.connectionsPerOriginMax ?? connectionsPerOriginMaxDefault,
      connectionsIdleMax: options.connectionsIdleMax ?? connectionsIdleMaxDefault,
    }),
    underWay: new Set(),
    cancellations: new Cancellations(),
    isClosed: false,
  };
  return {
    call: (call) => new Promise((resolve) => new Run(house, call, resolve).start()),
    close: async () => {
      house.isClosed = true;
      for (const run of [...house.underWay]) run.cancel("The server is shutting down.");
      await house.connections.close();
    },
  };
}

interface House {
  readonly guard: AddressGuard;
  readonly clock: { now(): Date };
  readonly connections: Connections;
  readonly underWay: Set<Run>;
  readonly cancellations: Cancellations;
  isClosed: boolean;
}

/** One call from start to outcome, over all its hops. */
class Run implements ExchangeOwner {
  private readonly house: House;
  private readonly call: HttpCall;
  private readonly resolve: (outcome: HttpOutcome) => void;
  private readonly startedAt: Date;
  private readonly begunAt = performance.now();
  private readonly redirects: string[] = [];
  private timer: NodeJS.Timeout | undefined;
  private hop: Hop | undefined;
  private exchange: Exchange | undefined;

  constructor(house: House, call: HttpCall, resolve: (outcome: HttpOutcome) => void) {
    this.house = house;
    this.call = call;
    this.resolve = resolve;
    this.startedAt = house.clock.now();
  }

  start(): void {
    const { call, house } = this;
    if (house.isClosed) {
      this.fail(cancelled("The server is shutting down."));
      return;
    }
    if (call.signal?.aborted) {
      this.fail(cancelled("The call was cancelled before it began."));
      return;
    }
    if (!URL.canParse(call.url)) {
      this.fail(connectionError("invalid_request", "The URL cannot be read."));
      return;
    }
    const timerMs = Math.min(Math.max(1, call.timeoutMs), timerMsMax);
    this.timer = setTimeout(expire, timerMs, this);
    house.underWay.add(this);
    if (call.signal !== undefined) house.cancellations.watch(call.signal, this);
    const { method, headers, body } = call;
    this.go({ url: new URL(call.url), method, headers, body });
  }

  expire(): void {
    this.exchange?.settle();
    this.fail(this.describeTimeout());
  }

  cancel(message: string): void {
    this.exchange?.settle();
    this.fail(cancelled(message));
  }

  onAnswer(exchange: Exchange, answer: ExchangeAnswer, canReuse: boolean): void {
    const now = performance.now();
    const phases = exchange.phasesAt(now);
    this.house.connections.leave(exchange.originKey, exchange, canReuse);
    const location = exchange.isRedirected ? answer.headers.location : undefined;
    if (location !== undefined && this.hop !== undefined) {
      this.redirect(this.hop, answer.statusCode, location);
      return;
    }
    this.end({
      kind: "answered",
      statusCode: answer.statusCode,
      headers: answer.headers,
      body: answer.body,
      bodyTruncated: answer.bodyTruncated,
      startedAt: this.startedAt,
      latencyMs: Math.round(now - this.begunAt),
      phases,
      redirects: this.redirects,
    });
  }

  onError(exchange: Exchange, error: Error): void {
    const { isReused, hasBegun, host } = exchange;
    const { hop } = this;
    const isStale = isReused && !hasBegun && isClosedByPeer(error);
    if (isStale && hop !== undefined && idempotentMethods.has(hop.method)) {
      // A kept connection that the far end was closing just as we wrote. Only a fresh one tells
      // whether the host is really gone, and being fresh it is not repeated again. A POST is not
      // repeated at all: it may have arrived.
      this.house.connections.leave(exchange.originKey, exchange, false);
      this.send(hop, true);
      return;
    }
    this.fail(describeSendError({ host, isReused, hasBegun }, error));
  }

  private redirect(from: Hop, statusCode: number, location: string): void {
    this.exchange = undefined;
    if (this.redirects.length >= redirectsMax) {
      const message = `More than ${redirectsMax} redirects: they most likely lead in a circle.`;
      this.fail(connectionError("too_many_redirects", message));
      return;
    }
    const next = followRedirect(from, statusCode, location, this.call.confinedHeaders);
    if (next === undefined) {
      const message = `${from.url.host} redirects to something that is not a URL.`;
      this.fail(connectionError("invalid_redirect", message));
      return;
    }
    this.redirects.push(showUrl(next.url));
    this.go(next);
  }

  private go(hop: Hop): void {
    const { url } = hop;
    // An origin that has connections was checked before the first was opened; only a user name or
    // password is not part of it.
    const hasUser = url.username !== "" || url.password !== "";
    if (hasUser || !this.house.connections.hasOrigin(url.origin)) {
      const refusal = this.house.guard.refusalOfUrl(url.href);
      if (refusal !== undefined) {
        this.fail(refused(refusal));
        return;
      }
    }
    if (hop.body !== null && hop.body !== "" && (hop.method === "GET" || hop.method === "HEAD")) {
      const message = `A ${hop.method} request carries no body: use POST, PUT or PATCH.`;
      this.fail(connectionError("invalid_request", message));
      return;
    }
    this.hop = hop;
    this.send(hop, false);
  }

  private send(hop: Hop, mustBeFresh: boolean): void {
    const exchange = new Exchange(this, hop.url, hop, {
      bodyBytesMax: this.call.bodyBytesMax,
      stopsAtRedirect: this.call.followRedirects,
    });
    this.exchange = exchange;
    this.house.connections.board(exchange.originKey, exchange, mustBeFresh);
  }

  private describeTimeout(): HttpFailure {
    const { exchange } = this;
    const limitMs = this.call.timeoutMs;
    const host = exchange?.host ?? "The host";
    if (exchange?.connection === undefined) {
      const message = `All connections to ${host} were busy for ${limitMs} ms.`;
      return { kind: "timeout", errorClass: "timeout_queue", message };
    }
    if (!exchange.isSent) {
      return connectTimeout(host, exchange.connection.progress?.stage ?? "open", limitMs);
    }
    if (exchange.statusCode === null) {
      const message = `${host} took the request but did not answer within ${limitMs} ms.`;
      return { kind: "timeout", errorClass: "timeout_response", message };
    }
    const message = `${host} began to answer, but its body did not end within ${limitMs} ms.`;
    return { kind: "timeout", errorClass: "timeout_body", message };
  }

  private fail(failure: HttpFailure): void {
    const now = performance.now();
    const { exchange } = this;
    const phases = exchange?.phasesAt(now) ?? { ...noPhases };
    if (exchange !== undefined) {
      // A body that did not end took no known time.
      phases.bodyMs = null;
      this.house.connections.leave(exchange.originKey, exchange, false);
    }
    this.end({
      ...failure,
      statusCode: exchange?.statusCode ?? null,
      startedAt: this.startedAt,
      latencyMs: Math.round(now - this.begunAt),
      phases,
      redirects: this.redirects,
    });
  }

  private end(outcome: HttpOutcome): void {
    clearTimeout(this.timer);
    this.house.underWay.delete(this);
    const { signal } = this.call;
    if (signal !== undefined) this.house.cancellations.unwatch(signal, this);
    this.resolve(outcome);
  }
}

function expire(run: Run): void {
  run.expire();
}
