// Rules of members, invitations and workspaces: who comes in, who goes, and that an owner stays.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { sql } from "../../src/store/db.ts";
import { type Answer, createTestApi, personPassword, type TestApi } from "../support/api.ts";
import { untilBlocked } from "../support/blocked.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi({ services: { config: readConfig({ TRIGRUN_SIGNUP: "invite" }) } });
});
afterAll(() => test.close());

const password = personPassword;
const codeOf = ({ status, body }: Answer) => [status, body?.error?.code];
let count = 0;
const newEmail = () => `guest-${++count}@example.com`;

function post(token: string, path: string, body?: unknown) {
  return test.call({ method: "POST", path, token, ...(body === undefined ? {} : { body }) });
}

/** A workspace with one owner who is a person. */
async function found() {
  const { workspaceId, token: hostToken } = await test.addTenant();
  const owner = await test.addPerson("owner", { workspaceId });
  return { workspaceId, hostToken, owner };
}

const linkOf = (answer: Answer): string => answer.body.url.split("#")[1];

function accept(token: string, body: Record<string, unknown> = {}) {
  const address = `198.51.100.${++count % 250}`;
  const path = "/v1/invitations/accept";
  return test.call({ path, token: null, body: { token, password, ...body }, address });
}

describe("an invitation", () => {
  it("is a link that makes an account and a member, once", async () => {
    const { workspaceId, owner } = await found();
    const email = newEmail();
    const made = await post(owner.token, "/v1/workspace/members", { email, role: "admin" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      email,
      role: "admin",
      invited_by: { id: owner.userId },
      url: expect.stringMatching(
        /^https:\/\/cron\.example\.com\/account\/invitation#[A-Za-z0-9_-]{43}$/,
      ),
      takes_new_accounts: true,
    });
    const nameless = await accept(linkOf(made));
    expect(nameless.body.error.details[0].path).toBe("name");
    const joined = await accept(linkOf(made), { name: "Grace" });
    expect(joined.body).toMatchObject({
      workspace: { id: workspaceId },
      role: "admin",
      user: { email, trust_level: "verified" },
    });
    expect(codeOf(await accept(linkOf(made), { name: "Grace" }))).toEqual([422, "unprocessable"]);
    const me = await test.call({ path: "/v1/auth/me", token: joined.body.token });
    expect(me.body).toMatchObject({ role: "admin", workspace: { id: workspaceId } });
  });

  it("asks whoever has an account with its address for the password of that", async () => {
    const { owner } = await found();
    const guest = await test.addPerson("owner");
    const body = { email: guest.email.toUpperCase() };
    const made = await post(owner.token, "/v1/workspace/members", body);
    expect(codeOf(await accept(linkOf(made), { password: "some other four words" }))).toEqual([
      401,
      "unauthorized",
    ]);
    const joined = await accept(linkOf(made));
    expect(joined.body.user.id).toBe(guest.userId);
    expect(joined.body.workspaces.map(({ role }: { role: string }) => role)).toEqual([
      "owner",
      "member",
    ]);
  });

  it("is replaced by a second one, revoked, and ends after 7 days", async () => {
    const { owner } = await found();
    const email = newEmail();
    const first = await post(owner.token, "/v1/workspace/members", { email });
    const second = await post(owner.token, "/v1/workspace/members", { email, role: "owner" });
    const list = () => test.call({ path: "/v1/workspace/invitations", token: owner.token });
    const standing = (await list()).body.items;
    expect(standing).toEqual([expect.objectContaining({ id: second.body.id, role: "owner" })]);
    expect((await accept(linkOf(first), { name: "G" })).status).toBe(422);
    const path = `/v1/workspace/invitations/${second.body.id}`;
    const revoke = () => test.call({ method: "DELETE", path, token: owner.token });
    expect((await revoke()).status).toBe(204);
    expect((await revoke()).status).toBe(404);
    expect((await accept(linkOf(second), { name: "G" })).status).toBe(422);
    const third = await post(owner.token, "/v1/workspace/members", { email });
    await test.db.run(sql`
      update invitations set expires_at = ${new Date(test.clock.now().getTime() - 1)}
      where id = ${third.body.id}`);
    expect((await accept(linkOf(third), { name: "G" })).status).toBe(422);
    expect((await list()).body.items).toEqual([]);
  });

  it("is taken once when it is accepted twice at once", async () => {
    const { owner, workspaceId } = await found();
    const made = await post(owner.token, "/v1/workspace/members", { email: newEmail() });
    const answers = await Promise.all([1, 2, 3].map((n) => accept(linkOf(made), { name: `${n}` })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    const rows = await test.db.rows(
      sql`select 1 from memberships where workspace_id = ${workspaceId}`,
    );
    expect(rows).toHaveLength(2);
  });

  it("for a member's own address is a conflict", async () => {
    const { owner } = await found();
    const again = await post(owner.token, "/v1/workspace/members", { email: owner.email });
    expect(codeOf(again)).toEqual([409, "conflict"]);
  });

  it("makes no account while sign-up is closed, and says so when it is made", async () => {
    const closed = await createTestApi();
    const made = await closed.call({
      path: "/v1/workspace/members",
      body: { email: "guest@example.com" },
    });
    expect(made.body.takes_new_accounts).toBe(false);
    const body = { token: linkOf(made), password, name: "Guest" };
    const refused = await closed.call({ path: "/v1/invitations/accept", token: null, body });
    expect(codeOf(refused)).toEqual([403, "forbidden"]);
    expect(refused.body.error.message).toContain("TRIGRUN_SIGNUP=invite");
    await closed.close();
  });

  it("lets nobody guess at the password behind it without end", async () => {
    const { owner } = await found();
    const guest = await test.addPerson("owner");
    const made = await post(owner.token, "/v1/workspace/members", { email: guest.email });
    const statuses: number[] = [];
    for (let tries = 0; tries < 11; tries++) {
      const body = { token: linkOf(made), password: "some other four words" };
      const path = "/v1/invitations/accept";
      const call = { path, token: null, body, address: "203.0.113.77" };
      statuses.push((await test.call(call)).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it("keeps its link out of the database, also with an Idempotency-Key", async () => {
    const { owner } = await found();
    const invite = () =>
      test.call({
        path: "/v1/workspace/members",
        token: owner.token,
        body: { email: "kept@example.com" },
        headers: { "idempotency-key": "invite-once" },
      });
    const made = await invite();
    const again = await invite();
    expect(again.text).toBe(made.text);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const [row] = await test.db.rows<{ text: string }>(sql`
      select (select string_agg(k::text, '') from idempotency_keys k)
        || (select string_agg(l::text, '') from account_links l)
        || (select string_agg(i::text, '') from invitations i) as text`);
    expect(row?.text).toContain("kept@example.com");
    expect(row?.text).not.toContain(linkOf(made));
  });
});

describe("the members", () => {
  it("are listed in pages, by role and by address in any case", async () => {
    const { workspaceId, owner } = await found();
    const people = [owner];
    for (const role of ["admin", "member", "member"] as const) {
      people.push(await test.addPerson(role, { workspaceId }));
    }
    const list = async (query: string) =>
      (await test.call({ path: `/v1/workspace/members${query}`, token: owner.token })).body;
    const first = await list("?limit=3");
    const second = await list(`?limit=3&cursor=${first.next_cursor}`);
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual(people.map(({ memberId }) => memberId).reverse());
    expect((await list("?role=member")).items).toHaveLength(2);
    const found_ = await list(`?email=${encodeURIComponent(owner.email.toUpperCase())}`);
    expect(found_.items).toEqual([expect.objectContaining({ id: owner.memberId, role: "owner" })]);
  });

  it("change their role at once, in every sign-in and token", async () => {
    const { workspaceId, owner } = await found();
    const other = await test.addPerson("owner", { workspaceId });
    const made = await post(other.token, "/v1/api-tokens", { name: "theirs" });
    const roleOf = async (token: string) =>
      (await test.call({ path: "/v1/auth/me", token })).body.role;
    expect(await roleOf(made.body.token)).toBe("owner");
    const path = `/v1/workspace/members/${other.memberId}`;
    const changed = await test.call({
      method: "PATCH",
      path,
      token: owner.token,
      body: { role: "member" },
    });
    expect(changed.body).toMatchObject({ id: other.memberId, role: "member" });
    expect(await roleOf(other.token)).toBe("member");
    expect(await roleOf(made.body.token)).toBe("member");
  });

  it("take their sign-ins and tokens with them, for good", async () => {
    const { workspaceId, owner } = await found();
    const other = await test.addPerson("owner", { workspaceId });
    const made = await post(other.token, "/v1/api-tokens", { name: "theirs" });
    const child = await post(made.body.token, "/v1/api-tokens", { name: "child" });
    const path = `/v1/workspace/members/${other.memberId}`;
    const remove = await test.call({ method: "DELETE", path, token: owner.token });
    expect(remove.status).toBe(204);
    for (const token of [other.token, made.body.token, child.body.token]) {
      expect((await test.call({ path: "/v1/auth/me", token })).status).toBe(401);
    }
    const listed = await test.call({ path: "/v1/api-tokens", token: owner.token });
    const names = listed.body.items.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["test"]);
    const invited = await post(owner.token, "/v1/workspace/members", {
      email: other.email,
      role: "owner",
    });
    expect((await accept(linkOf(invited))).status).toBe(200);
    expect((await test.call({ path: "/v1/auth/me", token: made.body.token })).status).toBe(401);
  });

  it("leave a token dead even when a membership goes by another way", async () => {
    const { workspaceId } = await found();
    const other = await test.addPerson("owner", { workspaceId });
    const made = await post(other.token, "/v1/api-tokens", { name: "theirs" });
    await test.db.run(sql`delete from memberships where id = ${other.memberId}`);
    expect((await test.call({ path: "/v1/auth/me", token: made.body.token })).status).toBe(401);
    expect((await test.call({ path: "/v1/auth/me", token: other.token })).status).toBe(401);
  });
});

describe("the last owner", () => {
  it("can neither leave, nor be removed, nor have a lesser role", async () => {
    const { owner, hostToken, workspaceId } = await found();
    await test.addPerson("admin", { workspaceId });
    const path = `/v1/workspace/members/${owner.memberId}`;
    for (const token of [owner.token, hostToken]) {
      const change = { method: "PATCH", path, token, body: { role: "admin" } } as const;
      expect(codeOf(await test.call(change))).toEqual([409, "conflict"]);
      expect(codeOf(await test.call({ method: "DELETE", path, token }))).toEqual([409, "conflict"]);
    }
    expect(codeOf(await post(owner.token, "/v1/workspace/leave"))).toEqual([409, "conflict"]);
    expect((await test.call({ path: "/v1/auth/me", token: owner.token })).body.role).toBe("owner");
  });

  it("is left when two owners leave at once", async () => {
    const { owner, workspaceId } = await found();
    const other = await test.addPerson("owner", { workspaceId });
    // Holds the lock that both need, so that both have begun before either can end.
    const answers = await test.db.transaction(async (tx) => {
      await tx.run(sql`select 1 from workspaces where id = ${workspaceId} for no key update`);
      const both = [owner, other].map(({ token }) => post(token, "/v1/workspace/leave"));
      await untilBlocked(test.db);
      return { both };
    });
    const statuses = (await Promise.all(answers.both)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([204, 409]);
    const rows = await test.db.rows(sql`
      select 1 from memberships where workspace_id = ${workspaceId} and role = 'owner'`);
    expect(rows).toHaveLength(1);
  });

  it("hands over in one step, and is admin afterwards", async () => {
    const { owner, workspaceId } = await found();
    const next = await test.addPerson("member", { workspaceId });
    const moved = await post(owner.token, "/v1/workspace/transfer", { member_id: next.memberId });
    expect(moved.body).toMatchObject({ id: next.memberId, role: "owner" });
    const roleOf = async (token: string) =>
      (await test.call({ path: "/v1/auth/me", token })).body.role;
    expect([await roleOf(owner.token), await roleOf(next.token)]).toEqual(["admin", "owner"]);
    const again = await post(owner.token, "/v1/workspace/transfer", { member_id: next.memberId });
    expect(codeOf(again)).toEqual([403, "forbidden"]);
    expect((await post(owner.token, "/v1/workspace/leave")).status).toBe(204);
  });

  it("cannot hand over to itself or to another workspace's member", async () => {
    const { owner } = await found();
    const stranger = await found();
    const transfer = (id: string) => post(owner.token, "/v1/workspace/transfer", { member_id: id });
    expect(codeOf(await transfer(owner.memberId))).toEqual([409, "conflict"]);
    expect(codeOf(await transfer(stranger.owner.memberId))).toEqual([404, "not_found"]);
  });
});

describe("workspaces", () => {
  it("are made, listed, switched to and renamed by whoever belongs to several", async () => {
    const { owner, workspaceId } = await found();
    const made = await post(owner.token, "/v1/workspaces", { name: "Staging" });
    expect(made.body).toMatchObject({ name: "Staging", timezone: "UTC" });
    const list = await test.call({ path: "/v1/workspaces", token: owner.token });
    expect(list.body.items).toMatchObject([
      { workspace: { id: made.body.id }, role: "owner", is_current: false },
      { workspace: { id: workspaceId }, role: "owner", is_current: true },
    ]);
    const switched = await post(owner.token, "/v1/auth/switch-workspace", {
      workspace_id: made.body.id,
    });
    expect(switched.body).toMatchObject({ workspace: { name: "Staging" }, role: "owner" });
    expect(switched.body.workspaces).toHaveLength(2);
    const { token } = switched.body;
    expect((await test.call({ path: "/v1/auth/me", token: owner.token })).status).toBe(401);
    const renamed = await test.call({
      method: "PATCH",
      path: "/v1/workspace",
      token,
      body: { name: "Production", timezone: "Europe/Berlin" },
    });
    expect(renamed.body).toMatchObject({ id: made.body.id, name: "Production" });
    const keep = async (history_days: unknown) => {
      const request = { method: "PATCH", path: "/v1/workspace", token } as const;
      const { status, body } = await test.call({ ...request, body: { history_days } });
      return status === 200 ? body.history_days : status;
    };
    expect(renamed.body.history_days).toBeNull();
    expect(await keep(30)).toBe(30);
    for (const wrong of [0, 1_826, 1.5, "30"]) expect(await keep(wrong)).toBe(400);
    expect(await keep(null)).toBeNull();
    const back = await post(token, "/v1/auth/switch-workspace", { workspace_id: workspaceId });
    expect(back.body.workspace.id).toBe(workspaceId);
  });

  it("cannot be switched to by a stranger", async () => {
    const [{ owner }, stranger] = [await found(), await found()];
    const body = { workspace_id: stranger.workspaceId };
    expect(codeOf(await post(owner.token, "/v1/auth/switch-workspace", body))).toEqual([
      404,
      "not_found",
    ]);
  });

  it("show an API token the one that it is for", async () => {
    const { hostToken, workspaceId } = await found();
    const list = await test.call({ path: "/v1/workspaces", token: hostToken });
    expect(list.body).toMatchObject({
      items: [{ workspace: { id: workspaceId }, role: "owner", is_current: true }],
      next_cursor: null,
    });
  });
});
