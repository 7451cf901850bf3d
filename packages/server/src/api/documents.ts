// What the server says about itself: the OpenAPI document, a page that renders it, a summary for
// language models, and a front page. All made from the contract; nothing is loaded from elsewhere.
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import {
  api,
  errorTable,
  type IdKind,
  idPrefixes,
  type Role,
  type Route,
  toOpenApi,
} from "@trigrun/contract";
import type { FastifyInstance } from "fastify";
import { requireFound } from "./found.ts";
import { type Page, sendPage } from "./page.ts";
import { ownScriptsPolicy } from "./security-headers.ts";

/** Made at most once: the document takes a quarter of a second. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** `version` is the product's. */
export function addDocuments(app: FastifyInstance, version: string): void {
  const openApi = once(() => toOpenApi(version));
  const openApiText = once(() => JSON.stringify(openApi()));
  const summary = once(toSummary);
  // At the start, while nothing is due yet, rather than in the middle of somebody's work.
  app.addHook("onListen", async () => {
    openApiText();
  });
  app.get("/openapi.json", async (_request, reply) =>
    reply.type("application/json; charset=utf-8").send(openApiText()),
  );
  app.get("/llms.txt", async (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send(summary()),
  );
  app.get("/", async (_request, reply) => sendPage(reply, toPage(version, frontLead)));
  // Where the links in notifications lead. The pages name nothing but the id, and need no token.
  for (const [path, page] of Object.entries(linkedPages)) {
    app.get<{ Params: { id: string } }>(`/${path}/:id`, async ({ params }, reply) => {
      const id = requireFound(isIdOf(page.kind, params.id) ? params.id : undefined, page.kind);
      return sendPage(reply, toPage(version, page.toLead(id)));
    });
  }
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

const frontLead =
  "<p>Self-hosted cron: HTTP jobs on a schedule, every result told and tracked.</p>";

interface LinkedPage {
  readonly kind: IdKind;
  readonly toLead: (id: string) => string;
}

const linkedPages: Readonly<Record<string, LinkedPage>> = {
  executions: { kind: "execution", toLead: toExecutionLead },
  channels: { kind: "channel", toLead: toChannelLead },
};

// What matches goes into a page as it is.
function isIdOf(kind: IdKind, text: string): boolean {
  return new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{32}$`).test(text);
}

function toExecutionLead(id: string): string {
  return `<p>Execution <code>${id}</code>. Whoever has a token reads it with</p>
<p><code>cronctl executions get ${id}</code><br><code>cronctl explain ${id}</code></p>`;
}

/** Digests and warnings lead here. */
function toChannelLead(id: string): string {
  return `<p>Notification channel <code>${id}</code>. Whoever has a token reads with</p>
<p><code>cronctl channels get ${id}</code><br>
<code>cronctl deliveries list --channel ${id}</code></p>
<p>how it does and what was sent over it. A channel that is disabled is enabled with</p>
<p><code>cronctl channels enable ${id}</code></p>
<p>To get no more messages of one job, or none at all, somebody of role admin or owner enters</p>
<p><code>cronctl rules remove JOB ${id}:EVENT</code><br>
<code>cronctl channels delete ${id}</code></p>
<p>JOB is the name or id of the job, EVENT <code>on_success</code>, <code>on_failure</code> or
<code>on_completion</code>. Without a token, ask whoever runs this server.</p>`;
}

const toPage = (version: string, lead: string): Page => ({
  title: "TrigRun",
  content: `<h1>TrigRun</h1>
${lead}
<ul>
<li><a href="/docs">API documentation</a>, to read and to try out</li>
<li><a href="/openapi.json">OpenAPI 3.1 document</a></li>
<li><a href="/llms.txt">Summary for language models</a></li>
</ul>
<p>From a terminal: <code>cronctl --help</code>. Version ${version}.</p>`,
});

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
