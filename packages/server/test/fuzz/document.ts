// The OpenAPI document as the fuzz run reads it: operations, schemas, and what may be answered.
// Nothing here looks at the contract's own objects, so that a fault of the document shows too.
import { toOpenApi } from "@trigrun/contract";

export type Json = Readonly<Record<string, unknown>>;

/** The words of JSON Schema that the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: Schema;
}

interface Content {
  readonly "application/json": { readonly schema: Schema; readonly examples?: Json };
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With `{name}` placeholders. */
  readonly path: string;
  readonly role: string;
  readonly needsSession: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly isBodyRequired: boolean;
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  /** A JSON pointer into the document, for references. */
  readonly pointer: string;
}

interface WrittenOperation {
  readonly operationId: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Operation["responses"];
  readonly "x-role": string;
  readonly "x-needs-session"?: boolean;
}

// As clients get it: whatever JSON cannot say is gone.
export const document: Json = JSON.parse(JSON.stringify(toOpenApi("0.0.0-fuzz")));

// The shape that OpenAPI gives to `paths`; the document's own test holds it to that.
const paths = document.paths as Readonly<
  Record<string, Readonly<Record<string, WrittenOperation>>>
>;

export const operations: readonly Operation[] = Object.entries(paths).flatMap(([path, methods]) =>
  // A stream has no end to wait for.
  Object.entries(methods)
    .filter(isAnswer)
    .map(([method, written]) => ({
      id: written.operationId,
      method: method.toUpperCase(),
      path,
      role: written["x-role"],
      needsSession: written["x-needs-session"] === true,
      parameters: written.parameters,
      body: written.requestBody?.content["application/json"].schema,
      isBodyRequired: written.requestBody?.required ?? false,
      responses: written.responses,
      pointer: `/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method}`,
    })),
);

function isAnswer([, { responses }]: [string, WrittenOperation]): boolean {
  return !Object.values(responses).some(({ content = {} }) => "text/event-stream" in content);
}

/** The schema itself, when it only refers to another. */
export function follow(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const found = schema.$ref
    .slice(2)
    .split("/")
    // Every step of a reference is an object; a wrong one ends at undefined.
    .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], document);
  if (found === undefined) throw new Error(`the document does not hold ${schema.$ref}`);
  return found as Schema;
}

const patterns = operations.map((operation) => ({
  operation,
  isFixed: !operation.path.includes("{"),
  // An empty id is still an id for the router: one that no row has.
  pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, "[^/]*")}$`),
}));

/** The operation that a request means by its method and path; undefined when there is none. */
export function findOperation(method: string, path: string): Operation | undefined {
  const meant = method === "HEAD" ? "GET" : method;
  const found = patterns.filter(
    ({ operation, pattern }) => operation.method === meant && pattern.test(path),
  );
  // `/notification-deliveries/retry` is no id, although the pattern with one fits it too.
  return (found.find(({ isFixed }) => isFixed) ?? found[0])?.operation;
}
