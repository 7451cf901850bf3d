// The matrix of who may do what, made from the contract: every route with every kind of caller, and
// that nothing of one workspace is ever there for another, whichever way it is asked for.
import { api, isRead, type Role, type Route, resources, roles } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createSessionText,
  createToken,
  createTokenText,
  hashToken,
} from "../../src/auth/token.ts";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type Tenant, type TestApi } from "../support/api.ts";
import { createSubjects, type RouteKey, type Subject } from "./matrix-rows.ts";

let test: TestApi;
let other: Tenant;
let makeSubject: (key: RouteKey) => Promise<Subject>;
beforeAll(async () => {
  test = await createTestApi();
  other = await test.addTenant();
  makeSubject = createSubjects(test);
  // So that no caller of the matrix is the last owner.
  await test.addPerson("owner");
  await test.addPerson("owner", { workspaceId: other.workspaceId });
});
afterAll(() => test.close());

type MemberRole = Exclude<Role, "public">;

interface Caller {
  /** Undefined for one that nobody lets in. */
  readonly role?: MemberRole;
  readonly isToken?: true;
  readonly onlyReads?: true;
  readonly isOther?: true;
  /** A token that is made for one call alone; null for none. */
  readonly makeToken: () => Promise<string | null>;
}

const person = async (role: MemberRole) => (await test.addPerson(role)).token;

async function makeApiToken(role: MemberRole, more: { scopes?: ["read"]; expiresAt?: Date } = {}) {
  const { workspaceId, db, clock } = test;
  const input = { workspaceId, name: "matrix", role, now: clock.now(), ...more };
  return (await createToken(db, input)).token;
}

const past = () => new Date(test.clock.now().getTime() - 1_000);

const callers: Readonly<Record<string, Caller>> = {
  "no token": { makeToken: async () => null },
  garbage: { makeToken: async () => "garbage" },
  "an unknown token": { makeToken: async () => createTokenText() },
  "an unknown sign-in": { makeToken: async () => createSessionText() },
  "a revoked token": {
    makeToken: async () => {
      const token = await makeApiToken("owner");
      await test.db.run(sql`
        update api_tokens set revoked_at = now() where token_hash = ${hashToken(token)}`);
      return token;
    },
  },
  "an expired token": { makeToken: () => makeApiToken("owner", { expiresAt: past() }) },
  "an ended sign-in": {
    makeToken: async () => {
      const token = await person("owner");
      await test.call({ method: "POST", path: "/v1/auth/logout", token });
      return token;
    },
  },
  "an expired sign-in": {
    makeToken: async () => {
      const token = await person("owner");
      await test.db.run(sql`
        update sessions set expires_at = ${past()} where token_hash = ${hashToken(token)}`);
      return token;
    },
  },
  "a removed member": {
    makeToken: async () => {
      const { token, memberId } = await test.addPerson("owner");
      await test.call({ method: "DELETE", path: `/v1/workspace/members/${memberId}` });
      return token;
    },
  },
  "the token of a removed member": {
    makeToken: async () => {
      const { token, memberId } = await test.addPerson("owner");
      const made = await test.call({ path: "/v1/api-tokens", token, body: { name: "left" } });
      await test.call({ method: "DELETE", path: `/v1/workspace/members/${memberId}` });
      return made.body.token;
    },
  },
  member: { role: "member", makeToken: () => person("member") },
  admin: { role: "admin", makeToken: () => person("admin") },
  owner: { role: "owner", makeToken: () => person("owner") },
  "a member's token": { role: "member", isToken: true, makeToken: () => makeApiToken("member") },
  "an admin's token": { role: "admin", isToken: true, makeToken: () => makeApiToken("admin") },
  "an owner's token": { role: "owner", isToken: true, makeToken: () => makeApiToken("owner") },
  "a token that only reads": {
    role: "owner",
    isToken: true,
    onlyReads: true,
    makeToken: () => makeApiToken("owner", { scopes: ["read"] }),
  },
  "another workspace's owner": {
    role: "owner",
    isOther: true,
    makeToken: async () => {
      const { workspaceId } = other;
      return (await test.addPerson("owner", { workspaceId })).token;
    },
  },
};

// Of a body that names another workspace's row, whose answer is as if there were none.
const namesForeignRow: ReadonlySet<string> = new Set(["transferWorkspace", "switchWorkspace"]);

