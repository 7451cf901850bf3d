// Compares an answer with the document: never a fault of the server, never a status, a code or a
// field that the document does not declare, never anything of another workspace, never a secret.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { dashboardSections } from "../../src/api/dashboard.ts";
import { type Ask, toAddress, toBytes } from "./asks.ts";
import { document, findOperation, type Json, type Operation } from "./document.ts";
import type { Pools } from "./pools.ts";
import { secretMark } from "./values.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** What is wrong with the answer, as a sentence; undefined when nothing is. */
export type Judge = (ask: Ask, answer: Answer) => string | undefined;

// What the server answers of its own accord; none of these is an operation.
// The pages are found by a path that is twisted out of `/v1`, too.
const sections = `(?:docs|${dashboardSections.join("|")})(?:$|/)`;
const documents = new RegExp(
  `^/(?:$|openapi\\.json$|metrics$|llms\\.txt$|(?:assets|unsubscribe|account)/|${sections})`,
);

// Where no operation is meant, the address is wrong or names nothing. Nothing else is looked at.
const codesWithoutOperation: Readonly<Record<string, number>> = {
  not_found: 404,
  validation_failed: 400,
};

export function createJudge(pools: Pools): Judge {
  // `example`, `x-alias-of` and the words of OpenAPI around the schemas are none of ajv's business.
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, "openapi");
  const compiled = new Map<string, ValidateFunction>();
  const findFault = (pointer: string, value: unknown): string | undefined => {
    let validate = compiled.get(pointer);
    if (validate === undefined) {
      validate = ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
      compiled.set(pointer, validate);
    }
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };

  const judgeShape = (operation: Operation, status: number, body: unknown): string | undefined => {
    const response = operation.responses[status];
    if (response === undefined) return `status ${status} is not declared for ${operation.id}`;
    if (response.content === undefined) return undefined;
    const pointer = `${operation.pointer}/responses/${status}/content/application~1json/schema`;
    const fault = findFault(pointer, body);
    if (fault !== undefined) return `the schema does not admit the body: ${fault}`;
    const { examples } = response.content["application/json"];
    if (status < 400 || examples === undefined) return undefined;
    const code = readCode(body);
    return code in examples ? undefined : `code ${code} is not declared for ${operation.id}`;
  };

  /** What is taken must be what the document says is taken: nothing more, nothing dropped. */
  const findUndeclaredInput = (ask: Ask, operation: Operation, status: number) => {
    const bytes = toBytes(ask);
    if (status >= 300 || operation.body === undefined || bytes === undefined) return undefined;
    const text = bytes.toString("utf8").replace(/^\ufeff/, "");
    // An empty body is none, where none is needed.
    if (text.trim() === "") return undefined;
    const pointer = `${operation.pointer}/requestBody/content/application~1json/schema`;
    const fault = findFault(pointer, JSON.parse(text));
    return fault === undefined ? undefined : `a body was taken that the schema refuses: ${fault}`;
  };
  const findBrokenRepeat = watchRepeats();

  return (ask, answer) => {
    const { status, headers, text } = answer;
    if (status >= 500) return `status ${status}`;
    if (!/^[0-9a-f-]{36}$/.test(String(headers["x-request-id"]))) return "no x-request-id";
    const path = toPath(ask);
    const operation = path === undefined ? undefined : findOperation(ask.method, path);
    if (operation === undefined && path !== undefined && documents.test(path)) return undefined;
    if (ask.method === "HEAD") return judgeHead(operation, status);
    if (status === 204) return text === "" ? undefined : "204 with a body";
    const type = headers["content-type"];
    if (type !== "application/json; charset=utf-8") return `content-type ${type}`;
    const body = readJson(text);
    if (body === undefined) return "the body is not JSON";
    const shape = operation
      ? (judgeShape(operation, status, body) ?? findUndeclaredInput(ask, operation, status))
      : (judgeWithoutOperation(status, body) ?? findFault("/components/schemas/Error", body));
    return shape ?? findLeak(ask, operation, answer, pools) ?? findBrokenRepeat(ask, answer);
  };
}

/** With an `Idempotency-Key` that has made something, there is one success and no other. */
function watchRepeats(): Judge {
  const firsts = new Map<string, string>();
  return (ask, { status, headers, text }) => {
    const key = ask.headers["idempotency-key"];
    const takesKey = ask.operation.parameters.some(({ name }) => name === "Idempotency-Key");
    if (key === undefined || !takesKey || status >= 300 || ask.method !== "POST") return undefined;
    // What a key stands for is its workspace's own affair.
    const place = `${ask.asker === "other" ? "other" : "own"} ${key}`;
    const first = firsts.get(place);
    if (first === undefined) firsts.set(place, text);
    const isReplayed = headers["idempotent-replayed"] === "true";
    if (first !== undefined && (first !== text || !isReplayed)) return "a key made two things";
    return undefined;
  };
}

function judgeHead(operation: Operation | undefined, status: number): string | undefined {
  if (operation === undefined) return status === 404 || status === 400 ? undefined : `${status}`;
  return status in operation.responses ? undefined : `HEAD answers ${status}`;
}

function judgeWithoutOperation(status: number, body: unknown): string | undefined {
  const code = readCode(body);
  if (codesWithoutOperation[code] === status) return undefined;
  return `${status} ${code} where there is no operation`;
}

function findLeak(
  ask: Ask,
  operation: Operation | undefined,
  { status, text }: Answer,
  pools: Pools,
): string | undefined {
  // Rotating answers the new secret, once, as it is documented. A job's headers are no secret.
  const isMeantToShow = operation?.id === "rotateChannelSecret";
  const isOfChannel = operation?.path.startsWith("/v1/notification-channels") ?? false;
  if (isOfChannel && !isMeantToShow && text.includes(secretMark)) return "the answer has a secret";
  // The audit log repeats the filter of a retry in bulk as it was asked, also with an id of others.
  const isLog = operation?.id === "listAuditLog";
  const own = isLog ? text.replace(/"values":\{[^{}]*\}/g, "") : text;
  if (status < 300 && ask.asker !== "other" && pools.isForeign(own)) {
    return "the answer has an id of another workspace";
  }
  return undefined;
}

/** The path as the router reads it; undefined when it cannot be decoded. */
function toPath(ask: Ask): string | undefined {
  const address = new URL(
    toAddress(ask).replace(/^\/\//, "http://localhost//"),
    "http://localhost",
  );
  try {
    decodeURIComponent(address.pathname);
    return address.pathname;
  } catch {
    return undefined;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readCode(body: unknown): string {
  // Whatever it is, a member of it may be asked for; the schema has the last word.
  const error = (body as { error?: Json } | null)?.error;
  return typeof error?.code === "string" ? error.code : "no code";
}

/** The request in a form that can be sent again by hand. */
export function describe(ask: Ask): string {
  const bytes = toBytes(ask);
  const lines = [
    `${ask.method} ${toAddress(ask)}`,
    `as ${ask.asker}, twisted by: ${ask.twists.join(", ") || "nothing"}`,
    ...Object.entries(ask.headers).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    ...(bytes === undefined ? [] : [`${bytes.length} bytes: ${cut(bytes)}`]),
  ];
  return lines.join("\n");
}

// Longer ones are repetitions; the whole can be had from the seed.
const shownMax = 2_000;

function cut(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(bytes);
  const shown = isText ? text : bytes.toString("hex");
  return shown.length <= shownMax ? shown : `${shown.slice(0, shownMax)}… (cut)`;
}
