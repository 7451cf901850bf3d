// Values that a schema of the document admits. Where the schema cannot say what makes sense (a cron
// expression, an existing channel), the name of the field does.
import { channelTypes } from "@trigrun/contract";
import fc from "fast-check";
import { type Dice, weigh } from "./dice.ts";
import { follow, type Schema } from "./document.ts";
import { crons, instants, timezones, urls } from "./hostile.ts";
import type { Pools } from "./pools.ts";

export interface Values {
  /** `field` is the name under which the value will stand. */
  make(schema: Schema, field?: string): unknown;
}

/** Stands in every credential, so that an answer that shows one gives itself away. */
export const secretMark = "NeverToBeShown";

// `url` is one for some types and none for others; `webhook_url` is always one.
const credentials = new Set(Object.values(channelTypes).flatMap((type) => type.secrets));
for (const field of ["url", "headers"]) credentials.delete(field);
// The lengths that services give their keys, and some between.
const credentialLengths = [14, 20, 24, 30, 32, 36, 40, 64];

const words = ["nightly", "backup", "ops", "über", "日本", "alerts", "a", "x-1", "Ω", "🚀"];
const addresses = ["team@example.com", "a+b@example.co.uk", "o'hara@example.com"];
const headerNames = ["x-token", "Accept", "content-type", "X-Cron-Service-Job-Id", "a", "~"];
const bodies = [null, "text", { full: true }, [1, 2, 3], 0, false, "", { a: { b: [{ c: null }] } }];

export function createValues(dice: Dice, pools: Pools, now: () => Date): Values {
  const text = (min: number, max: number) => {
    const many = dice.chance(0.05) ? max : Math.min(max, dice.int(min, min + 20));
    let made = "";
    while (made.length < many) made += `${dice.pick(words)}-`;
    // Half a pair at the cut would be no text any more.
    return made.slice(0, many).replace(/[\ud800-\udbff]$/, "x");
  };
  let names = 0;
  const newName = () => {
    names += 1;
    return `${dice.pick(words)} ${names}`;
  };
  const future = () => new Date(now().getTime() + dice.int(1, 365 * 24) * 3_600_000).toISOString();

  // By field: what a person would write there. Undefined: the schema alone decides.
  const byField: Readonly<Record<string, (schema: Schema) => unknown>> = {
    url: () => dice.pick(urls),
    webhook_url: () => `https://hooks.example.com/services/T00/B00/${secretMark}`,
    cron: () => dice.pick(crons),
    timezone: () => dice.pick(timezones),
    run_at: () => (dice.chance(0.9) ? future() : "9999-12-31T23:59:59.999Z"),
    from: () => dice.pick(instants),
    to: () => dice.pick(instants),
    name: (schema) => {
      // Of a secret.
      if (schema.pattern !== undefined) return makeString(schema);
      return dice.chance(0.1) ? (pools.name() ?? newName()) : newName();
    },
    job_name: () => pools.name() ?? newName(),
    email: ({ anyOf }) => makeAddresses(anyOf !== undefined),
    channel_id: () => pools.id("chan"),
    job_id: () => pools.id("job"),
    execution_id: () => pools.id("exec"),
    body: () => dice.pick(bodies),
    headers: () => makeHeaders(),
  };

  function makeAddresses(canBeList: boolean): unknown {
    const several = [dice.pick(addresses), dice.pick(addresses)];
    if (canBeList && dice.chance(0.3)) return several;
    return dice.chance(0.2) ? several.join(", ") : several[0];
  }

  function makeCredential(schema: Schema): string {
    const { pattern = "", minLength = 1, maxLength = 64 } = schema;
    const fitting = credentialLengths
      .filter((length) => length >= minLength && length <= maxLength)
      .map((length) => secretMark.padEnd(length, "x"))
      .filter((made) => new RegExp(pattern).test(made));
    return fitting.length === 0 ? makeString(schema) : dice.pick(fitting);
  }

  function makeHeaders(): Record<string, string> {
    const count = dice.int(0, 3);
    return Object.fromEntries(
      Array.from({ length: count }, () => [dice.pick(headerNames), `${secretMark} é ${count}`]),
    );
  }

  function make(written: Schema, field = ""): unknown {
    const schema = follow(written);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return dice.pick(schema.enum);
    const named = Object.hasOwn(byField, field) ? byField[field] : undefined;
    if (named !== undefined) return named(schema);
    if (credentials.has(field)) return makeCredential(schema);
    if (schema.properties !== undefined) return makeObject(schema);
    const branches = schema.oneOf ?? schema.anyOf;
    if (branches !== undefined) return make(dice.pick(branches), field);
    return makeOfType(schema, field);
  }

  function makeOfType(schema: Schema, field: string): unknown {
    const types = typeof schema.type === "string" ? [schema.type] : (schema.type ?? ["any"]);
    switch (dice.pick(types)) {
      case "null":
        return null;
      case "boolean":
        return dice.chance(0.5);
      case "integer":
      case "number":
        return makeNumber(schema);
      case "string":
        return makeString(schema);
      case "array": {
        const { minItems = 0, maxItems = 5, items = {} } = schema;
        const length = dice.int(minItems, Math.min(maxItems, minItems + 3));
        return Array.from({ length }, () => make(items, field));
      }
      case "object":
        return makeRecord(schema);
      default:
        return dice.pick(bodies);
    }
  }

  function makeObject(schema: Schema): unknown {
    const { properties = {}, required = [], oneOf = [] } = schema;
    // Of fields that exclude each other (`url` or `webhook_url`) one branch is taken.
    const branch = oneOf.length === 0 ? [] : (dice.pick(oneOf).required ?? []);
    const excluded = oneOf.flatMap((each) => each.required ?? []);
    const wanted = new Set([...required, ...branch]);
    const taken = Object.entries(properties).filter(
      ([key]) => wanted.has(key) || (!excluded.includes(key) && dice.chance(0.35)),
    );
    return Object.fromEntries(taken.map(([key, each]) => [key, make(each, key)]));
  }

  function makeRecord({ propertyNames, additionalProperties }: Schema): unknown {
    const of = typeof additionalProperties === "object" ? additionalProperties : {};
    const entries = Array.from({ length: dice.int(0, 3) }, () => [
      makeString(propertyNames ?? {}),
      make(of),
    ]);
    return Object.fromEntries(entries);
  }

  function makeNumber({ minimum = 0, maximum = 1_000 }: Schema): number {
    const kind = weigh(dice, [1, 1, 4]);
    return [minimum, maximum, dice.int(minimum, maximum)][kind] ?? minimum;
  }

  function makeString({ pattern, format, minLength = 0, maxLength = 40 }: Schema): string {
    if (format === "date-time") return dice.pick(instants);
    if (pattern !== undefined) {
      const seed = dice.int(0, 2 ** 31 - 1);
      const [made = ""] = fc.sample(fc.stringMatching(new RegExp(pattern)), { seed, numRuns: 1 });
      return made;
    }
    return text(minLength, maxLength);
  }

  return { make };
}
