// The flags of `channels create` and `update`, derived from the config schema of each channel type:
// a type that joins the registry has its flags here without a change to this program.
import { type AnyChannelType, channelTypes } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { settingFlags } from "./channel-settings.ts";
import { usageError } from "./errors.ts";
import { textList } from "./flags.ts";

/** What a field takes: one text, several, either, names with texts, yes or no, a number, JSON. */
type Form = "text" | "texts" | "text-or-texts" | "record" | "boolean" | "number" | "json";

export interface ConfigField {
  /** The key in `config`. */
  readonly key: string;
  /** The flag's name without dashes. */
  readonly flag: string;
  readonly form: Form;
  readonly isRequired: boolean;
  readonly description: string;
}

/** The part of JSON Schema that is looked at. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema & { readonly alias_of?: unknown }>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

type Registry = Readonly<Record<string, AnyChannelType>>;

// Flags that the commands have for themselves; a config key of such a name gets `config-` before.
const takenFlags = new Set<string>([
  ...["name", "type", "config", "unset", "json", "color", "help", "yes"],
  ...settingFlags,
]);

/** The fields of a type's config in the order of its schema, without second names of a field. */
export function fieldsOf(type: AnyChannelType): ConfigField[] {
  const schema = toObjectSchema(type);
  return Object.entries(schema.properties ?? {})
    .filter(([, field]) => field.alias_of === undefined)
    .map(([key, field]) => ({
      key,
      flag: toFlag(key),
      form: formOf(field),
      isRequired: schema.required?.includes(key) ?? false,
      description: field.description ?? "",
    }));
}

function toObjectSchema({ config }: AnyChannelType): Schema {
  for (const io of ["input", "output"] as const) {
    // JSON Schema is what `toJSONSchema` gives; only the keys above are read, each optional.
    const schema = config.toJSONSchema({ io, unrepresentable: "any" }) as Schema;
    // A schema that prepares its input knows its fields on the output side only.
    if (schema.properties !== undefined) return schema;
  }
  return {};
}

function toFlag(key: string): string {
  const flag = key
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
  return takenFlags.has(flag) ? `config-${flag}` : flag;
}

function formOf(schema: Schema): Form {
  const branches = (schema.anyOf ?? schema.oneOf ?? []).filter(({ type }) => type !== "null");
  if (branches.length > 0) {
    const forms = new Set(branches.map(formOf));
    if (forms.size === 1) return [...forms][0] ?? "json";
    const isTextual = [...forms].every((form) => form === "text" || form === "texts");
    return isTextual ? "text-or-texts" : "json";
  }
  switch (schema.type) {
    case "string":
      return "text";
    case "boolean":
      return "boolean";
    case "integer":
    case "number":
      return "number";
    case "array":
      return schema.items !== undefined && formOf(schema.items) === "text" ? "texts" : "json";
    case "object":
      return isTextRecord(schema) ? "record" : "json";
    default:
      return "json";
  }
}

function isTextRecord({ properties, additionalProperties: values }: Schema): boolean {
  return properties === undefined && typeof values === "object" && formOf(values) === "text";
}

const placeholders: Readonly<Record<Exclude<Form, "boolean">, (flag: string) => string>> = {
  text: (flag) => flag,
  texts: (flag) => flag,
  "text-or-texts": (flag) => flag,
  record: () => "name: value",
  number: () => "n",
  json: () => "json",
};

const repeatable: ReadonlySet<Form> = new Set(["texts", "text-or-texts", "record"]);

/** Adds one flag for each field of any type, with what it means for which type. */
export function addConfigFlags(command: Command, registry: Registry = channelTypes): Command {
  for (const [flag, uses] of usesByFlag(registry)) {
    const forms = new Set(uses.map(({ field }) => field.form));
    const description = describeUses(uses);
    const [form] = forms;
    const isSwitch = forms.size === 1 && form === "boolean";
    if (isSwitch) {
      command.addOption(new Option(`--${flag}`, description));
      command.addOption(new Option(`--no-${flag}`).hideHelp());
    } else {
      const place = form === undefined || form === "boolean" ? "value" : placeholders[form](flag);
      command.addOption(new Option(`--${flag} <${place}>`, description).argParser(textList));
    }
  }
  return command;
}

