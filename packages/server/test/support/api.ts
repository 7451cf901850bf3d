// The API on a database of its own, with a token and the typed client. Every answer that any test
// sees is compared with the contract, strictly: a field or a code too many fails the test.
import { randomBytes } from "node:crypto";
import {
  api,
  type Client,
  createClient,
  type ErrorCode,
  type Exchange,
  errorsOf,
  errorTable,
  type Route,
  type TrigRunApi,
} from "@trigrun/contract";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Services } from "../../src/api/context.ts";
import type { HttpLimits } from "../../src/api/http-limits.ts";
import { createApiServer } from "../../src/api/server.ts";
import { createPasswords } from "../../src/auth/password.ts";
import { openSession } from "../../src/auth/session.ts";
import { createToken } from "../../src/auth/token.ts";
import { readConfig } from "../../src/config.ts";
import { newId } from "../../src/id.ts";
import type { Log } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { insertMember } from "../../src/store/members.ts";
import { pendingMigrations } from "../../src/store/migrate.ts";
import type { TokenRole } from "../../src/store/tokens.ts";
import { insertUser } from "../../src/store/users.ts";
import { createVault } from "../../src/store/vault.ts";
import { verifyVault } from "../../src/store/vault-check.ts";
import { createAddressGuard } from "../../src/wire/address-guard.ts";
import { createTestDatabase } from "./db.ts";

type TestMessage = Parameters<Services["testSend"]>[0];

