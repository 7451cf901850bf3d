// Over all routes of the contract that write: each leaves one row in the audit log that says who,
// what and where from, none where it is refused, and none of its own work where the row cannot be
// written.
import { type AuditResource, isRead, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../../src/auth/token.ts";
import { readConfig } from "../../src/config.ts";
import { newId } from "../../src/id.ts";
import { raw, sql } from "../../src/store/db.ts";
import { insertMember } from "../../src/store/members.ts";
import { type Answer, createTestApi, type Person, type TestApi } from "../support/api.ts";
import { readAuditRows, watchAudit } from "../support/audit.ts";
import type { RouteKey, Subject } from "./matrix-rows.ts";
import { createWrites, newPassword, writes } from "./write-rows.ts";

let test: TestApi;
let makeWrite: (key: RouteKey) => Promise<Subject>;
beforeAll(async () => {
  const config = readConfig({
    TRIGRUN_SMTP_URL: "smtp://127.0.0.1:9",
    TRIGRUN_SMTP_FROM: "cron@example.com",
    TRIGRUN_SIGNUP: "open",
  });
  test = await createTestApi({ services: { config } });
  makeWrite = createWrites(test);
  await test.addPerson("owner");
});
afterAll(() => test.close());

interface Expected {
  readonly kind: AuditResource | null;
  /** Where the id of the row is: in the answer, in the path, or the caller's own. */
  readonly id: (call: { path: string; answer: Answer; person: Person }) => unknown;
}

const inAnswer: Expected["id"] = ({ answer }) => answer.body.id;
const inPath: Expected["id"] = ({ path }) => path.match(/[a-z]+_[0-9a-f]{32}/g)?.at(-1);
const ofPerson: Expected["id"] = ({ person }) => person.userId;
const anyId: Expected["id"] = () => expect.any(String);
const made = (kind: AuditResource): Expected => ({ kind, id: inAnswer });
const at = (kind: AuditResource): Expected => ({ kind, id: inPath });
const self: Expected = { kind: "user", id: ofPerson };
const account: Expected = { kind: "user", id: anyId };
/** One row for each job of the batch, of which there is one here. */
const each: Expected = { kind: "job", id: ({ answer }) => answer.body.items[0].job_id };
/** Of many rows, or of none that is kept. */
const several: Expected = { kind: null, id: () => null };

const expectations: { readonly [K in RouteKey]?: Expected } = {
  ...{ createJob: made("job"), updateJob: at("job"), deleteJob: at("job"), pauseJob: at("job") },
  ...{ resumeJob: at("job"), activateJob: at("job"), runJobNow: at("job") },
  ...{ replayExecution: at("execution"), cancelExecution: at("execution") },
  ...{ createSecret: made("secret"), updateSecret: at("secret"), deleteSecret: at("secret") },
  ...{ createChannel: made("channel"), updateChannel: at("channel"), deleteChannel: at("channel") },
  ...{ testChannel: at("channel"), rotateChannelSecret: at("channel") },
  ...{ enableChannel: at("channel"), addRule: made("rule"), removeRule: at("rule") },
  ...{ retryDelivery: at("delivery"), retryDeliveries: several },
  ...{ pauseJobs: each, resumeJobs: each, runJobsNow: each, testRequest: several },
  ...{ createToken: made("token"), revokeToken: at("token") },
  ...{ createWorkspace: made("workspace"), updateWorkspace: made("workspace") },
  ...{ transferWorkspace: made("member"), leaveWorkspace: self },
  ...{ inviteMember: made("invitation"), revokeInvitation: at("invitation") },
  ...{ updateMember: at("member"), removeMember: at("member") },
  ...{ logOut: self, resendVerification: self, changePassword: self, switchWorkspace: self },
  ...{ signUp: account, logIn: account, verifyEmail: account, forgotPassword: account },
  ...{ resetPassword: account, acceptInvitation: { kind: "member", id: anyId } },
};

/** Who it was, where nobody was signed in. */
const strangers: { readonly [K in RouteKey]?: string } = {
  ...{ signUp: "user", logIn: "user", acceptInvitation: "user" },
  ...{ verifyEmail: "link", resetPassword: "link", forgotPassword: "nobody" },
};

const address = "203.0.113.7";

async function call(route: Route, subject: Subject, token: string | null): Promise<Answer> {
  const { path, body } = subject;
  const { method } = route;
  const sent = body === undefined ? {} : { body };
  return await test.call({ method, path, address, ...sent, token });
}

/** An owner; to switch one who is elsewhere at the moment: to go where one is leaves nothing. */
async function addAsker(key: RouteKey): Promise<Person> {
  if (key !== "switchWorkspace") return await test.addPerson("owner");
  const { workspaceId } = await test.addTenant();
  const person = await test.addPerson("owner", { workspaceId });
  const now = test.clock.now();
  const membership = { id: newId("member", now), userId: person.userId, role: "owner" } as const;
  await insertMember(test.db, { ...membership, workspaceId: test.workspaceId, now });
  return person;
}

describe.each(writes)("%s", (key, route) => {
  const isPublic = route.role === "public";

  it("leaves one row, with who, what and where from", async () => {
    const subject = await makeWrite(key);
    const person = await addAsker(key);
    const token = isPublic ? null : person.token;
    const { made: rows, answer } = await watchAudit(test.db, () => call(route, subject, token));
    expect(answer.status, answer.text).toBeLessThan(300);
    const expected = expectations[key];
    if (expected === undefined) throw new Error(`say in this test what ${key} is done to`);
    const isNew = key === "createWorkspace" || key === "signUp";
    expect(rows).toMatchObject([
      {
        workspace_id: isNew ? expect.stringMatching(/^ws_/) : test.workspaceId,
        ...{ action: key, outcome: "done", address },
        request_id: answer.headers["x-request-id"],
        resource_kind: expected.kind,
        resource_id: expected.id({ path: subject.path, answer, person }),
        ...(expected.kind === null ? {} : { resource_name: expect.stringMatching(/./) }),
        ...(isPublic
          ? { actor_kind: strangers[key], actor_token_id: null }
          : {
              ...{ actor_kind: "user", actor_user_id: person.userId, actor_token_id: null },
              ...{ actor_session_id: expect.stringMatching(/^ses_/) },
              ...{ actor_name: "A owner", actor_email: person.email },
            }),
      },
    ]);
    if (isNew) expect(rows[0]?.workspace_id).not.toBe(test.workspaceId);
  });

  it("leaves none where it is refused", async () => {
    const subject = await makeWrite(key);
    const refused = await makeRefused(route, subject);
    const { made: rows, answer: statuses } = await watchAudit(test.db, async () => {
      const answers: Answer[] = [];
      for (const { token, ...sent } of refused) answers.push(await call(route, sent, token));
      return answers.map(({ status }) => status);
    });
    expect(statuses).toEqual(refused.map(({ status }) => status));
    expect(rows).toEqual([]);
  });
});

type Refused = Subject & { readonly token: string | null; readonly status: number };

/** Every way to be refused that the route has: by what is sent, by whom, for whose row. */
async function makeRefused(route: Route, subject: Subject): Promise<Refused[]> {
  const { token: owner } = await test.addPerson("owner");
  const isPublic = route.role === "public";
  const wrong = { path: subject.path, body: { unknown_field: true } };
  const refused: Refused[] = [];
  if (route.body !== undefined) {
    refused.push({ ...wrong, token: isPublic ? null : owner, status: 400 });
  }
  if (isPublic) return refused;
  refused.push({ ...subject, token: null, status: 401 });
  refused.push({ ...subject, token: "garbage", status: 401 });
  if (route.role !== "member") {
    const { token } = await test.addPerson("member");
    refused.push({ ...subject, token, status: 403 });
  }
  if (route.resource !== "self") {
    const { workspaceId, clock } = test;
    const limits = { role: "owner", scopes: ["read"] } as const;
    const input = { workspaceId, name: "reads", now: clock.now(), ...limits };
    refused.push({ ...subject, token: (await createToken(test.db, input)).token, status: 403 });
  }
  if (route.params !== undefined) {
    const { token } = await test.addTenant();
    refused.push({ ...subject, token, status: 404 });
  }
  return refused;
}

describe("a write that its handler refuses", () => {
  const stranger = { token: "a-link-that-nobody-made" };
  const cases: Readonly<Record<string, () => Promise<Subject & { readonly method?: "DELETE" }>>> = {
    "an unknown link to verify": async () => ({ path: "/v1/auth/verify-email", body: stranger }),
    "an unknown link to reset": async () => ({
      path: "/v1/auth/reset-password",
      body: { ...stranger, password: newPassword },
    }),
    "an unknown invitation": async () => ({
      path: "/v1/invitations/accept",
      body: { ...stranger, password: newPassword },
    }),
    "a name that is taken": async () => {
      const body = { name: "taken", type: "email", config: { email: "a@example.com" } } as const;
      await test.client.createChannel({ body });
      return { path: "/v1/notification-channels", body };
    },
    "a secret in use": async () => {
      await test.client.createSecret({ body: { name: "USED", value: "s3cret" } });
      const request = { url: "https://api.example.com/", headers: { "x-key": "secret://USED" } };
      const schedule = { every_n_minutes: 60 };
      const body = { name: "uses it", kind: "recurring" as const, schedule, request };
      await test.client.createJob({ body });
      return { path: "/v1/secrets/USED", method: "DELETE", body: undefined };
    },
    "a weak password": async () => ({
      path: "/v1/auth/signup",
      body: { name: "Weak", email: "weak@example.com", password: "aaaaaaaaaaaaaaaaaaaa" },
    }),
  };

  it.each(Object.keys(cases))("leaves none: %s", async (name) => {
    const subject = await cases[name]?.();
    if (subject === undefined) throw new Error("the case is in the table");
    const { made: rows, answer } = await watchAudit(test.db, () => test.call(subject));
    expect(answer.status, answer.text).toBeGreaterThanOrEqual(400);
    expect(rows).toEqual([]);
  });
});

describe("where the audit log cannot be written", () => {
  async function dump(): Promise<string[]> {
    const tables = await test.db.rows<{ name: string }>(sql`
      select relname as name from pg_class
      where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        and relname <> 'rate_windows' order by relname`);
    const rows: string[] = [];
    for (const { name } of tables) {
      const found = await test.db.rows<{ text: string }>(
        raw(`select (to_jsonb(t) - 'last_used_at')::text as text from ${name} t order by 1`),
      );
      rows.push(...found.map(({ text }) => `${name} ${text}`));
    }
    return rows;
  }

  const break_ = () =>
    test.db.run(
      raw(`
        create function break_audit() returns trigger language plpgsql as
          $$ begin raise exception 'the disk of the audit log is full'; end $$;
        create trigger broken before insert on audit_log
          for each row execute function break_audit()`),
    );
  const mend = () => test.db.run(raw("drop function break_audit() cascade"));

  it.each(writes)("%s does nothing, and is answered as a failure", async (key, route) => {
    const subject = await makeWrite(key);
    const { token } = await addAsker(key);
    const before = await dump();
    const sent = test.tests.length;
    await break_();
    try {
      const answer = await call(route, subject, route.role === "public" ? null : token);
      expect([answer.status, answer.body.error.code]).toEqual([500, "internal"]);
    } finally {
      await mend();
    }
    expect(await dump()).toEqual(before);
    expect(test.tests.length).toBe(sent);
  });

  it("would tell a write that was kept", async () => {
    const before = await dump();
    await test.client.createSecret({ body: { name: "KEPT", value: "s3cret" } });
    expect((await dump()).length).toBe(before.length + 2);
  });
});

describe("reads", () => {
  it("leave nothing", async () => {
    const { made: rows } = await watchAudit(test.db, async () => {
      await test.client.listJobs();
      await test.client.getMe();
      await test.client.listAuditLog();
      const body = { schedule: { every_n_minutes: 5 } } as never;
      await test.call({ path: "/v1/schedules/preview", body });
    });
    expect(rows).toEqual([]);
    expect(writes.some(([, route]) => isRead(route))).toBe(false);
    expect((await readAuditRows(test.db)).length).toBeGreaterThan(writes.length);
  });
});
