// What a form needs to know of a schema of the contract: one field for each property, with its
// words, its kind and whether it must be given. Pure: a schema in, fields out. A property of the
// contract that is new appears in every form by itself.
import { z } from "zod";

export type FieldKind = "text" | "url" | "number" | "boolean" | "choice" | "list" | "map";

export interface Field {
  readonly key: string;
  /** For people: "Bot token". */
  readonly label: string;
  readonly description: string;
  readonly kind: FieldKind;
  readonly isRequired: boolean;
  /** True for credentials: never shown, and never filled in by the browser. */
  readonly isSecret: boolean;
  /** Of a `choice`. */
  readonly options: readonly string[];
  /** What holds when nothing is given, as text. */
  readonly fallback: string;
  readonly example: string;
}

interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly alias_of?: string;
}

export interface FieldOptions {
  readonly secrets?: readonly string[];
}

export function toFields(schema: z.ZodType, { secrets = [] }: FieldOptions = {}): Field[] {
  // JSON Schema as zod writes it; only words that are looked at by hand below are relied on.
  const root = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  // One of several names for the same thing is enough for a person; it is the one without alias.
  const eitherOf = (root.oneOf ?? []).flatMap(({ required = [] }) => required);
  const required = new Set([...(root.required ?? []), ...eitherOf]);
  return Object.entries(root.properties ?? {})
    .filter(([, property]) => property.alias_of === undefined)
    .map(([key, property]) => {
      const kind = kindOf(property);
      return {
        ...{ key, kind, label: toLabel(key), description: toPlain(property.description ?? "") },
        isRequired: required.has(key) && property.default === undefined,
        isSecret: secrets.includes(key),
        options: (property.enum ?? []).map(String),
        fallback: toText(property.default),
        example: toText(property.example),
      };
    });
}

function kindOf({ type, enum: options, anyOf, pattern }: JsonSchema): FieldKind {
  if (options !== undefined) return "choice";
  switch (type) {
    case "boolean":
      return "boolean";
    case "number":
    case "integer":
      return "number";
    case "array":
      return "list";
    case "object":
      return "map";
    default:
      if (anyOf?.some((each) => each.type === "array")) return "list";
      return pattern?.startsWith("^[Hh]") ? "url" : "text";
  }
}

const shortForms: Readonly<Record<string, string>> = { url: "URL", api: "API", id: "ID" };

/** "message_thread_id" is "Message thread ID". */
function toLabel(key: string): string {
  const words = key.split("_").map((word) => shortForms[word] ?? word);
  const [first = "", ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" ");
}

/** Descriptions are Markdown with nothing but code in it. */
function toPlain(markdown: string): string {
  return markdown.replaceAll("`", "");
}

function toText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "object" ? "" : String(value);
}

/** What stands in the inputs: text as it was typed, a switch, or names with values. */
export type FormValue = string | boolean | readonly (readonly [string, string])[];
export type FormValues = Readonly<Record<string, FormValue>>;

export function emptyValueOf({ kind, fallback }: Field): FormValue {
  if (kind === "boolean") return fallback === "true";
  if (kind === "map") return [];
  return kind === "choice" ? fallback : "";
}

/** The input of the schema; what was left empty is left out, so that the defaults hold. */
export function toInput(fields: readonly Field[], values: FormValues): Record<string, unknown> {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const value = toInputValue(field, values[field.key] ?? emptyValueOf(field));
    return value === undefined ? [] : [[field.key, value]];
  });
  return Object.fromEntries(entries);
}

function toInputValue({ kind }: Field, value: FormValue): unknown {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") {
    const named = value.filter(([name]) => name.trim() !== "");
    return named.length === 0 ? undefined : Object.fromEntries(named);
  }
  const text = value.trim();
  if (text === "") return undefined;
  if (kind === "number") return toNumber(text);
  if (kind !== "list") return text;
  const items = text.split(/[,\n]/).map((item) => item.trim());
  return items.filter((item) => item !== "");
}

/** What is no number goes on as text, and the schema says what is wrong. */
function toNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** The first complaint about each field, by its key; what is about the whole has the key "". */
export function toErrors(
  complaints: readonly { readonly path: string; readonly message: string }[],
  prefix = "",
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { path, message } of complaints) {
    const isOurs = prefix === "" || path === prefix || path.startsWith(`${prefix}.`);
    if (!isOurs) continue;
    const key = path.slice(prefix === "" ? 0 : prefix.length + 1).split(".")[0] ?? "";
    errors[key] ??= message;
  }
  return errors;
}

/** What the schema itself says of the input, before the server is asked. */
export function validate(schema: z.ZodType, input: unknown): Record<string, string> {
  const { error } = schema.safeParse(input);
  const complaints = error?.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: isMissing(issue) ? "is required" : issue.message,
  }));
  return toErrors(complaints ?? []);
}

function isMissing(issue: z.core.$ZodIssue): boolean {
  return issue.code === "invalid_type" && issue.input === undefined;
}
