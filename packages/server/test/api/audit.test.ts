// The audit log as its readers see it: owners of one workspace, filters and pages, names that
// outlive their rows, and what is written beside the API.
import { randomBytes } from "node:crypto";
import type { AuditEntry } from "@trigrun/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createResetLink } from "../../src/auth/link.ts";
import { createHostToken, ensureBootstrapToken, ensureOwnerToken } from "../../src/auth/token.ts";
import { toUnsubscribeUrl } from "../../src/send/unsubscription.ts";
import { createTestApi, personPassword, type TestApi } from "../support/api.ts";
import { readAuditRows, watchAudit } from "../support/audit.ts";
import { createTestDatabase } from "../support/db.ts";
import { insertDeliveryRow, insertExecutionRow, insertJobRow } from "../support/rows.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const list = async (query: string, token = test.token): Promise<AuditEntry[]> => {
  const answer = await test.call({ path: `/v1/audit-log?${query}`, token });
  expect(answer.status, answer.text).toBe(200);
  return answer.body.items;
};
const actionsOf = (items: readonly AuditEntry[]) => items.map(({ action }) => action);
const makeChannel = (name: string) =>
  test.client.createChannel({ body: { name, type: "email", config: { email: "a@example.com" } } });

describe("the list", () => {
  it("tells all of a write, newest first", async () => {
    const { userId, email, memberId, token } = await test.addPerson("owner");
    const { memberId: other, email: otherEmail } = await test.addPerson("member");
    const answer = await test.call({
      ...{
        method: "PATCH",
        path: `/v1/workspace/members/${other}`,
        token,
        body: { role: "admin" },
      },
      address: "2001:db8::7",
    });
    const [entry] = await list("limit=1");
    expect(entry).toEqual({
      id: expect.stringMatching(/^aud_[0-9a-f]{32}$/),
      at: expect.stringMatching(/Z$/),
      ...{ action: "updateMember", outcome: "done" },
      actor: {
        ...{ kind: "user", user_id: userId, token_id: null, name: "A owner", email },
        session_id: expect.stringMatching(/^ses_/),
      },
      resource: { kind: "member", id: other, name: otherEmail },
      ...{ address: "2001:db8::7", request_id: answer.headers["x-request-id"] },
      changes: { fields: ["role"], values: { role: "admin" }, count: null, made: null },
    });
    expect(memberId).not.toBe(other);
  });

  it("names a token with its maker, and the fields that were sent, without values", async () => {
    const { userId, email, token } = await test.addPerson("owner");
    const made = await test.call({ path: "/v1/api-tokens", token, body: { name: "deploy" } });
    const config = { url: "https://api.example.com/x", secret: "whsec_c2VjcmV0c2VjcmV0" };
    const body = { name: "by a token", type: "webhook", config };
    const path = "/v1/notification-channels";
    await test.call({ path, token: made.body.token, body });
    const [entry] = await list("limit=1");
    expect(entry).toMatchObject({
      actor: { kind: "token", token_id: made.body.id, user_id: userId, session_id: null },
      changes: { fields: ["config.secret", "config.url", "name", "type"], values: {} },
    });
    expect(entry?.actor).toMatchObject({ name: "deploy", email });
    // Whoever asks for a person sees what their tokens did.
    expect(actionsOf(await list(`actor=${userId}`))).toEqual(["createChannel", "createToken"]);
    expect(actionsOf(await list(`actor=${made.body.id}`))).toEqual(["createChannel"]);
    expect(actionsOf(await list(`actor=${email.toUpperCase()}`))).toHaveLength(2);
  });

  it("names the maker of a token that removes its own maker", async () => {
    const { userId, email, memberId, token } = await test.addPerson("owner");
    await test.addPerson("owner");
    const made = await test.call({ path: "/v1/api-tokens", token, body: { name: "last deed" } });
    const path = `/v1/workspace/members/${memberId}`;
    const removal = await test.call({ method: "DELETE", path, token: made.body.token });
    expect(removal.status).toBe(204);
    const [entry] = await list("limit=1");
    expect(entry).toMatchObject({
      ...{ action: "removeMember", resource: { kind: "member", id: memberId, name: email } },
      actor: { kind: "token", token_id: made.body.id, user_id: userId, name: "last deed", email },
    });
  });

  it("is filtered by action, resource and time, and refuses an action that is none", async () => {
    const { id } = await makeChannel("filtered");
    await test.client.updateChannel({ params: { id }, body: { name: "filtered again" } });
    expect(actionsOf(await list(`resource=${id}`))).toEqual(["updateChannel", "createChannel"]);
    expect(actionsOf(await list(`resource=${id}&action=updateChannel`))).toEqual(["updateChannel"]);
    const kinds = (await list("resource=channel")).map(({ resource }) => resource?.kind);
    expect(new Set(kinds)).toEqual(new Set(["channel"]));
    const [last] = await list(`resource=${id}&limit=1`);
    expect(actionsOf(await list(`resource=${id}&to=${last?.at}`))).toEqual(["createChannel"]);
    expect(actionsOf(await list(`resource=${id}&from=${last?.at}`))).toEqual(["updateChannel"]);
    for (const query of ["action=listJobs", "action=x", "resource=", "actor=", "from=now"]) {
      expect((await test.call({ path: `/v1/audit-log?${query}` })).status).toBe(400);
    }
  });

  it("is read page by page without a gap, also while more is written", async () => {
    const whole = await list("limit=100");
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const answer = await test.call({ path: `/v1/audit-log?limit=3${cursor}` });
      seen.push(...answer.body.items.map(({ id }: AuditEntry) => id));
      if (answer.body.next_cursor === null) break;
      cursor = `&cursor=${answer.body.next_cursor}`;
      if (seen.length < 6) await makeChannel(`meanwhile ${seen.length}`);
    }
    expect(seen).toEqual(whole.map(({ id }) => id));
  });

  it("is for owners, and for tokens with its scope", async () => {
    for (const role of ["member", "admin"] as const) {
      const { token } = await test.addPerson(role);
      expect((await test.call({ path: "/v1/audit-log", token })).status).toBe(403);
    }
    const make = async (scopes: string[]) =>
      (await test.call({ path: "/v1/api-tokens", body: { name: "siem", scopes } })).body.token;
    expect(await list("limit=1", await make(["audit:read"]))).toHaveLength(1);
    const path = "/v1/audit-log";
    const token = await make(["jobs:write", "workspaces:read"]);
    expect((await test.call({ path, token })).status).toBe(403);
  });

  it("shows another workspace nothing, by no filter and no cursor", async () => {
    const other = await test.addTenant();
    const { id } = await makeChannel("ours alone");
    const { userId, email } = await test.addPerson("owner");
    const first = await test.call({ path: "/v1/audit-log?limit=1" });
    const { next_cursor: cursor } = first.body;
    const queries = ["", `resource=${id}`, "resource=channel", "action=createChannel"];
    queries.push(
      `actor=${userId}`,
      `actor=${email}`,
      `cursor=${cursor}`,
      "from=2000-01-01T00:00:00Z",
    );
    for (const query of queries) expect(await list(query, other.token)).toEqual([]);
    await other.client.createSecret({ body: { name: "THEIRS", value: "s3cret" } });
    expect(actionsOf(await list("", other.token))).toEqual(["createSecret"]);
    expect(await list("action=createSecret")).toEqual([]);
  });
});

