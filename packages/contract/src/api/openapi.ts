// The OpenAPI 3.1 document, made from the same objects that validate requests.
import { z } from "zod";
import { type ErrorCode, errorTable } from "./errors.ts";
import { api } from "./index.ts";
import { errorsOf, obeysKey, type Route, tags } from "./route.ts";

type Json = Record<string, unknown>;

const schemaOptions = (io: "input" | "output") =>
  ({
    target: "draft-2020-12",
    io,
    reused: "inline",
    unrepresentable: "any",
    override: ({ jsonSchema }: { jsonSchema: Json }) => {
      // Readers of OpenAPI refuse words that are neither JSON Schema's nor marked as somebody's.
      if ("alias_of" in jsonSchema) jsonSchema["x-alias-of"] = jsonSchema.alias_of;
      delete jsonSchema.alias_of;
    },
  }) as const;

/** Component names of the schemas with an id; answers only, so input never shadows output. */
function toComponents(): Json {
  const found: Json = {};
  for (const definition of Object.values<Route>(api)) {
    if (definition.response) toSchema(definition.response, "output", found);
  }
  return found;
}

/** A JSON Schema whose named parts are references into `components`, which it fills. */
function toSchema(schema: z.ZodType, io: "input" | "output", components: Json): Json {
  const { $schema: _, $defs = {}, id, ...rest } = z.toJSONSchema(schema, schemaOptions(io));
  if (io === "input") {
    // They would need names of their own beside those of the answers.
    if (Object.keys($defs).length > 0)
      throw new Error("a schema of input refers to parts of itself");
    return rest;
  }
  for (const [key, { id: __, ...definition }] of Object.entries($defs)) {
    components[key] = toReferences(definition);
  }
  if (typeof id !== "string") return toReferences(rest);
  components[id] = toReferences(rest);
  return { $ref: `#/components/schemas/${id}` };
}

function toReferences(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll("#/$defs/", "#/components/schemas/"));
}

function toParameters(definition: Route, components: Json): Json[] {
  const sources = [
    { place: "path", schema: definition.params },
    { place: "query", schema: definition.query },
  ];
  const parameters = sources.flatMap(({ place, schema }) =>
    Object.entries(schema?.shape ?? {}).map(([name, field]) => {
      // Every value of a shape is a schema.
      const { description, ...rest } = toSchema(field as z.ZodType, "input", components);
      return {
        name,
        in: place,
        required: place === "path",
        ...(description === undefined ? {} : { description }),
        schema: rest,
      };
    }),
  );
  if (obeysKey(definition)) {
    parameters.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      description: "The same key and body within 24 hours answer the first result again.",
      schema: { type: "string", minLength: 1, maxLength: 255 },
    });
  }
  return parameters;
}

function toResponses(definition: Route, components: Json): Json {
  const { response } = definition;
  const success: Json = {
    description: definition.status === 204 ? "Done." : "The result.",
    headers: refer("headers", {
      "x-request-id": "RequestId",
      ...(obeysKey(definition) ? { "idempotent-replayed": "IdempotentReplayed" } : {}),
    }),
    ...(response
      ? {
          content: {
            [definition.streams ? "text/event-stream" : "application/json"]: {
              schema: toSchema(response, "output", components),
            },
          },
        }
      : {}),
  };
  const responses: Json = { [definition.status]: success };
  if (definition.alsoStatus) {
    const description = alsoMeanings[definition.alsoStatus];
    responses[definition.alsoStatus] = { ...success, description };
  }
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(definition)) {
    const { status } = errorTable[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[status] = toErrorResponse(status, codes);
  }
  return responses;
}

const alsoMeanings = {
  200: "It stands already.",
  202: "Done, and something is still to come: a mail with a link.",
} as const;

