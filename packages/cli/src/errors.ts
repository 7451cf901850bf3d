// What went wrong, as a sentence that says what to do, and the exit code that goes with it.
// It never prints a token, and never a stack for what a person can mend.
import type { ApiError, ErrorDetail } from "@trigrun/contract";
import { neutralise, toLines } from "./display.ts";
import { type ExitCode, exitCodeOf, exitCodes } from "./exit-codes.ts";

/** A refusal or failure found on this side of the wire. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** For programs that read `--json`. */
  readonly code: string;

  constructor(code: string, exitCode: ExitCode, message: string) {
    super(message);
    this.name = "CliError";
    this.code = code;
    this.exitCode = exitCode;
  }
}

export function usageError(message: string): CliError {
  return new CliError("usage", exitCodes.usage, message);
}

export interface Report {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly details: readonly ErrorDetail[];
}

/** What is known about the call that failed. */
export interface Circumstances {
  readonly url?: string | undefined;
  readonly tokenSource?: string | undefined;
  readonly requestId?: string | undefined;
}

export function toReport(error: unknown, about: Circumstances): Report {
  if (error instanceof CliError) {
    return { exitCode: error.exitCode, code: error.code, message: error.message, details: [] };
  }
  if (isApiError(error)) {
    return {
      exitCode: exitCodeOf[error.code],
      code: error.code,
      message: [error.message, adviceFor(error, about)].filter(Boolean).join(" "),
      details: error.details,
    };
  }
  const status = statusOfUnexpected(error);
  if (status !== undefined) {
    // 502 to 504 come from what stands before TrigRun while TrigRun is away.
    const isAway = status >= 502 && status <= 504;
    return {
      exitCode: isAway ? exitCodes.unavailable : exitCodes.unexpected,
      code: isAway ? "unreachable" : "unexpected_answer",
      message: `${messageOf(error)} (${about.url ?? "unknown address"})`,
      details: [],
    };
  }
  return {
    exitCode: exitCodes.unexpected,
    code: "unexpected",
    message: `A fault of cronctl: ${messageOf(error)}. Please report it.`,
    details: [],
  };
}

/** The report for people: the message, then each detail, neutralised. Nothing is said twice. */
export function toSentences({ message, details }: Report): string[] {
  const texts = details.map(({ path, message: what }) => (path === "" ? what : `${path}: ${what}`));
  const [only = "", ...others] = texts;
  const isRepeated =
    details.length > 0 &&
    others.length === 0 &&
    [only, details[0]?.message ?? ""].some((text) => withoutStop(text) === withoutStop(message));
  if (isRepeated) return [neutralise(only)];
  return [...toLines(message), ...texts.map((text) => `  ${neutralise(text)}`)];
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, "");
}

// The contract is loaded only by commands that call the server, so its classes are known by name.
function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && error.name === "ApiError";
}

function statusOfUnexpected(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== "UnexpectedAnswer") return undefined;
  return "status" in error && typeof error.status === "number" ? error.status : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function adviceFor(error: ApiError, about: Circumstances): string {
  switch (error.code) {
    case "unauthorized":
      return about.tokenSource === undefined
        ? "Log in with `cronctl login`."
        : `The token comes from ${about.tokenSource}. Log in again with \`cronctl login\`.`;
    case "forbidden":
      return "`cronctl whoami` shows the role of the token.";
    case "rate_limited":
    case "unavailable":
      return error.retryAfterSeconds === undefined
        ? ""
        : `Try again in ${error.retryAfterSeconds} s.`;
    case "internal":
      return about.requestId === undefined ? "" : `Its request id is ${about.requestId}.`;
    default:
      return "";
  }
}