describe("what an entry tells", () => {
  it("outlives what it tells of: a channel, a secret, a person", async () => {
    const { id } = await makeChannel("to be gone");
    await test.client.deleteChannel({ params: { id } });
    const secret = await test.client.createSecret({ body: { name: "GONE", value: "s3cret" } });
    // By its name, which is what clients know.
    await test.client.deleteSecret({ params: { id: "GONE" }, query: { force: "true" } });
    const gone = await test.addPerson("owner");
    await test.call({ path: "/v1/api-tokens", token: gone.token, body: { name: "left" } });
    await test.client.removeMember({ params: { id: gone.memberId } });
    const [removal, creation, deletion, , channelDeletion] = await list("limit=5");
    expect(removal?.resource).toEqual({ kind: "member", id: gone.memberId, name: gone.email });
    expect(creation?.actor).toMatchObject({ name: "A owner", email: gone.email });
    expect(deletion?.resource).toEqual({ kind: "secret", id: secret.id, name: "GONE" });
    expect(deletion?.changes).toMatchObject({ fields: ["force"], values: { force: "true" } });
    expect(channelDeletion?.resource).toEqual({ kind: "channel", id, name: "to be gone" });
  });

  it("is the filter and the count of a retry in bulk, and the execution made", async () => {
    const { db, workspaceId } = test;
    const { id: channelId } = await makeChannel("bulk");
    const jobId = await insertJobRow(db, { workspaceId, name: "bulk job" });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId, status: "failed" });
    const row = { workspaceId, channelId, jobId, executionId, status: "failed" } as const;
    await insertDeliveryRow(db, row);
    const from = "2026-01-01T00:00:00.000Z";
    const body = { channel_id: channelId, from, dry_run: false };
    await test.client.retryDeliveries({ body });
    const { id: made } = await test.client.runJobNow({ params: { id: jobId } });
    const [run, retry] = await list("limit=2");
    expect(retry).toMatchObject({
      ...{ action: "retryDeliveries", resource: null },
      changes: { values: { channel_id: channelId, from, dry_run: false }, count: 1 },
    });
    expect(run).toMatchObject({
      resource: { kind: "job", id: jobId, name: "bulk job" },
      changes: { made },
    });
  });

  it("is one for a request and its repeats, and none for one that failed", async () => {
    const headers = { "idempotency-key": "audited-once" };
    const post = (body: unknown) => test.call({ path: "/v1/secrets", body, headers });
    const { made, answer } = await watchAudit(test.db, async () => {
      const failed = await post({ name: "ONCE" });
      const first = await post({ name: "ONCE", value: "s3cret" });
      const again = await post({ name: "ONCE", value: "s3cret" });
      return [failed.status, first.status, again.status, again.headers["idempotent-replayed"]];
    });
    expect(answer).toEqual([400, 201, 201, "true"]);
    expect(made).toHaveLength(1);
  });

  it("is one for each of many writes at once, and one for a deletion of one row", async () => {
    const { made } = await watchAudit(test.db, async () => {
      const names = Array.from({ length: 20 }, (_, index) => `at once ${index}`);
      await Promise.all(names.map(makeChannel));
    });
    const told = made.map((row) => row.resource_name).sort();
    expect(told).toEqual(Array.from({ length: 20 }, (_, index) => `at once ${index}`).sort());
    const path = `/v1/notification-channels/${made[0]?.resource_id}`;
    const race = await watchAudit(test.db, async () => {
      const call = () => test.call({ method: "DELETE", path });
      return (await Promise.all([call(), call(), call()])).map(({ status }) => status).sort();
    });
    expect(race.answer).toEqual([204, 404, 404]);
    expect(race.made).toMatchObject([{ action: "deleteChannel" }]);
  });
});

