// Every error code a client can meet, in one table: its HTTP status and what it means.
// A code that is not here cannot be thrown, and a code's status must never change.

/** One row of the table. `meaning` says when a client meets the code and what to do about it. */
export interface ErrorMeaning {
  readonly status: number;
  readonly meaning: string;
}

export const errorTable = {
  validation_failed: {
    status: 400,
    meaning: "A field is missing, unknown or wrong. `details` names each path and what to send.",
  },
  invalid_json: { status: 400, meaning: "The body is not JSON. Send one JSON value." },
  invalid_cursor: {
    status: 400,
    meaning: "The cursor was not given out by this list. Start again without `cursor`.",
  },
  unauthorized: {
    status: 401,
    meaning: "No token, or one that is unknown, expired or revoked. Send `Authorization: Bearer`.",
  },
  forbidden: { status: 403, meaning: "The token's role may not do this." },
  email_not_verified: { status: 403, meaning: "The account's address is not verified yet." },
  not_found: {
    status: 404,
    meaning: "No such thing in this workspace, or no such path.",
  },
  conflict: {
    status: 409,
    meaning: "The request contradicts what is there; the message names what it conflicts with.",
  },
  payload_too_large: { status: 413, meaning: "The body is over 1 MiB." },
  unsupported_media_type: { status: 415, meaning: "Send `Content-Type: application/json`." },
  target_not_allowed: {
    status: 422,
    meaning: "The address guard refuses this URL. An operator opens networks by setting.",
  },
  unprocessable: {
    status: 422,
    meaning: "Well-formed, but it cannot be done; the message says why.",
  },
  rate_limited: { status: 429, meaning: "Too many requests. Wait as `Retry-After` says." },
  internal: {
    status: 500,
    meaning: "A fault of the server. Report it with the `x-request-id` of the answer.",
  },
  unavailable: { status: 503, meaning: "The database is away. Try again in a moment." },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong with a request: `path` as in `request.headers.0`, `""` for the whole. */
export interface ErrorDetail {
  readonly path: string;
  readonly message: string;
}

/** A refusal that the client may see as it stands. Everything else becomes an empty `internal`. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: readonly ErrorDetail[]; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}
