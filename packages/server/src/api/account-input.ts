// Refuses, with their path, what a schema cannot know to be wrong: common passwords, time zones
// that do not exist.
import { ApiError } from "@trigrun/contract";
import { findPasswordFault } from "../auth/password-rules.ts";
import { checkTimezone } from "../plan/zone.ts";

export function requireGoodPassword(password: string, email: string, path: string): void {
  const message = findPasswordFault(password, email);
  if (message !== undefined) throw toFieldRefusal(path, message);
}

export function requireTimezone(timezone: string | undefined): void {
  const message = timezone === undefined ? undefined : checkTimezone(timezone);
  if (message !== undefined) throw toFieldRefusal("timezone", message);
}

export function toFieldRefusal(path: string, message: string): ApiError {
  return new ApiError("validation_failed", `${path} ${message}.`, {
    details: [{ path, message }],
  });
}