describe("sign-ins that fail", () => {
  const logIn = (email: string, password: string, address?: string) =>
    test.call({
      ...{ path: "/v1/auth/login", token: null, body: { email, password } },
      ...(address === undefined ? {} : { address }),
    });

  it("are told to the workspace of the account, those of nobody to the first one", async () => {
    const { workspaceId } = await test.addTenant();
    const { email, userId } = await test.addPerson("member", { workspaceId });
    const { made } = await watchAudit(test.db, async () => {
      expect((await logIn(email.toUpperCase(), "wrong", "203.0.113.9")).status).toBe(401);
      expect((await logIn("nobody@example.com", "wrong")).status).toBe(401);
    });
    const refused = { action: "logIn", outcome: "refused", actor_kind: "nobody" } as const;
    expect(made).toMatchObject([
      { ...refused, workspace_id: workspaceId, resource_id: userId, address: "203.0.113.9" },
      {
        ...{ ...refused, workspace_id: test.workspaceId, resource_id: null },
        ...{ resource_kind: "user", resource_name: "nobody@example.com", actor_user_id: null },
      },
    ]);
    // The right password, and no workspace to go to.
    const homeless = await test.addPerson("member");
    await test.client.removeMember({ params: { id: homeless.memberId } });
    const last = await watchAudit(test.db, () => logIn(homeless.email, personPassword));
    expect(last.answer.status).toBe(403);
    expect(last.made).toMatchObject([{ ...refused, resource_id: homeless.userId }]);
  });

  it("count those at an invitation, whose link lets its bearer guess", async () => {
    const member = await test.addPerson("member", {
      workspaceId: (await test.addTenant()).workspaceId,
    });
    const { url } = await test.client.inviteMember({ body: { email: member.email } });
    const body = { token: url?.split("#")[1] ?? "", password: "not their password" };
    const { made } = await watchAudit(test.db, () =>
      test.call({ path: "/v1/invitations/accept", token: null, body }),
    );
    expect(made).toMatchObject([
      { action: "acceptInvitation", outcome: "refused", resource_id: member.userId },
    ]);
  });
});