function toErrorResponse(status: number, codes: readonly ErrorCode[]): Json {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorTable[code].meaning}`).join("\n\n"),
    headers: refer("headers", {
      "x-request-id": "RequestId",
      ...(status === 429 || status === 503 ? { "retry-after": "RetryAfter" } : {}),
      ...(status === 429 ? rateHeaders : {}),
    }),
    content: {
      "application/json": {
        schema: { $ref: "#/components/schemas/Error" },
        examples: refer("examples", Object.fromEntries(codes.map((code) => [code, code]))),
      },
    },
  };
}

/** References to components, each under the name that it has where it is used. */
function refer(kind: "headers" | "examples", names: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(names).map(([key, name]) => [key, { $ref: `#/components/${kind}/${name}` }]),
  );
}

function toOperation(operationId: string, definition: Route, components: Json): Json {
  return {
    operationId,
    tags: [definition.tag],
    summary: definition.summary,
    ...(definition.description === undefined ? {} : { description: definition.description }),
    "x-role": definition.role,
    ...(definition.role === "public" ? {} : { "x-resource": definition.resource }),
    ...(definition.needsSession ? { "x-needs-session": true } : {}),
    security: definition.role === "public" ? [] : [{ token: [] }],
    parameters: toParameters(definition, components),
    ...(definition.body
      ? {
          requestBody: {
            required: definition.bodyOptional !== true,
            content: {
              "application/json": {
                schema: toSchema(definition.body, "input", components),
                ...(definition.example?.body === undefined
                  ? {}
                  : { example: definition.example.body }),
              },
            },
          },
        }
      : {}),
    responses: toResponses(definition, components),
  };
}

const errorSchema = {
  type: "object",
  required: ["error"],
  additionalProperties: false,
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "details"],
      additionalProperties: false,
      properties: {
        code: { type: "string", enum: Object.keys(errorTable) },
        message: { type: "string", description: "What is wrong and what to do about it." },
        details: {
          type: "array",
          items: {
            type: "object",
            required: ["path", "message"],
            additionalProperties: false,
            properties: { path: { type: "string" }, message: { type: "string" } },
          },
        },
      },
    },
  },
};

/** One answer for each code; the responses of the operations point here. */
function toErrorExamples(): Json {
  const details = [{ path: "request.timeout_seconds", message: "must be 300 or less" }];
  return Object.fromEntries(
    Object.entries(errorTable).map(([code, { meaning: message }]) => {
      const error = { code, message, details: code === "validation_failed" ? details : [] };
      return [code, { value: { error } }];
    }),
  );
}

// Every answer has them, but those about health; they are told where they matter.
const rateHeaders = {
  "ratelimit-limit": "RateLimitLimit",
  "ratelimit-remaining": "RateLimitRemaining",
  "ratelimit-reset": "RateLimitReset",
};

const headers = {
  RequestId: {
    description: "Names this answer in the server's log.",
    schema: { type: "string" },
  },
  RetryAfter: {
    description: "In how many seconds to try again.",
    schema: { type: "integer" },
  },
  RateLimitLimit: {
    description: "How many requests a minute the token, or the address without one, may make.",
    schema: { type: "integer" },
  },
  RateLimitRemaining: {
    description: "How many of them are left. Every answer tells it.",
    schema: { type: "integer" },
  },
  RateLimitReset: {
    description: "In how many seconds all of them are there again.",
    schema: { type: "integer" },
  },
  IdempotentReplayed: {
    description: "`true` when the answer is that of an earlier request with the same key.",
    schema: { type: "string", const: "true" },
  },
};

/** The whole document. `version` is the product's. */
export function toOpenApi(version: string): Json {
  const schemas: Json = { Error: errorSchema, ...toComponents() };
  const paths: Record<string, Json> = {};
  for (const [operationId, definition] of Object.entries<Route>(api)) {
    const path = definition.path.replace(/:([a-z_]+)/g, "{$1}");
    paths[path] = {
      ...paths[path],
      [definition.method.toLowerCase()]: toOperation(operationId, definition, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "TrigRun",
      version,
      summary: "Self-hosted cron: HTTP jobs on a schedule, every result told and tracked.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "An API token, `cron_pat_…`, or the token of a sign-in, `cron_ses_…`.",
        },
      },
      headers,
      examples: toErrorExamples(),
      schemas,
    },
  };
}