interface Use {
  readonly type: string;
  readonly field: ConfigField;
}

function usesByFlag(registry: Registry): Map<string, Use[]> {
  const uses = new Map<string, Use[]>();
  for (const type of Object.values(registry)) {
    for (const field of fieldsOf(type)) {
      uses.set(field.flag, [...(uses.get(field.flag) ?? []), { type: type.type, field }]);
    }
  }
  return uses;
}

/** "(webhook) Where to POST. (slack, discord) The webhook's address." */
function describeUses(uses: readonly Use[]): string {
  const types = new Map<string, string[]>();
  for (const { type, field } of uses) {
    const text = [field.description, repeatable.has(field.form) ? "Repeatable." : ""]
      .filter((part) => part !== "")
      .join(" ");
    types.set(text, [...(types.get(text) ?? []), type]);
  }
  return [...types].map(([text, names]) => `(${names.join(", ")}) ${text}`.trim()).join(" ");
}

/** The flags of the command's config that were given, by flag name. */
export function readConfigFlags(
  command: Command,
  registry: Registry = channelTypes,
): Map<string, readonly string[] | boolean> {
  const given = new Map<string, readonly string[] | boolean>();
  for (const flag of usesByFlag(registry).keys()) {
    const option = command.options.find(({ long }) => long === `--${flag}`);
    const key = option?.attributeName() ?? flag;
    // `addConfigFlags` declared it: a switch, or a list of texts.
    const value = command.getOptionValue(key) as readonly string[] | boolean | undefined;
    if (value !== undefined) given.set(flag, value);
  }
  return given;
}

/** The config that the flags of one type make. A flag of another type is refused by name. */
export function toConfig(
  type: AnyChannelType,
  given: ReadonlyMap<string, readonly string[] | boolean>,
): Record<string, unknown> {
  const fields = fieldsOf(type);
  const entries = [...given].map(([flag, value]) => {
    const field = fields.find((candidate) => candidate.flag === flag);
    if (field === undefined) {
      const known = fields.map((candidate) => `--${candidate.flag}`).join(", ");
      throw usageError(`A channel of type ${type.type} takes no --${flag}. It takes ${known}.`);
    }
    return [field.key, toValue(field, value)] as const;
  });
  return Object.fromEntries(entries);
}

/** Refuses a config that lacks a required field, in the words of the command line. */
export function requireConfig(type: AnyChannelType, config: Record<string, unknown>): void {
  const missing = fieldsOf(type).filter(({ key, isRequired }) => isRequired && !(key in config));
  // A field may also have been given in `--config`, under a second name that the server knows.
  const isCovered = Object.keys(config).some((key) => !fieldsOf(type).some((f) => f.key === key));
  if (missing.length === 0 || isCovered) return;
  const flags = missing.map(({ flag }) => `--${flag}`).join(" and ");
  throw usageError(`A channel of type ${type.type} needs ${flags}.`);
}

function toValue(field: ConfigField, value: readonly string[] | boolean): unknown {
  const { flag, form } = field;
  if (typeof value === "boolean") return value;
  switch (form) {
    case "texts":
      return [...value];
    case "text-or-texts":
      return value.length === 1 ? value[0] : [...value];
    case "record":
      return Object.fromEntries(value.map((text) => toEntry(flag, text)));
    case "text":
      return theOne(flag, value);
    case "number":
      return toNumber(flag, theOne(flag, value));
    case "boolean":
      return toBoolean(flag, theOne(flag, value));
    case "json":
      return toJson(flag, theOne(flag, value));
  }
}

function theOne(flag: string, [first = "", ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  throw usageError(`--${flag} was given more than once.`);
}

function toEntry(flag: string, text: string): [string, string] {
  const colon = text.indexOf(":");
  if (colon < 1) throw usageError(`--${flag} must look like \`name: value\`.`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

function toNumber(flag: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return number;
  throw usageError(`--${flag} must be a number.`);
}

function toBoolean(flag: string, text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw usageError(`--${flag} must be true or false.`);
}

function toJson(flag: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageError(`--${flag} must be JSON.`);
  }
}
