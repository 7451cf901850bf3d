// Rules of API tokens: shown once, never more than their maker, dead when revoked.
import type { Scope } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureBootstrapToken, hashToken } from "../../src/auth/token.ts";
import { sql } from "../../src/store/db.ts";
import { type Answer, createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const path = "/v1/api-tokens";
const codeOf = ({ status, body }: Answer) => [status, body?.error?.code];

function create(body: Record<string, unknown> = {}, token = test.token) {
  return test.call({ path, token, body: { name: "deploy", ...body } });
}
const me = (token: string) => test.call({ path: "/v1/auth/me", token });
const list = async (token = test.token) => (await test.call({ path, token })).body.items;

describe("a token", () => {
  it("is answered once, and works", async () => {
    const { token: person, userId, email } = await test.addPerson("owner");
    const made = await create({}, person);
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      id: expect.stringMatching(/^tok_/),
      name: "deploy",
      role: "owner",
      scopes: null,
      created_by: { id: userId, name: "A owner", email },
      created_at: expect.any(String),
      expires_at: null,
      last_used_at: null,
      token: expect.stringMatching(/^cron_pat_[A-Za-z0-9_-]{43}$/),
    });
    const { token, ...shown } = made.body;
    expect((await me(token)).body).toMatchObject({ role: "owner", token: { name: "deploy" } });
    const [first] = await list();
    expect(first).toEqual({ ...shown, last_used_at: expect.any(String) });
  });

  it("is kept sealed under an Idempotency-Key, for its maker alone", async () => {
    const [a, b] = [await test.addPerson("owner"), await test.addPerson("owner")];
    const ask = (token: string) =>
      test.call({
        path,
        token,
        body: { name: "once" },
        headers: { "idempotency-key": "one-token" },
      });
    const made = await ask(a.token);
    expect((await ask(a.token)).text).toBe(made.text);
    expect(codeOf(await ask(b.token))).toEqual([409, "conflict"]);
    const [row] = await test.db.rows<{ text: string }>(sql`
      select (select string_agg(k::text, '') from idempotency_keys k)
        || (select string_agg(t::text, '') from api_tokens t) as text`);
    expect(row?.text).not.toContain(made.body.token.slice("cron_pat_".length));
  });

  it("stops at once when it is revoked, and is no longer listed", async () => {
    const { body } = await create();
    expect((await me(body.token)).status).toBe(200);
    const revoke = () => test.call({ method: "DELETE", path: `${path}/${body.id}` });
    expect((await revoke()).status).toBe(204);
    expect((await me(body.token)).status).toBe(401);
    expect((await list()).map(({ id }: { id: string }) => id)).not.toContain(body.id);
    expect((await revoke()).status).toBe(404);
  });

  it("ends when it was said to", async () => {
    const at = (ms: number) => new Date(test.clock.now().getTime() + ms).toISOString();
    const past = await create({ expires_at: at(-1_000) });
    expect(past.body.error.details).toEqual([{ path: "expires_at", message: "must be ahead" }]);
    const made = await create({ expires_at: at(60_000) });
    expect((await me(made.body.token)).status).toBe(200);
    test.clock.advance(60_000);
    expect((await me(made.body.token)).status).toBe(401);
  });

  it("is an owner's to make, list and revoke", async () => {
    const admin = await test.addPerson("admin");
    expect(codeOf(await create({}, admin.token))).toEqual([403, "forbidden"]);
    expect(codeOf(await test.call({ path, token: admin.token }))).toEqual([403, "forbidden"]);
  });

  it("of the setting is not revoked by a request", async () => {
    const fresh = await createTestApi();
    const text = "b".repeat(40);
    await ensureBootstrapToken(fresh.db, text, fresh.clock.now());
    const { items } = (await fresh.call({ path, token: text })).body;
    const bootstrap = items.find(({ name }: { name: string }) => name === "bootstrap");
    const answer = await fresh.call({
      method: "DELETE",
      path: `${path}/${bootstrap.id}`,
      token: text,
    });
    expect(codeOf(answer)).toEqual([409, "conflict"]);
    expect(answer.body.error.message).toContain("TRIGRUN_BOOTSTRAP_TOKEN");
    await fresh.close();
  });
});

describe("what a token makes", () => {
  it("has no higher role, by whichever way its own came down", async () => {
    const maker = await test.addPerson("owner");
    const made = await create({ role: "owner" }, maker.token);
    const child = await create({ role: "admin" }, made.body.token);
    expect(child.body).toMatchObject({ role: "admin", created_by: { id: maker.userId } });
    await test.db.run(sql`
      update memberships set role = 'member' where id = ${maker.memberId}`);
    test.clock.advance(5_000);
    expect((await me(child.body.token)).body.role).toBe("member");
    expect(codeOf(await create({}, made.body.token))).toEqual([403, "forbidden"]);
  });

  it("has no wider scopes", async () => {
    const scopes: Scope[] = ["read", "tokens:write", "jobs:write"];
    const { token } = (await create({ scopes })).body;
    expect((await create({}, token)).body.scopes).toEqual(scopes);
    const narrow = await create({ scopes: ["jobs:read", "jobs:read"] }, token);
    expect(narrow.body.scopes).toEqual(["jobs:read"]);
    expect(codeOf(await create({ scopes: ["channels:write"] }, token))).toEqual([403, "forbidden"]);
  });

  it("has no later end", async () => {
    const at = (ms: number) => new Date(test.clock.now().getTime() + ms).toISOString();
    const { token, expires_at } = (await create({ expires_at: at(60_000) })).body;
    expect((await create({}, token)).body.expires_at).toBe(expires_at);
    expect((await create({ expires_at: at(30_000) }, token)).status).toBe(201);
    expect(codeOf(await create({ expires_at: at(90_000) }, token))).toEqual([403, "forbidden"]);
  });

  it("belongs to nobody when the maker is a token of the host", async () => {
    const made = await create();
    expect(made.body.created_by).toBeNull();
    const [row] = await test.db.rows(sql`
      select member_id from api_tokens where token_hash = ${hashToken(made.body.token)}`);
    expect(row).toEqual({ member_id: null });
  });
});

describe("scopes", () => {
  const body = { name: "x", kind: "one_time", request: { url: "https://example.com/x" } };

  it("open what they name and nothing else", async () => {
    const { token } = (await create({ scopes: ["jobs:write"] })).body;
    expect((await test.call({ path: "/v1/jobs", token, body })).status).toBe(201);
    expect((await test.call({ path: "/v1/jobs", token })).status).toBe(200);
    const refused = await test.call({ path: "/v1/executions", token });
    expect(codeOf(refused)).toEqual([403, "forbidden"]);
    expect(refused.body.error.message).toContain("executions:read");
    expect((await me(token)).body.token.scopes).toEqual(["jobs:write"]);
  });

  it("give no more than the role", async () => {
    const { token } = (await create({ role: "member", scopes: ["jobs:write"] })).body;
    expect(codeOf(await test.call({ path: "/v1/jobs", token, body }))).toEqual([403, "forbidden"]);
  });

  it.each([[[]], [["everything"]], [["jobs:delete"]]])("are not %j", async (scopes) => {
    expect(codeOf(await create({ scopes }))).toEqual([400, "validation_failed"]);
  });
});
