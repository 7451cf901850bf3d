// The exit codes of cronctl: stable, so that scripts may branch on them. A number is never reused.
import type { ErrorCode } from "@trigrun/contract";

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  unauthorized: 3,
  notFound: 4,
  conflict: 5,
  refused: 6,
  unavailable: 7,
  failed: 8,
  ambiguous: 9,
  declined: 10,
  // 128 + SIGINT, as shells report it.
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** One line for each code, for `cronctl --help` and the guide. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "done",
  unexpected: "something that should not happen: a fault here or of the server",
  usage: "the command line is wrong",
  unauthorized: "not logged in, or the token may not do this",
  notFound: "no such thing",
  conflict: "it contradicts what is there",
  refused: "the server refused what was sent; the message names each field",
  unavailable: "no TrigRun answers, or it asks to come back later",
  failed: "a wait, a test or one of many failed (run --wait, channels test, jobs pause A B)",
  ambiguous: "several jobs bear the name; the message lists their ids",
  declined: "you answered no",
  interrupted: "interrupted with Ctrl-C",
};

/** The exit code for each error code of the API. A code without one does not compile. */
export const exitCodeOf: Readonly<Record<ErrorCode, ExitCode>> = {
  validation_failed: exitCodes.refused,
  invalid_json: exitCodes.refused,
  invalid_cursor: exitCodes.refused,
  unauthorized: exitCodes.unauthorized,
  forbidden: exitCodes.unauthorized,
  email_not_verified: exitCodes.unauthorized,
  not_found: exitCodes.notFound,
  conflict: exitCodes.conflict,
  payload_too_large: exitCodes.refused,
  unsupported_media_type: exitCodes.refused,
  target_not_allowed: exitCodes.refused,
  unprocessable: exitCodes.refused,
  rate_limited: exitCodes.unavailable,
  internal: exitCodes.unexpected,
  unavailable: exitCodes.unavailable,
};