export interface Call {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE" | "HEAD" | "PUT" | "OPTIONS";
  readonly path: string;
  /** Sent as JSON, or as it is when it is text or bytes. */
  readonly body?: unknown;
  /** Instead of the owner's; null for none. */
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  /** Where it comes from; 127.0.0.1 when left out. */
  readonly address?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  /** The JSON of the answer; undefined when it has none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape by hand.
  readonly body: any;
}

export interface Tenant {
  readonly workspaceId: string;
  readonly token: string;
  readonly client: Client<TrigRunApi>;
}

/** Runs like the real one, never tells the same millisecond twice, and can be put forward. */
export interface TestClock {
  now(): Date;
  advance(milliseconds: number): void;
}

export interface TestApi extends Tenant {
  readonly app: FastifyInstance;
  readonly db: Database;
  readonly services: Services;
  readonly clock: TestClock;
  /** What the fake sender was asked to send at once. */
  readonly tests: TestMessage[];
  /** Lines that the server logged. */
  readonly logged: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[];
  call(call: Call): Promise<Answer>;
  /** Another workspace with a token of its own. */
  addTenant(): Promise<Tenant>;
  /** Another token of the first workspace. */
  addToken(role: TokenRole, expiresAt?: Date): Promise<string>;
  /** A person of a workspace, the first one unless told otherwise, who is signed in. */
  addPerson(role: TokenRole, options?: PersonOptions): Promise<Person>;
  /** Fails when any answer did not match the contract. */
  close(): Promise<void>;
}

export interface PersonOptions {
  readonly workspaceId?: string;
  readonly email?: string;
  readonly isPending?: boolean;
}

export interface Person {
  readonly userId: string;
  readonly memberId: string;
  readonly email: string;
  readonly token: string;
}

export interface TestApiOptions {
  readonly allowNetworks?: readonly string[];
  /** Variables; without them nobody's requests are limited, as tests make thousands. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly limits?: Partial<HttpLimits>;
  readonly services?: Partial<Services>;
  readonly ping?: () => Promise<void>;
  readonly pendingMigrations?: () => Promise<readonly string[]>;
  readonly dashboardFolder?: URL;
}

const unlimited = {
  TRIGRUN_RATE_LIMIT_PER_TOKEN: "off",
  TRIGRUN_RATE_LIMIT_PER_ADDRESS: "off",
};

export async function createTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const { db } = database;
  const clock = createTestClock();
  const tests: TestMessage[] = [];
  const vault = createVault([{ version: 1, key: randomBytes(32) }]);
  // What is sealed refers to the check of its key.
  await verifyVault(db, vault);
  const services: Services = {
    db,
    clock,
    config: readConfig({ ...unlimited, ...options.settings }),
    vault,
    guard: createAddressGuard(options.allowNetworks ?? []),
    publicUrl: "https://cron.example.com",
    passwords: createPasswords(),
    testSend: async (message) => {
      tests.push(message);
      return exampleExchange;
    },
    testRequest: async ({ request: { method, url }, beforeSend }) => {
      await beforeSend();
      return { ...exampleRequestTest, request: { method, url, headers: {}, body: null } };
    },
    ...options.services,
  };
  const logged: TestApi["logged"] = [];
  const app = createApiServer({
    services,
    log: createRecordingLog(logged),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    version: "0.0.0-test",
    metrics: createMetrics("0.0.0-test"),
    ping: options.ping ?? (() => db.ping()),
    pendingMigrations: options.pendingMigrations ?? (() => pendingMigrations(db)),
    ...(options.dashboardFolder ? { dashboardFolder: options.dashboardFolder } : {}),
  });
  const violations = watchAnswers(app);
  await app.ready();

  const toClient = (token: string) =>
    createClient({
      baseUrl: "http://test",
      token,
      fetch: (url, init) => fetchFrom(app, url, init),
    });
  const addTenant = async (): Promise<Tenant> => {
    const workspaceId = newId("workspace", clock.now());
    await db.run(sql`insert into workspaces (id, name) values (${workspaceId}, ${workspaceId})`);
    const input = { workspaceId, name: "test", role: "owner" as const, now: clock.now() };
    const { token } = await createToken(db, input);
    return { workspaceId, token, client: toClient(token) };
  };
  const first = await addTenant();
  return {
    ...first,
    ...{ app, db, services, clock, tests, logged, addTenant },
    async call(call) {
      const answer = await send(app, { token: first.token, ...call });
      failOn(violations);
      return answer;
    },
    async addToken(role, expiresAt) {
      const { workspaceId } = first;
      const lifetime = expiresAt === undefined ? {} : { expiresAt };
      const input = { workspaceId, name: role, role, now: clock.now(), ...lifetime };
      return (await createToken(db, input)).token;
    },
    addPerson: (role, options = {}) =>
      addPerson(services, role, { workspaceId: first.workspaceId, ...options }),
    async close() {
      await app.close();
      await database.drop();
      failOn(violations);
    },
  };
}

/** The password of everybody whom `addPerson` adds. */
export const personPassword = "four words nobody guesses";
// One hash for all: making one takes a processor some 20 ms.
let personHash: Promise<string> | undefined;

async function addPerson(
  { db, clock, passwords }: Services,
  role: TokenRole,
  options: PersonOptions & { readonly workspaceId: string },
): Promise<Person> {
  personHash ??= passwords.hash(personPassword);
  const now = clock.now();
  const { workspaceId } = options;
  const [userId, memberId] = [newId("user", now), newId("member", now)];
  const email = options.email ?? `${role}-${userId.slice(-8)}@example.com`;
  const passwordHash = await personHash;
  const verifiedAt = options.isPending ? null : now;
  await insertUser(db, { id: userId, name: `A ${role}`, email, passwordHash, verifiedAt, now });
  await insertMember(db, { id: memberId, workspaceId, userId, role, now });
  const { token } = await openSession(db, { userId, workspaceId, now });
  return { userId, memberId, email, token };
}

function createTestClock(): TestClock {
  let aheadMs = 0;
  let last = 0;
  return {
    now() {
      last = Math.max(last + 1, Date.now() + aheadMs);
      return new Date(last);
    },
    advance(milliseconds) {
      aheadMs += milliseconds;
    },
  };
}

function createRecordingLog(lines: TestApi["logged"]): Log {
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    // As where nothing is set: each request has a line of that level.
    debug: () => undefined,
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
  };
}

/** What a test message comes back as where nothing is sent. */
export const exampleExchange: Exchange = {
  started_at: "2026-11-23T10:00:00.000Z",
  latency_ms: 12.5,
  verdict: "sent",
  reason: "The receiver answered 200.",
  request: null,
  response: null,
  phases: { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, body_ms: null },
  error_class: null,
  error_message: null,
};

/** What a tested request comes to where none is made. */
const exampleRequestTest = {
  ...{ started_at: exampleExchange.started_at, latency_ms: 12.5, status: "SUCCESS" as const },
  response: { status_code: 200, headers: {}, body: "ok", body_truncated: false },
  phases: exampleExchange.phases,
  ...{ error_class: null, error_message: null, warnings: [] },
};

async function send(app: FastifyInstance, call: Call): Promise<Answer> {
  const { method = call.body === undefined ? "GET" : "POST", path, body, token } = call;
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const response = await app.inject({
    method,
    url: path,
    ...(call.address === undefined ? {} : { remoteAddress: call.address }),
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...call.headers,
    },
    ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
  });
  return {
    status: response.statusCode,
    headers: response.headers,
    text: response.body,
    body: isJson(response.headers["content-type"])
      ? JSON.parse(response.body || "null")
      : undefined,
  };
}