/** What the contract's data says that the answer is. */
function toExpected(key: RouteKey, route: Route, caller: Caller): number {
  if (route.role === "public") return route.method === "GET" ? route.status : 400;
  if (caller.role === undefined) return 401;
  if (roles.indexOf(caller.role) < roles.indexOf(route.role)) return 403;
  if (route.needsSession && caller.isToken) return 403;
  if (caller.onlyReads && !isRead(route) && route.resource !== "self") return 403;
  if (caller.isOther && (route.params !== undefined || namesForeignRow.has(key))) return 404;
  return route.status;
}

/** What is missing or contradicts itself in the declaration of a route. */
function findFault(route: Partial<Route>): string | undefined {
  const { role, resource } = route;
  if (role === undefined || !roles.includes(role)) return "it declares no role";
  const known: readonly (string | undefined)[] = [...resources, "self", "none"];
  if (!known.includes(resource)) return "it declares no resource";
  if ((role === "public") !== (resource === "none")) return "public and `none` go together";
  if (resource === "self" && role !== "member") return "one's own affairs are every member's";
  return undefined;
}

// Every key of the contract, as the compiler knows them.
const entries = Object.entries<Route>(api) as [RouteKey, Route][];

describe("every route", () => {
  it.each(entries)("%s declares who may call it", (_key, route) => {
    expect(findFault(route)).toBeUndefined();
  });

  it("would be found out without a role or a resource", () => {
    const { role: _, ...noRole } = api.createJob;
    const { resource: __, ...noResource } = api.createJob;
    expect(findFault(noRole)).toBe("it declares no role");
    expect(findFault(noResource)).toBe("it declares no resource");
    expect(findFault({ ...api.createJob, role: "public" })).toContain("go together");
    expect(findFault({ ...api.createJob, resource: "self" })).toContain("every member's");
  });

  it("has callers of every kind", () => {
    const found = Object.values(callers).map(({ role }) => role);
    expect(new Set(found)).toEqual(new Set([undefined, "member", "admin", "owner"]));
  });
});

describe.each(entries)("%s", (key, route) => {
  it.each(Object.entries(callers))("answers %s as declared", async (_name, caller) => {
    const token = await caller.makeToken();
    const { path, body } = route.role === "public" ? publicSubject(route) : await makeSubject(key);
    const { method } = route;
    const answer = await test.call({
      ...{ method, path, token },
      ...(body === undefined ? {} : { body }),
    });
    const expected = toExpected(key, route, caller);
    expect([answer.status, answer.body?.error?.message]).toEqual([
      expected,
      expected < 400 ? undefined : expect.any(String),
    ]);
    if (caller.isOther) expectNothingForeign(answer.text);
  });
});

/** Public routes are asked for nothing in particular: whoever asks is answered the same. */
function publicSubject({ path, body }: Route): Subject {
  return { path, body: body === undefined ? undefined : {} };
}

function expectNothingForeign(text: string): void {
  expect(text).not.toContain(test.workspaceId);
}

