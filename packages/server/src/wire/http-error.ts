// Turns what node, OpenSSL and undici throw into one of the listed error classes and a sentence
// for a person. It must never let a header value, a query or a credential into that sentence.

import { type HttpFailure, headerBytesMax } from "./http-call.ts";

/** How far a connection has come; what an error means depends on it. */
export type DialStage = "lookup" | "tcp" | "tls" | "open";

/** An error of `dial.ts` that already knows what it means. */
export class DialError extends Error {
  // undici fails the waiting request for any code but its own UND_ERR_INFO and UND_ERR_SOCKET,
  // for which it would silently dial again.
  readonly code = "DIAL_FAILED";
  readonly failure: HttpFailure;

  constructor(failure: HttpFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export function connectionError(
  errorClass: Extract<HttpFailure, { kind: "connection_error" }>["errorClass"],
  message: string,
): HttpFailure {
  return { kind: "connection_error", errorClass, message };
}

export function refused(message: string): HttpFailure {
  return { kind: "refused", errorClass: "target_not_allowed", message };
}

export function cancelled(message: string): HttpFailure {
  return { kind: "cancelled", errorClass: "cancelled", message };
}

const waitedFor: Readonly<Record<DialStage, string>> = {
  lookup: "its name was still being looked up",
  tcp: "the connection was not established",
  tls: "the TLS handshake was not complete",
  open: "the connection was not ready",
};

export function connectTimeout(host: string, stage: DialStage, limitMs: number): HttpFailure {
  const message = `${host} could not be reached within ${limitMs} ms: ${waitedFor[stage]}.`;
  return { kind: "timeout", errorClass: "timeout_connect", message };
}

/** Codes that mean the same at every stage: the machine's own limits and the routes from it. */
function describeLocal(host: string, code: string): HttpFailure | undefined {
  switch (code) {
    case "EMFILE":
    case "ENFILE":
    case "ENOBUFS":
    case "ENOMEM":
    case "EADDRNOTAVAIL":
    case "EADDRINUSE":
      return connectionError(
        "local_limit",
        `No connection to ${host} could be opened: this machine has no socket left (${code}).`,
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EACCES":
    case "EPERM":
      return connectionError(
        "host_unreachable",
        `${host} cannot be reached from this machine (${code}).`,
      );
    default:
      return undefined;
  }
}

function describeLookupError(host: string, error: unknown): HttpFailure {
  const code = codeOf(error);
  const local = describeLocal(host, code);
  if (local?.kind === "connection_error" && local.errorClass === "local_limit") return local;
  if (code === "EAI_AGAIN" || code === "ETIMEOUT" || code === "ESERVFAIL") {
    return connectionError(
      "dns_error",
      `The name ${host} could not be looked up: no name server answered (${code}).`,
    );
  }
  return connectionError("dns_error", `The name ${host} could not be found (${code}).`);
}

/** What an error before the connection was ready means. */
export function describeDialError(host: string, stage: DialStage, error: unknown): HttpFailure {
  if (stage === "lookup") return describeLookupError(host, error);
  const code = codeOf(error);
  const local = describeLocal(host, code);
  if (local !== undefined) return local;
  if (code === "ETIMEDOUT") {
    const message = `${host} could not be reached: ${waitedFor[stage]} in time (${code}).`;
    return { kind: "timeout", errorClass: "timeout_connect", message };
  }
  if (stage === "tls") {
    return connectionError(
      "tls_error",
      `TLS with ${host} could not be established: ${tlsReasonOf(error, code)} (${code}).`,
    );
  }
  if (code === "ECONNREFUSED") {
    return connectionError(
      "connection_refused",
      `${host} refused the connection: nothing listens on that port (${code}).`,
    );
  }
  if (code === "ECONNRESET" || code === "EPIPE") {
    return connectionError(
      "connection_reset",
      `${host} reset the connection while it was being opened (${code}).`,
    );
  }
  return connectionError("connection_failed", `The connection to ${host} failed (${code}).`);
}

/** True when the far end ended the connection, whether politely or by a reset. */
export function isClosedByPeer(error: unknown): boolean {
  const code = codeOf(error);
  if (code === "ECONNRESET" || code === "EPIPE") return true;
  // undici uses one code for "other side closed" and for "bad response" (bytes nobody asked for).
  return code === "UND_ERR_SOCKET" && !messageOf(error).startsWith("bad ");
}

export interface SendContext {
  host: string;
  /** The connection had carried a request before. */
  isReused: boolean;
  /** At least one byte of this answer came. */
  hasBegun: boolean;
}

/** What an error on an open connection means. */
export function describeSendError(context: SendContext, error: unknown): HttpFailure {
  if (error instanceof DialError) return error.failure;
  const { host } = context;
  const code = codeOf(error);
  if (isClosedByPeer(error)) return describeClosed(context, code);
  if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") {
    // Such a message names at most the header, never its value.
    return connectionError("invalid_request", `The request cannot be sent: ${messageOf(error)}.`);
  }
  if (code === "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH") {
    return connectionError(
      "invalid_request",
      "The request cannot be sent: its content-length header is not the length of its body.",
    );
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW") {
    return connectionError(
      "protocol_error",
      `The headers of ${host} are larger than ${headerBytesMax} bytes.`,
    );
  }
  if (code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return connectionError(
      "socket_closed",
      `The body of ${host} ended before the length its content-length header says.`,
    );
  }
  if (code === "HTTPParserError" || code === "UND_ERR_SOCKET") {
    // undici's own words, like "(Expected HTTP/)" or "bad upgrade"; the bytes are not among them.
    return connectionError("protocol_error", `${host} broke HTTP/1.1: ${messageOf(error)}.`);
  }
  const local = describeLocal(host, code);
  if (local !== undefined) return local;
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") {
    return connectionError(
      "tls_error",
      `TLS with ${host} broke: ${tlsReasonOf(error, code)} (${code}).`,
    );
  }
  return connectionError("connection_failed", `The connection to ${host} failed (${code}).`);
}

function describeClosed({ host, isReused, hasBegun }: SendContext, code: string): HttpFailure {
  if (hasBegun) {
    return code === "UND_ERR_SOCKET"
      ? connectionError(
          "socket_closed",
          `${host} closed the connection before its answer was complete.`,
        )
      : connectionError(
          "connection_reset",
          `${host} reset the connection before its answer was complete (${code}).`,
        );
  }
  // A reset on a kept connection is nearly always the far end's keep-alive time running out.
  if (isReused) {
    return connectionError(
      "socket_closed",
      `${host} closed a kept-alive connection just as the request was sent on it; ` +
        "whether the request arrived is not known.",
    );
  }
  return code === "UND_ERR_SOCKET"
    ? connectionError("socket_closed", `${host} closed the connection without an answer.`)
    : connectionError(
        "connection_reset",
        `${host} reset the connection without an answer (${code}).`,
      );
}

const tlsReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate chain ends in an unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "the issuer of its certificate is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the issuer of its certificate is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate chain is incomplete",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  ECONNRESET: "it closed the connection during the handshake",
};

function tlsReasonOf(error: unknown, code: string): string {
  const known = tlsReasons[code];
  if (known !== undefined) return known;
  // OpenSSL's own short words, like "wrong version number"; its long message is a dump.
  if (error instanceof Error && "reason" in error && typeof error.reason === "string") {
    return error.reason;
  }
  return "the handshake failed";
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return error instanceof Error ? error.name : "unknown";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
