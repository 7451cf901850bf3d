// What the server says about itself: the OpenAPI document, a page that renders it, and a summary
// for language models. All made from the contract; nothing is loaded from elsewhere.
import { existsSync, readFileSync } from "node:fs";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { api, errorTable, type Role, type Route } from "@trigrun/contract";
import type { FastifyInstance } from "fastify";
import { ownScriptsPolicy } from "./security-headers.ts";

// The build copies the document beside the bundle; from the sources, it is where it is generated.
// To make it here took a quarter of a second of each start, or of somebody's work.
const places = [
  new URL("./openapi.json", import.meta.url),
  new URL("../../../contract/openapi.json", import.meta.url),
];

/** Made at most once, for the first who asks. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** `version` is the product's. */
export function addDocuments(app: FastifyInstance, version: string): void {
  const openApi = once(() => readOpenApi(version));
  const openApiText = once(() => JSON.stringify(openApi()));
  const summary = once(toSummary);
  app.get("/openapi.json", async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(openApiText()),
  );
  app.get("/llms.txt", async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send(summary()),
  );
  app.register(async (scope) => {
    // Swagger UI asks for a document before anybody needs it; the real one takes its place below.
    const document = { openapi: "3.1.0", info: { title: "TrigRun", version }, paths: {} };
    await scope.register(swagger, { mode: "static", specification: { document } });
    await scope.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: ownScriptsPolicy,
      transformSpecificationClone: false,
      transformSpecification: () => openApi(),
      theme: { title: "TrigRun API" },
      // No validator: it would send the document to a server of somebody else's.
      uiConfig: { docExpansion: "none", deepLinking: true, validatorUrl: null },
    });
  });
}

function readOpenApi(version: string): Readonly<Record<string, unknown>> {
  const place = places.find((each) => existsSync(each));
  if (place === undefined) throw new Error("openapi.json is missing: run `npm run build`");
  // Generated from the contract, and compared with it by `npm run verify`.
  const document = JSON.parse(readFileSync(place, "utf8")) as { info: Record<string, unknown> };
  return { ...document, info: { ...document.info, version } };
}

const roleWords: Readonly<Record<Role, string>> = {
  public: "no token",
  member: "any token",
  admin: "role admin or owner",
  owner: "role owner",
};

/** https://llmstxt.org: a title, a summary in a quotation, then sections. */
function toSummary(): string {
  const routes = Object.values<Route>(api);
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  return [
    "# TrigRun",
    "",
    "> Self-hosted cron: a job is a saved HTTP request with a schedule. Each run is an execution",
    "> with its attempts; when it ends, rules send notifications over channels, each of them a",
    "> delivery that is tracked and can be sent again.",
    "",
    "- The whole contract: [OpenAPI 3.1](/openapi.json)",
    "- JSON both ways, snake_case. Send `Authorization: Bearer <token>`.",
    "- Instants are ISO 8601 UTC with milliseconds: `2026-11-23T10:00:00.000Z`.",
    "- Lists answer `{items, next_cursor}`, newest first; `?limit=` 1 to 100, `?cursor=`.",
    "- Unknown fields are refused. `Idempotency-Key` makes every POST safe to repeat.",
    "",
    ...tags.flatMap((tag) => [
      `## ${tag}`,
      "",
      ...routes.filter((route) => route.tag === tag).flatMap(toLines),
      "",
    ]),
    "## Errors",
    "",
    "Every error is `{error: {code, message, details: [{path, message}]}}`.",
    "",
    ...Object.entries(errorTable).map(
      ([code, { status, meaning }]) => `- ${status} \`${code}\`: ${meaning}`,
    ),
    "",
  ].join("\n");
}

function toLines({ method, path, summary: title, description, role, example }: Route): string[] {
  const lines = [`- \`${method} ${path}\`: ${title} (${roleWords[role]}).`];
  if (description !== undefined) lines.push(`  ${description}`);
  if (example?.body !== undefined) lines.push(`  Body: \`${JSON.stringify(example.body)}\``);
  return lines;
}
