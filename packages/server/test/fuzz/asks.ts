// Requests made from the document: for each operation one that its schemas admit, with ids that
// exist. `twists.ts` then breaks some of them.
import { type Dice, weigh } from "./dice.ts";
import { type Operation, operations, type Schema } from "./document.ts";
import { toText } from "./json-text.ts";
import type { IdPrefix, Pools } from "./pools.ts";
import type { Values } from "./values.ts";

/** Whose token is sent. `person` is an owner who has just signed in; `none` sends no header. */
export type Asker = "owner" | "person" | "admin" | "member" | "expired" | "other" | "none";

export interface Ask {
  /** What was meant; a twist may have made something else of it. */
  readonly operation: Operation;
  readonly method: string;
  /** Encoded, without the query. */
  readonly path: string;
  /** Encoded. */
  readonly query: readonly (readonly [string, string])[];
  readonly asker: Asker;
  readonly headers: Readonly<Record<string, string>>;
  /** A value is sent as JSON, bytes as they are. */
  readonly body: { readonly value: unknown } | { readonly bytes: Buffer } | undefined;
  /** Names of what has been done to it. */
  readonly twists: readonly string[];
}

/** The body as it goes over the wire. */
export function toBytes({ body }: Ask): Buffer | undefined {
  if (body === undefined) return undefined;
  return "bytes" in body ? body.bytes : Buffer.from(toText(body.value), "utf8");
}

export function toAddress({ path, query }: Ask): string {
  if (query.length === 0) return path;
  return `${path}?${query.map(([key, value]) => `${key}=${value}`).join("&")}`;
}

const kinds: Readonly<Record<string, IdPrefix>> = {
  jobs: "job",
  executions: "exec",
  "notification-channels": "chan",
  "notification-deliveries": "dlv",
  "notification-rules": "rule",
  "api-tokens": "tok",
  members: "mem",
  invitations: "inv",
  secrets: "sec",
};

/** The kind of id that stands behind this part of a path. */
export function kindAfter(part: string | undefined): IdPrefix | undefined {
  return part !== undefined && Object.hasOwn(kinds, part) ? kinds[part] : undefined;
}

// Rich bodies deserve more tries; what deletes rows fewer, or nothing would be left to work on.
const weights: Readonly<Record<string, number>> = {
  createJob: 3,
  updateJob: 3,
  createChannel: 3,
  updateChannel: 3,
  updateSecret: 3,
  deleteSecret: 0.4,
  previewSchedule: 2,
  addRule: 2,
  deleteJob: 0.4,
  deleteChannel: 0.4,
  getHealth: 0.3,
  getReadiness: 0.3,
  signUp: 0.1,
  logIn: 0.1,
  verifyEmail: 0.1,
  forgotPassword: 0.1,
  resetPassword: 0.1,
  acceptInvitation: 0.1,
  changePassword: 0.1,
  switchWorkspace: 0.1,
  removeMember: 0.4,
  revokeToken: 0.4,
};
const weightsInOrder = operations.map(({ id }) => weights[id] ?? 1);

export interface Asks {
  make(): Ask;
}

export function createAsks(dice: Dice, pools: Pools, values: Values): Asks {
  const configs = findConfigs();
  let keys = 0;

  function makePath(operation: Operation): string {
    const rule = pools.rule();
    const isRule = operation.path.includes("{rule_id}");
    const parts = operation.path.split("/");
    const filled = parts.map((part, index) => {
      if (part === "{rule_id}") return rule.id;
      if (part !== "{id}") return part;
      if (isRule) return rule.job_id;
      return pools.id(kindAfter(parts[index - 1]) ?? "job");
    });
    return filled.join("/");
  }

  function makeQuery(operation: Operation): Ask["query"] {
    return operation.parameters
      .filter((parameter) => parameter.in === "query" && dice.chance(0.25))
      .flatMap(({ name, schema }) => {
        const value =
          name === "cursor" ? pools.cursor(operation.id, false) : values.make(schema, name);
        return value === undefined ? [] : [[name, encodeURIComponent(String(value))] as const];
      });
  }

  function makeHeaders(operation: Operation): Record<string, string> {
    const hasKey = operation.parameters.some(({ name }) => name === "Idempotency-Key");
    if (!hasKey || !dice.chance(0.4)) return {};
    // Now and then a key comes again, with the same request or another one.
    if (!dice.chance(0.3)) keys += 1;
    return { "idempotency-key": `key-${keys}` };
  }

  function makeBody(operation: Operation): Ask["body"] {
    const { body, isBodyRequired } = operation;
    if (body === undefined || (!isBodyRequired && dice.chance(0.4))) return undefined;
    const value = values.make(body);
    return { value: operation.id === "updateChannel" ? withConfig(value) : value };
  }

  /** The document lets a patch hold any config; one of a type's own fields makes sense. */
  function withConfig(value: unknown): unknown {
    if (typeof value !== "object" || value === null || !("config" in value)) return value;
    return { ...value, config: values.make(dice.pick(configs)) };
  }

  function chooseAsker(operation: Operation): Asker {
    if (operation.needsSession) return "person";
    return operation.role === "public" && dice.chance(0.5) ? "none" : "owner";
  }

  function make(): Ask {
    // The weights are those of the operations, in their order.
    const operation = operations[weigh(dice, weightsInOrder)] as Operation;
    return {
      operation,
      method: operation.method,
      path: makePath(operation),
      query: makeQuery(operation),
      asker: chooseAsker(operation),
      headers: makeHeaders(operation),
      body: makeBody(operation),
      twists: [],
    };
  }

  return {
    make() {
      const ask = make();
      // A patch that names nothing is refused, which the document does not say.
      const isEmpty = ask.operation.method === "PATCH" && toBytes(ask)?.toString() === "{}";
      return isEmpty ? { ...ask, body: { value: { name: values.make({}, "name") } } } : ask;
    },
  };
}

/** The configs of the channel types. */
function findConfigs(): Schema[] {
  const create = operations.find(({ id }) => id === "createChannel");
  const branches = create?.body?.oneOf ?? [];
  return branches.flatMap(({ properties }) => (properties?.config ? [properties.config] : []));
}
