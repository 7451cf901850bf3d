// What is asked of the HTTP door and what it answers: the shapes, and the closed list of ways a
// call can fail. It must stay pure; every other file of the door leans on it.
import type { Phases } from "../answer.ts";

export interface HttpCall {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
  /** The one deadline: waiting for a connection, every redirect and the body are all inside it. */
  timeoutMs: number;
  /** Reading stops here and the connection is given up: the rest is never received. */
  bodyBytesMax: number;
  followRedirects: boolean;
  /** Headers, named as in `headers`, that no redirect to another origin takes along. */
  confinedHeaders?: readonly string[];
  signal?: AbortSignal;
}

/** For all headers of an answer together: what node's own client and most servers allow. */
export const headerBytesMax = 16_384;

/** Every way a call can fail, with its meaning for the documentation. */
export const httpErrorClasses = {
  timeout_queue: "All connections to the host were busy until the time was up.",
  timeout_connect: "The name, the connection or TLS was not ready in time.",
  timeout_response: "The request was sent, but no complete answer headers came in time.",
  timeout_body: "The answer began, but its body did not end in time.",
  dns_error: "The host name could not be resolved.",
  connection_refused: "Nothing listens on that port.",
  connection_reset: "The far end reset the connection.",
  host_unreachable: "No route leads to the host.",
  tls_error: "TLS could not be established: certificate, protocol or handshake.",
  socket_closed: "The far end closed the connection before the answer was complete.",
  protocol_error: "What came back is not HTTP/1.1, or its headers are too large.",
  invalid_request: "The request cannot be sent as it is: URL, method, header or body.",
  invalid_redirect: "The answer redirects to something that is no URL.",
  too_many_redirects: "More redirects than are followed.",
  local_limit: "This machine has run out of sockets, ports or memory for them.",
  connection_failed: "The connection failed in a way that has no class of its own.",
  target_not_allowed: "The address guard does not let calls go there.",
  cancelled: "The call was cancelled before it ended.",
} as const;

export type HttpErrorClass = keyof typeof httpErrorClasses;
export type TimeoutClass = Extract<HttpErrorClass, `timeout_${string}`>;
type ConnectionErrorClass = Exclude<
  HttpErrorClass,
  TimeoutClass | "target_not_allowed" | "cancelled"
>;

/** Why a call has no answer. `message` is a sentence that holds no header value and no query. */
export type HttpFailure =
  | { kind: "timeout"; errorClass: TimeoutClass; message: string }
  | { kind: "connection_error"; errorClass: ConnectionErrorClass; message: string }
  | { kind: "refused"; errorClass: "target_not_allowed"; message: string }
  | { kind: "cancelled"; errorClass: "cancelled"; message: string };

interface Course {
  startedAt: Date;
  latencyMs: number;
  phases: Phases;
  /** Where redirects led, in order; queries are left out, they often hold keys. */
  redirects: string[];
}

export interface HttpAnswer extends Course {
  kind: "answered";
  statusCode: number;
  /** Names in lower case; a header that came several times is joined with ", ". */
  headers: Record<string, string>;
  body: Buffer;
  bodyTruncated: boolean;
}

/** `statusCode` is the status of an answer that began but did not end, else null. */
export type HttpOutcome = HttpAnswer | (HttpFailure & Course & { statusCode: number | null });