describe("beside the API", () => {
  it("the link in a mail is told once, with the address it came from", async () => {
    const { id } = await makeChannel("unsubscribed");
    const { vault, publicUrl } = test.services;
    const { pathname } = new URL(toUnsubscribeUrl(publicUrl, id, vault.fingerprint));
    const click = { method: "POST", url: pathname, remoteAddress: "198.51.100.3" } as const;
    const { made, answer } = await watchAudit(test.db, async () => {
      const first = await test.app.inject(click);
      await test.app.inject(click);
      return first;
    });
    expect(made).toMatchObject([
      {
        ...{ action: "unsubscribe", actor_kind: "link", workspace_id: test.workspaceId },
        ...{ resource_kind: "channel", resource_id: id, resource_name: "unsubscribed" },
        ...{ address: "198.51.100.3", request_id: answer.headers["x-request-id"] },
      },
    ]);
    expect(JSON.stringify(made)).not.toContain(pathname.split("/").at(-1));
  });

  describe("commands and starts on the host", () => {
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    beforeEach(async () => {
      database = await createTestDatabase();
      return () => database.drop();
    });
    const now = new Date("2026-11-23T10:00:00.000Z");
    const tell = async () =>
      (await readAuditRows(database.db)).map((row) => [
        row.action,
        row.actor_name,
        row.resource_name,
      ]);

    it("tell the first token, and the bootstrap token each time it changes", async () => {
      const { db } = database;
      await ensureOwnerToken(db, now, async () => undefined);
      await ensureOwnerToken(db, now, async () => undefined);
      const [a, b] = [randomBytes(32).toString("hex"), randomBytes(32).toString("hex")];
      for (const text of [a, a, b, undefined]) await ensureBootstrapToken(db, text, now);
      const bootstrap = ["TRIGRUN_BOOTSTRAP_TOKEN", "bootstrap"];
      expect(await tell()).toEqual([
        ["createToken", "first start", "first owner"],
        ["createToken", ...bootstrap],
        ["revokeToken", ...bootstrap],
        ["createToken", ...bootstrap],
        ["revokeToken", ...bootstrap],
      ]);
      const rows = await readAuditRows(db);
      expect(new Set(rows.map((row) => row.actor_kind))).toEqual(new Set(["host"]));
      for (const text of [a, b]) expect(JSON.stringify(rows)).not.toContain(text);
    });

    it("tell a token and a link, and hold neither", async () => {
      const own = await createTestApi();
      try {
        const { workspaceId, db } = own;
        const { email, userId } = await own.addPerson("owner");
        const command = "trigrun token create";
        const input = { workspaceId, name: "made here", role: "admin", now, command } as const;
        const token = await createHostToken(db, input);
        const publicUrl = "https://cron.example.com";
        const link = await db.transaction((tx) => createResetLink(tx, { email, publicUrl, now }));
        const rows = await readAuditRows(db);
        expect(rows).toMatchObject([
          {
            action: "createToken",
            resource_name: "made here",
            changes: { values: { role: "admin" } },
          },
          { action: "createResetLink", resource_id: userId, workspace_id: workspaceId },
        ]);
        const text = JSON.stringify(rows);
        for (const secret of [token, link?.split("#")[1] ?? token]) {
          expect(text).not.toContain(secret);
        }
      } finally {
        await own.close();
      }
    });
  });
});
