// What is done to a good request to make a strange one of it: a wrong field, a broken path, another
// token. Some twists leave it good, which the server must notice too.
import { type Ask, type Asker, kindAfter, toBytes } from "./asks.ts";
import { type Dice, weigh } from "./dice.ts";
import {
  authorizations,
  brokenJson,
  contentTypes,
  cursors,
  idempotencyKeys,
  oddBytes,
  oddHeaders,
  oddJson,
  oddMethods,
  pathParts,
  queryKeys,
  queryTexts,
} from "./hostile.ts";
import type { Pools } from "./pools.ts";
import { twistValue } from "./value-twists.ts";

export type Twist = (ask: Ask) => Ask;

// The specification: a body may have 1 MiB.
const bodyBytesMax = 1024 * 1024;

/** Twists a request once. */
export function createTwist(dice: Dice, pools: Pools): Twist {
  const onBody: readonly (readonly [number, string, Twist])[] = [
    [12, "value", (ask) => withValue(ask, (value) => twistValue(dice, pools, value))],
    [2, "two values", (ask) => withValue(ask, (value) => twistTwice(value))],
    [1, "broken JSON", (ask) => withBytes(ask, Buffer.from(dice.pick(brokenJson)))],
    [1, "odd JSON", (ask) => withBytes(ask, Buffer.from(dice.pick(oddJson)))],
    [1, "cut JSON", cutBody],
    [1, "bytes", (ask) => withBytes(ask, dice.pick(oddBytes))],
    [1, "flipped byte", flipByte],
    [1, "no body", (ask) => ({ ...ask, body: undefined })],
    [1, "empty body", (ask) => withBytes(ask, Buffer.alloc(0))],
    [0.3, "long body", lengthenBody],
    [2, "content type", (ask) => withHeader(ask, "content-type", dice.pick(contentTypes))],
  ];
  const onAll: readonly (readonly [number, string, Twist])[] = [
    [2, "path part", twistPathPart],
    [2, "id of another kind", (ask) => twistId(ask, () => pools.id(dice.pick(prefixes)))],
    [2, "foreign id", twistToForeign],
    [1, "path ending", twistPathEnding],
    [2, "query text", twistQueryText],
    [1, "query key", addQueryKey],
    [1, "query twice", repeatQuery],
    [2, "cursor", twistCursor],
    [2, "asker", (ask) => ({ ...ask, asker: dice.pick(askers) })],
    [1, "authorization", (ask) => withHeader(ask, "authorization", dice.pick(authorizations))],
    [1, "key", (ask) => withHeader(ask, "idempotency-key", dice.pick(idempotencyKeys))],
    [2, "header", (ask) => withHeader(ask, ...dice.pick(oddHeaders))],
    [1, "method", (ask) => ({ ...ask, method: dice.pick(oddMethods) })],
    [1, "unasked body", addUnaskedBody],
  ];

  function withValue(ask: Ask, change: (value: unknown) => unknown): Ask {
    if (ask.body === undefined || "bytes" in ask.body) return ask;
    return { ...ask, body: { value: change(ask.body.value) } };
  }

  function twistTwice(value: unknown): unknown {
    return twistValue(dice, pools, twistValue(dice, pools, value));
  }

  function cutBody(ask: Ask): Ask {
    const bytes = toBytes(ask);
    if (bytes === undefined) return ask;
    return withBytes(ask, bytes.subarray(0, dice.int(0, bytes.length)));
  }

  function flipByte(ask: Ask): Ask {
    const bytes = toBytes(ask);
    if (bytes === undefined || bytes.length === 0) return ask;
    const flipped = Buffer.from(bytes);
    flipped[dice.int(0, bytes.length - 1)] = dice.int(0, 255);
    return withBytes(ask, flipped);
  }

  function lengthenBody(ask: Ask): Ask {
    const text = toBytes(ask)?.toString("utf8") ?? "{}";
    // Around the limit: just allowed, just too much, far too much.
    const length = bodyBytesMax + dice.pick([-1, 0, 1, 1_000_000]);
    return withBytes(ask, Buffer.from(text.padEnd(length, " ")));
  }

  function twistPathPart(ask: Ask): Ask {
    const parts = ask.path.split("/");
    const index = dice.int(1, parts.length - 1);
    return { ...ask, path: parts.with(index, dice.pick(pathParts)).join("/") };
  }

  function twistId(ask: Ask, toId: (index: number, parts: string[]) => string): Ask {
    const parts = ask.path.split("/");
    const places = parts.flatMap((part, index) => (/^\w+_[0-9a-f]{32}$/.test(part) ? [index] : []));
    if (places.length === 0) return ask;
    const index = dice.pick(places);
    return { ...ask, path: parts.with(index, toId(index, parts)).join("/") };
  }

  function twistToForeign(ask: Ask): Ask {
    return twistId(ask, (index, parts) => pools.foreignId(kindAfter(parts[index - 1]) ?? "job"));
  }

  function twistPathEnding(ask: Ask): Ask {
    const { path } = ask;
    const made = [
      `${path}/`,
      `${path}//`,
      `/${path}`,
      `${path}/extra`,
      `${path}.json`,
      path.toUpperCase(),
      path.slice(0, dice.int(1, path.length)),
      path.replaceAll("/", "//"),
      path.replace("/v1", "/v2"),
      path.replace("/v1", "/v1/../v1"),
      `${path};a=b`,
      `${path}#fragment`,
      `${path}?`,
    ];
    return { ...ask, path: dice.pick(made) };
  }

  function twistQueryText(ask: Ask): Ask {
    const names = ask.operation.parameters.filter((at) => at.in === "query").map((at) => at.name);
    const name = names.length === 0 ? "limit" : dice.pick(names);
    const others = ask.query.filter(([key]) => key !== name);
    return { ...ask, query: [...others, [name, dice.pick(queryTexts)]] };
  }

  function addQueryKey(ask: Ask): Ask {
    return { ...ask, query: [...ask.query, [dice.pick(queryKeys), dice.pick(queryTexts)]] };
  }

  function repeatQuery(ask: Ask): Ask {
    const [first = ["limit", "5"] as const] = ask.query;
    return { ...ask, query: [...ask.query, first, first] };
  }

  function twistCursor(ask: Ask): Ask {
    const known = dice.chance(0.5) ? pools.cursor(ask.operation.id, true) : undefined;
    const others = ask.query.filter(([key]) => key !== "cursor");
    return { ...ask, query: [...others, ["cursor", known ?? dice.pick(cursors)]] };
  }

  function addUnaskedBody(ask: Ask): Ask {
    if (ask.body !== undefined) return ask;
    return { ...ask, body: { bytes: Buffer.from(dice.pick([...brokenJson, ...oddJson])) } };
  }

  return (ask) => {
    const table = ask.body !== undefined && dice.chance(0.6) ? onBody : onAll;
    const [, name, twist] =
      table[
        weigh(
          dice,
          table.map(([weight]) => weight),
        )
      ] ??
      onBody[0] ??
      [];
    if (twist === undefined || name === undefined) return ask;
    return { ...twist(ask), twists: [...ask.twists, name] };
  };
}

const prefixes = ["job", "exec", "chan", "rule", "dlv", "tok", "mem", "inv", "sec"] as const;
const askers: readonly Asker[] = ["admin", "member", "member", "expired", "other", "none"];

function withBytes(ask: Ask, bytes: Buffer): Ask {
  return { ...ask, body: { bytes } };
}

function withHeader(ask: Ask, name: string, value: string): Ask {
  return { ...ask, headers: { ...ask.headers, [name]: value } };
}