function isJson(contentType: unknown): boolean {
  return typeof contentType === "string" && contentType.startsWith("application/json");
}

async function fetchFrom(
  app: FastifyInstance,
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
) {
  const response = await app.inject({
    // The client sends the methods of the contract only.
    method: init.method as "GET",
    url: url.replace("http://test", ""),
    headers: init.headers,
    ...(init.body === undefined ? {} : { payload: init.body }),
  });
  return {
    status: response.statusCode,
    headers: { get: (name: string) => response.headers[name.toLowerCase()]?.toString() ?? null },
    text: async () => response.body,
  };
}

/** Compares every answer of the app, however it is asked, and collects what does not match. */
function watchAnswers(app: FastifyInstance): string[] {
  const violations: string[] = [];
  app.addHook("onSend", async (request, reply, payload) => {
    const found = findViolation(request, reply, payload);
    if (found !== undefined) violations.push(`${request.method} ${request.url}: ${found}`);
  });
  return violations;
}

function failOn(violations: string[]): void {
  if (violations.length === 0) return;
  throw new Error(`Answers that are not in the contract:\n${violations.splice(0).join("\n")}`);
}

const routes = new Map(
  Object.values<Route>(api).map((definition) => [
    `${definition.method} ${definition.path}`,
    { definition, validate: compileResponse(definition) },
  ]),
);

function createAjv() {
  // Formats are checked; the words that only people read are none of ajv's business.
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  addFormats.default(ajv);
  return ajv;
}

function compileResponse({ response }: Route): ValidateFunction | undefined {
  if (response === undefined) return undefined;
  // Of output, so that an object with a field too many is refused.
  const schema = z.toJSONSchema(response, { io: "output", unrepresentable: "any" });
  return createAjv().compile(schema);
}

const validateError = createAjv().compile({
  type: "object",
  required: ["error"],
  additionalProperties: false,
  properties: {
    error: {
      type: "object",
      required: ["code", "message", "details"],
      additionalProperties: false,
      properties: {
        code: { enum: Object.keys(errorTable) },
        message: { type: "string", minLength: 5 },
        details: {
          type: "array",
          items: {
            type: "object",
            required: ["path", "message"],
            additionalProperties: false,
            properties: { path: { type: "string" }, message: { type: "string", minLength: 5 } },
          },
        },
      },
    },
  },
});

function findViolation(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): string | undefined {
  if (reply.getHeader("x-request-id") === undefined) return "no x-request-id";
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = routes.get(`${method} ${request.routeOptions.url}`);
  const text = typeof payload === "string" ? payload : "";
  const { statusCode: status } = reply;
  if (status >= 400) return findErrorViolation(route?.definition, status, text);
  if (route === undefined || request.method === "HEAD") return undefined;
  const { definition, validate } = route;
  if (definition.streams) return status === definition.status ? undefined : `status ${status}`;
  if (status !== definition.status && status !== definition.alsoStatus) return `status ${status}`;
  if (validate === undefined) return text === "" ? undefined : "a body where there is none";
  if (validate(JSON.parse(text))) return undefined;
  return JSON.stringify(validate.errors);
}

function findErrorViolation(
  definition: Route | undefined,
  status: number,
  text: string,
): string | undefined {
  // HEAD carries the status and no body.
  if (text === "") return undefined;
  const body = JSON.parse(text);
  if (!validateError(body)) return JSON.stringify(validateError.errors);
  // The line above checked that it is a key of the table.
  const code: ErrorCode = body.error.code;
  if (errorTable[code].status !== status) return `${code} with status ${status}`;
  if (definition && !errorsOf(definition).includes(code)) return `undeclared code ${code}`;
  return undefined;
}
