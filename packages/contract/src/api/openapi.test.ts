// The OpenAPI document against the specification of OpenAPI 3.1, its own references and examples,
// and the routes and error codes that it is made from.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { errorTable } from "./errors.ts";
import { api } from "./index.ts";
import { toOpenApi } from "./openapi.ts";
import { errorsOf, type Route, tags } from "./route.ts";

type Json = Record<string, unknown>;

interface Node {
  /** A JSON pointer, as in `$ref`. */
  readonly pointer: string;
  readonly value: Json;
}

const document = toOpenApi("1.2.3");
const nodes = [...walk(document, "#")];

function* walk(value: unknown, pointer: string): Generator<Node> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { pointer, value: value as Json };
  for (const [key, child] of Object.entries(value)) {
    yield* walk(child, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  }
}

/** What a pointer names; undefined when it names nothing. */
function resolve(pointer: string): unknown {
  const keys = pointer.slice(2).split("/");
  return keys.reduce<unknown>((at, key) => {
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof at === "object" && at !== null ? (at as Json)[name] : undefined;
  }, document);
}

/** The node itself, or what it refers to. */
function follow(value: unknown): Json {
  const { $ref } = value as { $ref?: string };
  return ($ref === undefined ? value : resolve($ref)) as Json;
}

function createValidator() {
  // `example`, `x-alias-of` and the words of OpenAPI around the schemas are none of ajv's business.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, "openapi");
  return (pointer: string, value: unknown): string[] => {
    const validate = ajv.compile({ $ref: `openapi${encodeURI(pointer)}` });
    validate(value);
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  };
}

const operations = Object.entries<Route>(api).map(([key, definition]) => {
  const path = definition.path.replace(/:([a-z_]+)/g, "{$1}").replaceAll("/", "~1");
  const pointer = `#/paths/${path}/${definition.method.toLowerCase()}`;
  return { key, definition, operation: resolve(pointer) as Json };
});

const run = promisify(execFile);

/** What Redocly's linter says with its recommended rules, and nothing of ours beside them. */
async function lint(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "openapi-test-"));
  try {
    // Away from this folder no configuration of ours is found, so none can weaken the rules.
    await writeFile(join(folder, "openapi.json"), text);
    const require = createRequire(import.meta.url);
    const program = join(require.resolve("@redocly/cli/package.json"), "../bin/cli.js");
    const words = ["lint", "--extends=recommended", "--format=json", "openapi.json"];
    const { stdout } = await run(process.execPath, [program, ...words], {
      cwd: folder,
      env: {
        ...process.env,
        REDOCLY_TELEMETRY: "off",
        REDOCLY_SUPPRESS_NOTIFICATIONS: "true",
        REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
      },
    }).catch((error: { stdout?: string; stderr?: string }) => {
      // It ends with 1 when it finds something, which is then in its output.
      if (error.stdout === undefined || error.stdout === "") throw error;
      return { stdout: error.stdout };
    });
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function findProblems(text: string): Promise<string[]> {
  interface Report {
    readonly problems: readonly {
      readonly ruleId: string;
      readonly message: string;
      readonly location: readonly { readonly pointer?: string }[];
    }[];
  }
  const { problems }: Report = JSON.parse(await lint(text));
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
  );
}

describe("the OpenAPI document", () => {
  it("passes the recommended rules of Redocly without an error or a warning", async () => {
    expect(await findProblems(JSON.stringify(document))).toEqual([]);
  });

  it("would not pass them with a schema that is none", async () => {
    const broken = { ...document, paths: { "/v1/x": { get: { responses: { 200: {} } } } } };
    expect((await findProblems(JSON.stringify(broken))).length).toBeGreaterThan(0);
  });

  it("refers to nothing that it does not hold", () => {
    const references = nodes.flatMap(({ value }) =>
      typeof value.$ref === "string" ? [value.$ref] : [],
    );
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((pointer) => resolve(pointer) === undefined)).toEqual([]);
  });

  it("is the same after JSON, so that nothing in it is lost on the wire", () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});

