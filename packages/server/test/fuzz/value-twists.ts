// Changes one place of a JSON value: takes a field away, adds one, or puts something there that the
// schema does not admit.
import { type Dice, weigh } from "./dice.ts";
import * as hostile from "./hostile.ts";
import { nest, Raw } from "./json-text.ts";
import type { Pools } from "./pools.ts";

type Path = readonly (string | number)[];

// Long enough for every limit of a field and short of the limit of a body.
const longLengths = [256, 2_049, 8_193, 65_537, 300_000] as const;

export function twistValue(dice: Dice, pools: Pools, root: unknown): unknown {
  const places = listPlaces(root);
  const path = dice.pick(places);
  const field = path.findLast((key) => typeof key === "string");
  const change = (value: unknown) => {
    const isObject = typeof value === "object" && value !== null && !(value instanceof Raw);
    // Taking away, adding, wrapping, and five times replacing.
    switch (weigh(dice, [isObject ? 2 : 0, isObject ? 2 : 0, 1, 5])) {
      case 0:
        return dropOne(value);
      case 1:
        return addOne(value);
      case 2:
        return dice.chance(0.5) ? [value] : { value };
      default:
        return replace(value, field);
    }
  };

  function dropOne(value: unknown): unknown {
    if (Array.isArray(value)) return value.slice(1);
    const entries = Object.entries(value ?? {});
    if (entries.length === 0) return [];
    const index = dice.int(0, entries.length - 1);
    return Object.fromEntries(entries.toSpliced(index, 1));
  }

  function addOne(value: unknown): unknown {
    if (Array.isArray(value))
      return Array.from({ length: dice.pick([21, 51, 500]) }, () => value[0]);
    const key = dice.pick(hostile.keys);
    return Object.fromEntries([
      ...Object.entries(value ?? {}),
      [key, dice.pick(hostile.strangers)],
    ]);
  }

  function replace(value: unknown, name: string | number | undefined): unknown {
    const kinds = [
      () => dice.pick(hostile.strangers),
      () => dice.pick(hostile.texts),
      () => dice.pick(hostile.numbers),
      () => "x".repeat(dice.pick(longLengths)),
      () => nest(dice.pick(hostile.depths), dice.chance(0.5)),
      () => dice.pick(foreignOf(value, name)),
      () => dice.pick(near(value)),
      () => dice.pick(listFor(name)),
    ];
    return dice.pick(kinds)();
  }

  function foreignOf(value: unknown, name: string | number | undefined): unknown[] {
    const prefix =
      typeof value === "string" ? /^(job|exec|chan|rule|dlv)_/.exec(value)?.[1] : undefined;
    // A mere name that looks like an id of the other workspace would seem to be a leak.
    if (prefix === undefined || !String(name).endsWith("_id")) return [pools.id("job")];
    // The pattern admits nothing but the five prefixes.
    return [pools.foreignId(prefix as "chan")];
  }

  /** What looks like the value and is not. */
  function near(value: unknown): unknown[] {
    if (typeof value === "number")
      return [String(value), -value, value + 0.5, value * 1_000, [value]];
    if (typeof value === "boolean") return [String(value), Number(value), null];
    if (typeof value !== "string") return [JSON.stringify(value ?? null), null];
    const { length } = value;
    return [
      value.toUpperCase(),
      ` ${value} `,
      `${value}\u0000`,
      value.slice(0, dice.int(0, length)),
      value.slice(1),
      value + value,
      value.normalize("NFKD"),
      Number(value) || 0,
      [value],
    ];
  }

  return changeAt(root, path, change);
}

/** Fitting and unfitting words for a field of this name. */
function listFor(name: string | number | undefined): readonly unknown[] {
  switch (name) {
    case "url":
    case "webhook_url":
      return hostile.noUrls;
    case "cron":
      return [...hostile.noCrons, ...hostile.crons];
    case "timezone":
      return hostile.noTimezones;
    case "run_at":
    case "from":
    case "to":
      return [...hostile.instants, ...hostile.noInstants];
    default:
      return hostile.texts;
  }
}

/** Every place of the value, the whole of it included. */
function listPlaces(root: unknown): Path[] {
  const places: Path[] = [];
  const visit = (value: unknown, path: Path) => {
    places.push(path);
    if (typeof value !== "object" || value === null || value instanceof Raw) return;
    for (const [key, child] of Object.entries(value)) {
      visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  visit(root, []);
  return places;
}

/** The value with another one at the place. */
export function changeAt(root: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(root);
  if (Array.isArray(root)) {
    return root.map((child, index) => (index === key ? changeAt(child, rest, change) : child));
  }
  const entries = Object.entries(root ?? {}).map(([name, child]) => [
    name,
    name === key ? changeAt(child, rest, change) : child,
  ]);
  return Object.fromEntries(entries);
}