describe("another workspace's rows", () => {
  interface Foreign {
    readonly ids: readonly string[];
    readonly query: Readonly<Record<string, string>>;
    readonly cursors: Readonly<Record<string, string>>;
  }
  const lists = entries.filter(([, { query, streams }]) => query !== undefined && !streams);
  let foreign: Foreign;

  const ask = (tenant: Tenant, path: string) => test.call({ path, token: tenant.token });

  /** Two rows of each list in the first workspace, so that one is the cursor of the other. */
  async function makeForeign(): Promise<Foreign> {
    const ids: string[] = [test.workspaceId];
    const cursors: Record<string, string> = {};
    for (const key of ["getDelivery", "removeRule", "revokeInvitation", "revokeToken"] as const) {
      for (const subject of [await makeSubject(key), await makeSubject(key)]) {
        ids.push(...(subject.path.match(/[a-z]+_[0-9a-f]{32}/g) ?? []));
      }
    }
    const found = (await ask(test, "/v1/notification-deliveries?limit=1")).body.items[0];
    const channel = await ask(test, `/v1/notification-channels/${found.channel_id}`);
    const member = (await ask(test, "/v1/workspace/members?limit=1")).body.items[0];
    ids.push(found.channel_id, found.job_id, found.execution_id, member.id, member.user.id);
    for (const [key, { path }] of lists) {
      if (path.includes(":")) continue;
      const page = await ask(test, `${path}?limit=1`);
      if (typeof page.body?.next_cursor === "string") cursors[key] = page.body.next_cursor;
    }
    const query = {
      ...{ name: channel.body.name, email: member.user.email, job_name: found.job_name },
      ...{ job_id: found.job_id, channel_id: found.channel_id },
    };
    return { ids, query, cursors };
  }

  beforeAll(async () => {
    foreign = await makeForeign();
  });

  function expectNone(text: string): void {
    for (const id of foreign.ids) expect(text).not.toContain(id);
  }

  it("are there for their own owner, by the same filters", async () => {
    const { query } = foreign;
    const paths = [
      `/v1/notification-channels?name=${encodeURIComponent(query.name ?? "")}`,
      `/v1/workspace/members?email=${encodeURIComponent(query.email ?? "")}`,
      `/v1/executions?job_name=${encodeURIComponent(query.job_name ?? "")}`,
      `/v1/executions?job_id=${query.job_id}`,
      `/v1/notification-deliveries?channel_id=${query.channel_id}`,
      `/v1/notification-deliveries?job_id=${query.job_id}`,
    ];
    for (const path of paths) {
      expect([path, (await ask(test, path)).body.items.length]).toEqual([path, 1]);
      expect([path, (await ask(other, path)).body.items]).toEqual([path, []]);
    }
  });

  it.each(lists)("are not in %s, by no filter, name or cursor", async (key, { path, query }) => {
    if (path.includes(":")) {
      const { path: own } = await makeSubject(key);
      expect((await ask(other, own)).status).toBe(404);
      return;
    }
    // Names of secrets are of another shape than those of the rest.
    const secret = (await test.client.listSecrets()).items[0]?.name;
    const filters = key === "listSecrets" ? { name: secret } : foreign.query;
    const asked = Object.keys(query?.shape ?? {}).flatMap((name) => {
      const value = name === "cursor" ? foreign.cursors[key] : filters[name as "name"];
      return value === undefined ? [] : [`${path}?${name}=${encodeURIComponent(value)}`];
    });
    for (const each of [path, ...asked]) {
      const answer = await ask(other, each);
      expect([each, answer.status]).toEqual([each, 200]);
      expectNone(answer.text);
    }
  });

  it("are reached by a cursor where there are two, so that the row above proves something", () => {
    const paged = lists.filter(([, { path, query }]) => {
      const hasCursor = query !== undefined && "cursor" in query.shape;
      return hasCursor && !path.includes(":") && path !== "/v1/workspaces";
    });
    expect(Object.keys(foreign.cursors).sort()).toEqual(paged.map(([key]) => key).sort());
  });

  it("are in no count", async () => {
    const { channel_id: channelId } = foreign.query;
    const countFor = async (tenant: Tenant, filter: Record<string, unknown>) => {
      const path = "/v1/notification-deliveries/retry";
      const body = { dry_run: true, ...filter };
      return (await test.call({ path, token: tenant.token, body })).body;
    };
    expect(await countFor(test, { channel_id: channelId })).toMatchObject({ count: 1 });
    expect(await countFor(other, { channel_id: channelId })).toMatchObject({ count: 0 });
    expect(await countFor(other, {})).toMatchObject({ count: 0 });
    const statistics = await ask(other, "/v1/notification-channel-statistics");
    expectNone(statistics.text);
  });

  it("are in no body: a rule, a job or a retry that names one", async () => {
    const { channel_id: channelId } = foreign.query;
    const request = { url: "https://api.example.com/run" };
    const rules = [{ channel_id: channelId, event: "on_failure" }];
    const job = { name: "mine", kind: "one_time", request, state: "draft" };
    const post = (path: string, body: unknown) => test.call({ path, token: other.token, body });
    const refused = await post("/v1/jobs", { ...job, notification_rules: rules });
    expect(refused.body.error.details).toEqual([
      { path: "notification_rules.0.channel_id", message: "is not a channel of this workspace" },
    ]);
    const own = await post("/v1/jobs", job);
    const rule = await post(`/v1/jobs/${own.body.id}/notification-rules`, rules[0]);
    expect(rule.status).toBe(400);
  });

  it("leave names free, and keys: the same of both makes a row for each", async () => {
    const body = { name: foreign.query.name, type: "email", config: { email: "a@example.com" } };
    const make = (tenant: Tenant) =>
      test.call({
        path: "/v1/notification-channels",
        token: tenant.token,
        body,
        headers: { "idempotency-key": "one-key-for-all" },
      });
    expect((await make(test)).status).toBe(409);
    const made = await make(other);
    expect(made.status).toBe(201);
    expect(made.headers["idempotent-replayed"]).toBeUndefined();
    const renamed = { ...body, name: "in both" };
    const both = [test, other].map((tenant) =>
      test.call({
        path: "/v1/notification-channels",
        token: tenant.token,
        body: renamed,
        headers: { "idempotency-key": "another-key-for-all" },
      }),
    );
    const [a, b] = await Promise.all(both);
    expect([a?.status, b?.status]).toEqual([201, 201]);
    expect(a?.body.id).not.toBe(b?.body.id);
  });
});
