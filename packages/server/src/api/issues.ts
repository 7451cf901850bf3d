// Says in sentences for people what a schema found wrong. `details` name the path and what to send;
// a sentence follows the path: "request.timeout_seconds" + "must be 300 or less".
import { ApiError, type ErrorDetail } from "@trigrun/contract";
import { z } from "zod";

export type Parsed<T> =
  | { readonly value: T; readonly details?: undefined }
  | { readonly details: readonly ErrorDetail[] };

/** What the members of the object are called where it came from. */
export type MemberWord = "field" | "parameter";

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** Parses, or says everything that is wrong at once. `under` is put before each path. */
export function parseWith<T>(
  schema: z.ZodType<T>,
  value: unknown,
  options: { readonly under?: string; readonly memberWord?: MemberWord } = {},
): Parsed<T> {
  const memberWord = options.memberWord ?? "field";
  const result = schema.safeParse(value, {
    error: (issue) => toSentence(issue, memberWord),
    reportInput: true,
  });
  if (result.success) return { value: result.data };
  const root = options.under === undefined ? [] : [options.under];
  const details = result.error.issues.flatMap((issue) => toDetails(issue, root));
  return { details: keepTelling(details, toPath(root)) };
}

/**
 * One sentence for each path, since an empty name need not hear that it begins with a blank, too;
 * and none about the whole while a part of it is wrong.
 */
function keepTelling(details: readonly ErrorDetail[], root: string): ErrorDetail[] {
  const byPath = new Map<string, ErrorDetail>();
  for (const detail of details) if (!byPath.has(detail.path)) byPath.set(detail.path, detail);
  if (byPath.size > 1) byPath.delete(root);
  return [...byPath.values()];
}

// More would help nobody and turn a small hostile body into a large answer.
const detailsMax = 50;

/** The refusal for a request with these faults; its message names the first one. */
export function toValidationError(details: readonly ErrorDetail[]): ApiError {
  const [first] = details;
  const subject = first === undefined || first.path === "" ? "The body" : first.path;
  const more = details.length - 1;
  const others = more > 0 ? ` (and ${more} more: see details)` : "";
  return new ApiError("validation_failed", `${subject} ${first?.message ?? "is wrong"}${others}.`, {
    details: details.slice(0, detailsMax),
  });
}

// Names are the client's and can be a megabyte long; this much is enough to find one.
const nameLengthMax = 100;

export function toPath(parts: readonly PropertyKey[]): string {
  return parts.map((part) => shorten(String(part))).join(".");
}

function shorten(name: string): string {
  return name.length <= nameLengthMax ? name : `${name.slice(0, nameLengthMax)}…`;
}

function toDetails(issue: Issue, root: readonly PropertyKey[]): ErrorDetail[] {
  const path = [...root, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: toPath([...path, key]), message: issue.message }));
  }
  if (issue.code === "invalid_key") {
    const message = issue.issues[0]?.message ?? issue.message;
    return [{ path: toPath(path), message }];
  }
  if (issue.code === "invalid_union" && !isMissing(issue)) {
    const branch = findMeantBranch(issue.errors);
    if (branch) return branch.flatMap((nested) => toDetails(nested, path));
  }
  // A schema's own sentence about a wrong value does not fit one that is not there.
  const isMute = isMissing(issue) && !issue.message.startsWith("is required");
  return [{ path: toPath(path), message: isMute ? "is required" : issue.message }];
}

function isMissing(issue: Issue): boolean {
  const codes = ["invalid_type", "invalid_value", "invalid_union", "invalid_format"];
  return codes.includes(issue.code) && "input" in issue && issue.input === undefined;
}

/** Of the ways to write a value the one that was meant: its type is right, its inside is not. */
function findMeantBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const meant = branches.filter((issues) => issues.every(({ path }) => path.length > 0));
  return meant.sort((a, b) => a.length - b.length)[0];
}

function toSentence(issue: RawIssue, memberWord: MemberWord): string {
  switch (issue.code) {
    case "unrecognized_keys":
      return toUnknownMember(membersOf(issue.inst), memberWord);
    case "invalid_type":
      return toTypeSentence(issue.expected, issue.input);
    case "invalid_value":
      return toChoice(issue.values, issue.input);
    case "invalid_union":
      return Array.isArray(issue.options)
        ? toChoice(issue.options, readMember(issue.input, issue.discriminator))
        : "is of no type that is taken here";
    case "too_small":
      return toBound("small", issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case "too_big":
      return toBound("big", issue.origin, Number(issue.maximum), issue.inclusive !== false);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return formats[issue.format] ?? "does not have the form that is asked for";
    default:
      return "is not valid";
  }
}

const formats: Readonly<Record<string, string>> = {
  datetime: "must be a date and time with a zone: 2026-11-23T10:00:00Z",
  email: "must be an e-mail address",
  url: "must be a whole address: https://example.com/path",
};

/** "is not a field here; fields are: name, kind". */
export function toUnknownMember(members: readonly string[], memberWord: MemberWord): string {
  if (members.length === 0) return `is not a ${memberWord} here; there are none`;
  return `is not a ${memberWord} here; ${memberWord}s are: ${members.join(", ")}`;
}

function membersOf(schema: unknown): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  // Every value of a shape is a schema; another name for a field is not worth a mention.
  const shape = Object.entries(schema.shape as Record<string, z.ZodType>);
  return shape.filter(([, field]) => field.meta()?.deprecated !== true).map(([key]) => key);
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  null: "null",
};

function toTypeSentence(expected: string, input: unknown): string {
  if (input === undefined) return "is required";
  const wanted = typeNames[expected] ?? expected;
  if (expected === "number" && typeof input !== "string" && Number.isNaN(input)) {
    return "must be a number";
  }
  if (expected === "int") return "must be a whole number";
  return `must be ${wanted}, not ${nameType(input)}`;
}

function nameType(input: unknown): string {
  if (input === null) return "null";
  if (Array.isArray(input)) return "a list";
  return typeNames[typeof input] ?? typeof input;
}

function toChoice(values: readonly unknown[], input: unknown): string {
  const names = values.map(String);
  const choice = names.length === 1 ? (names[0] ?? "") : `one of: ${names.join(", ")}`;
  return input === undefined ? `is required: ${choice}` : `must be ${choice}`;
}

function readMember(input: unknown, key: string | undefined): unknown {
  if (typeof input !== "object" || input === null || key === undefined) return undefined;
  return Object.entries(input).find(([name]) => name === key)?.[1];
}

function toBound(side: "small" | "big", origin: string, bound: number, isInclusive: boolean) {
  if (origin === "string" || origin === "array") {
    const unit = origin === "string" ? "character" : "item";
    if (side === "small" && bound === 1) return "must not be empty";
    const count = `${bound} ${unit}${bound === 1 ? "" : "s"}`;
    return side === "small" ? `must have at least ${count}` : `must have at most ${count}`;
  }
  if (!isInclusive) return `must be ${side === "small" ? "more" : "less"} than ${bound}`;
  return `must be ${bound} or ${side === "small" ? "more" : "less"}`;
}