describe("the schemas of the document", () => {
  const validate = createValidator();

  it("are valid JSON Schema 2020-12", () => {
    const ajv = new Ajv2020({ strict: false });
    const schemas = nodes.filter(({ pointer }) =>
      /\/(?:schema|components\/schemas\/\w+)$/.test(pointer),
    );
    expect(schemas.length).toBeGreaterThan(100);
    expect(schemas.filter(({ value }) => ajv.validateSchema(value) !== true)).toEqual([]);
  });

  it("admit every example that stands in them", () => {
    const examples = nodes.filter(
      ({ value, pointer }) => "example" in value && !pointer.endsWith("/properties"),
    );
    const wrong = examples.flatMap(({ pointer, value }) => {
      const schema = "schema" in value ? `${pointer}/schema` : pointer;
      return validate(schema, value.example).map((problem) => `${pointer}: ${problem}`);
    });
    expect(examples.length).toBeGreaterThan(50);
    expect(wrong).toEqual([]);
  });

  it("admit every example of an error", () => {
    const wrong = nodes.flatMap(({ pointer, value }) =>
      "schema" in value && "examples" in value
        ? Object.values(value.examples as Json).flatMap((example) =>
            validate(`${pointer}/schema`, follow(example).value),
          )
        : [],
    );
    expect(wrong).toEqual([]);
  });

  it("admit every default that they name", () => {
    const wrong = nodes.flatMap(({ pointer, value }) =>
      "default" in value && !pointer.endsWith("/properties")
        ? validate(pointer, value.default).map((problem) => `${pointer}: ${problem}`)
        : [],
    );
    expect(wrong).toEqual([]);
  });

  it("let no answer have a field that they do not name", () => {
    const open = nodes.filter(
      ({ pointer, value }) =>
        /\/responses\/|^#\/components\/schemas\//.test(pointer) &&
        value.type === "object" &&
        value.additionalProperties === undefined,
    );
    expect(open.map(({ pointer }) => pointer)).toEqual([]);
  });
});

describe("the operations of the document", () => {
  it("are all the routes and no others", () => {
    const written = nodes
      .filter(({ pointer }) => /^#\/paths\/[^/]+\/\w+$/.test(pointer))
      .map(({ value }) => value.operationId);
    expect(written.sort()).toEqual(Object.keys(api).sort());
  });

  it.each(operations)("$key has its parameters, role, body and statuses", (each) => {
    const { key, definition, operation } = each;
    const names = (place: string) =>
      (operation.parameters as Json[]).filter((at) => at.in === place).map((at) => at.name);
    expect(operation).toMatchObject({
      operationId: key,
      summary: definition.summary,
      tags: [definition.tag],
      "x-role": definition.role,
      security: definition.role === "public" ? [] : [{ token: [] }],
    });
    expect(names("path")).toEqual(Object.keys(definition.params?.shape ?? {}));
    expect(names("query")).toEqual(Object.keys(definition.query?.shape ?? {}));
    const isChange =
      definition.method === "POST" && definition.role !== "public" && definition.onlyReads !== true;
    expect(names("header")).toEqual(isChange ? ["Idempotency-Key"] : []);
    expect(operation.requestBody !== undefined).toBe(definition.body !== undefined);
    const successes = [definition.status, definition.alsoStatus ?? definition.status];
    const statuses = errorsOf(definition).map((code) => errorTable[code].status);
    expect(new Set(Object.keys(operation.responses as Json).map(Number))).toEqual(
      new Set([...successes, ...statuses]),
    );
  });

  it.each(operations)("$key names each code that it may answer, with an example", (each) => {
    const { definition, operation } = each;
    const codes = Object.entries(operation.responses as Json).flatMap(([status, response]) => {
      if (Number(status) < 400) return [];
      const { content } = response as { content: { "application/json": { examples: Json } } };
      return Object.entries(content["application/json"].examples).map(([code, example]) => {
        expect(follow(example)).toMatchObject({ value: { error: { code } } });
        expect(Number(status)).toBe(errorTable[code as keyof typeof errorTable].status);
        expect(response).toMatchObject({ description: expect.stringContaining(`\`${code}\``) });
        return code;
      });
    });
    expect(codes.sort()).toEqual(errorsOf(definition).sort());
  });

  it("belong to a tag that is described", () => {
    const used = new Set(Object.values<Route>(api).map(({ tag }) => tag));
    expect(Object.keys(tags).sort()).toEqual([...used].sort());
    expect(document.tags).toEqual(
      Object.entries(tags).map(([name, description]) => ({ name, description })),
    );
  });
});
