// A real HTTP server on a free port of 127.0.0.1 that answers in the contract's shapes. Requests
// are checked with the contract's schemas as the real server does; so are the answers of a test.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { ApiError, api, errorTable, type Route, type TrigRunApi } from "@trigrun/contract";

type Operation = keyof TrigRunApi;
type Handler = (input: {
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, unknown>>;
  body: unknown;
}) => unknown;

/** What a test answers: one function for each operation that the test expects. */
export type Answers = { [K in Operation]?: Handler };

export interface SeenRequest {
  readonly operation: Operation | undefined;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ApiServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** The requests of one operation. */
  of(operation: Operation): SeenRequest[];
  /** Answers of the API, replaceable by the test. */
  answers: Answers;
  /** Called first; true when the test has dealt with the request by itself. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  close(): Promise<void>;
}

export const goodToken = "cron_pat_0123456789abcdef0123456789abcdef";

export async function startApiServer(): Promise<ApiServer> {
  const state: Pick<ApiServer, "seen" | "answers" | "intercept"> = {
    seen: [],
    answers: {},
    intercept: undefined,
  };
  const server = createServer((request, response) => {
    void respond(request, response, state);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    url: `http://127.0.0.1:${portOf(server)}`,
    of: (operation: Operation) => state.seen.filter((seen) => seen.operation === operation),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  state: Pick<ApiServer, "seen" | "answers" | "intercept">,
): Promise<void> {
  const text = await readBody(request);
  const url = new URL(request.url ?? "/", "http://localhost");
  const match = findRoute(request.method ?? "", url.pathname);
  state.seen.push({
    operation: match?.operation,
    method: request.method ?? "",
    path: `${url.pathname}${url.search}`,
    headers: request.headers,
    params: match?.params ?? {},
    query: Object.fromEntries(url.searchParams),
    body: text === "" ? undefined : JSON.parse(text),
  });
  if (state.intercept?.(request, response) === true) return;
  try {
    const answer = answerOf(match, url, text, request, state.answers);
    const status = match?.route.status ?? 200;
    send(response, status, answer);
  } catch (error) {
    sendError(response, error);
  }
}

interface Match {
  readonly operation: Operation;
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function findRoute(method: string, pathname: string): Match | undefined {
  // Placeholders come after fixed words: `/retry` is no id.
  const routes = Object.entries<Route>(api).sort(
    ([, a], [, b]) => a.path.split(":").length - b.path.split(":").length,
  );
  for (const [operation, route] of routes) {
    const names = [...route.path.matchAll(/:([a-z_]+)/g)].map(([, name = ""]) => name);
    const pattern = new RegExp(`^${route.path.replace(/:[a-z_]+/g, "([^/]+)")}$`);
    const values = pattern.exec(pathname)?.slice(1);
    if (route.method !== method || values === undefined) continue;
    const params = Object.fromEntries(
      names.map((name, index) => [name, decodeURIComponent(values[index] ?? "")]),
    );
    // The entries are those of the API object.
    return { operation: operation as Operation, route, params };
  }
  return undefined;
}

function answerOf(
  match: Match | undefined,
  url: URL,
  text: string,
  request: IncomingMessage,
  answers: Answers,
): unknown {
  if (match === undefined) throw new ApiError("not_found", `No such path: ${url.pathname}`);
  if (request.headers.authorization !== `Bearer ${goodToken}`) {
    throw new ApiError("unauthorized", "The token is unknown.");
  }
  const { route, operation, params } = match;
  const query = parse(route.query, Object.fromEntries(url.searchParams)) ?? {};
  const isBodyLeftOut = route.bodyOptional === true && text === "";
  const body = isBodyLeftOut || text === "" ? undefined : parse(route.body, JSON.parse(text));
  const handler = answers[operation];
  if (handler === undefined) throw new ApiError("not_found", `The test answers no ${operation}.`);
  // A query schema is an object.
  const answer = handler({ params, query: query as Record<string, unknown>, body });
  // A wrong fixture would prove nothing.
  if (route.response !== undefined) route.response.parse(answer);
  return answer;
}

function parse(schema: Route["body"], value: unknown): unknown {
  if (schema === undefined) return value;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ApiError("validation_failed", "Some fields are wrong.", {
    details: result.error.issues.map((issue) => ({
      path: issue.path.join("."),
      message: issue.message,
    })),
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, answer: unknown): void {
  response.setHeader("x-request-id", "req-1");
  if (answer === undefined) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
}

function sendError(response: ServerResponse, error: unknown): void {
  const known = error instanceof ApiError ? error : new ApiError("internal", String(error));
  if (known.retryAfterSeconds !== undefined) {
    response.setHeader("retry-after", String(known.retryAfterSeconds));
  }
  const { code, message, details } = known;
  send(response, errorTable[code].status, { error: { code, message, details } });
}
