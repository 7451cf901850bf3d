// Rules of accounts: who may sign up, sign in and out, and that nothing tells who has an account.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { limitsOfSignIn } from "../../src/auth/limits.ts";
import { createPasswords, type Passwords } from "../../src/auth/password.ts";
import { ensureOwnerToken } from "../../src/auth/token.ts";
import { readConfig } from "../../src/config.ts";
import { sql } from "../../src/store/db.ts";
import { countTry } from "../../src/store/rate-windows.ts";
import { setPasswordHash } from "../../src/store/users.ts";
import {
  type Answer,
  createTestApi,
  personPassword,
  type TestApi,
  type TestApiOptions,
} from "../support/api.ts";
import { insertWorkspace } from "../support/rows.ts";

const password = personPassword;
const smtp = { TRIGRUN_SMTP_URL: "smtp://127.0.0.1:1", TRIGRUN_SMTP_FROM: "cron@example.com" };

/** The real thing, and how often it was asked to check a password. */
function createCountingPasswords() {
  const counted = { checks: 0, hashes: 0 };
  const real = createPasswords();
  const passwords: Passwords = {
    ...real,
    hash: (text) => {
      counted.hashes += 1;
      return real.hash(text);
    },
    matches: (hash, text) => {
      counted.checks += 1;
      return real.matches(hash, text);
    },
  };
  return { counted, passwords };
}

const opened: TestApi[] = [];
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

async function open(
  environment: Record<string, string> = {},
  services: TestApiOptions["services"] = {},
): Promise<TestApi> {
  const api = await createTestApi({ services: { config: readConfig(environment), ...services } });
  opened.push(api);
  return api;
}

/** As on a real fresh install: no workspace but the first start's. */
async function openFresh(environment: Record<string, string> = {}): Promise<TestApi> {
  const api = await open(environment);
  await api.db.run(sql`delete from api_tokens`);
  await api.db.run(sql`delete from workspaces`);
  await ensureOwnerToken(api.db, api.clock.now(), async () => undefined);
  return api;
}

let count = 0;

function signUp(api: TestApi, body: Record<string, unknown> = {}): Promise<Answer> {
  count += 1;
  const person = { name: "Ada", email: `ada-${count}@example.com`, password, ...body };
  const address = `192.0.2.${count % 250}`;
  return api.call({ path: "/v1/auth/signup", token: null, body: person, address });
}

function logIn(api: TestApi, email: string, text = password, address = "192.0.2.1") {
  const body = { email, password: text };
  return api.call({ path: "/v1/auth/login", token: null, body, address });
}

const me = (api: TestApi, token: string) => api.call({ path: "/v1/auth/me", token });
const codeOf = ({ status, body }: Answer) => [status, body?.error?.code];

describe("the ways in", () => {
  it("are told to whoever asks: first the owner, then what the operator set", async () => {
    const api = await openFresh({ TRIGRUN_SIGNUP: "invite" });
    const ask = async () => (await api.call({ path: "/v1/auth/options", token: null })).body;
    expect(await ask()).toEqual({ sign_up: "first", sends_mail: false });
    await signUp(api);
    expect(await ask()).toEqual({ sign_up: "invite", sends_mail: false });
  });
});

describe("the first sign-up", () => {
  it("becomes owner of the workspace that the first start made, and names it", async () => {
    const api = await openFresh();
    const answer = await signUp(api, { workspace_name: "Acme", timezone: "Europe/Berlin" });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      token: expect.stringMatching(/^cron_ses_[A-Za-z0-9_-]{43}$/),
      role: "owner",
      email_verification_required: false,
      user: { name: "Ada", trust_level: "verified" },
      workspaces: [{ workspace: answer.body.workspace, role: "owner" }],
    });
    const found = await me(api, answer.body.token);
    expect(found.body).toMatchObject({
      workspace: { name: "Acme", timezone: "Europe/Berlin" },
      role: "owner",
      user: answer.body.user,
      token: null,
    });
    const rows = await api.db.rows(sql`select id from workspaces`);
    expect(rows).toEqual([{ id: answer.body.workspace.id }]);
  });

  it("is one, however many come at once", async () => {
    const api = await openFresh();
    const answers = await Promise.all(Array.from({ length: 6 }, () => signUp(api)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403, 403]);
    expect(await api.db.rows(sql`select role from memberships`)).toEqual([{ role: "owner" }]);
    expect(await api.db.rows(sql`select 1 from users`)).toHaveLength(1);
  });

  it("leaves the token of the first start as it is", async () => {
    const api = await open();
    await signUp(api);
    expect((await me(api, api.token)).body).toMatchObject({ role: "owner", user: null });
  });
});

describe("sign-up afterwards", () => {
  it.each([
    ["closed", /TRIGRUN_SIGNUP/],
    ["invite", /invited/],
  ])("is refused when it is %s", async (mode, words) => {
    const api = await open({ TRIGRUN_SIGNUP: mode });
    await signUp(api);
    const answer = await signUp(api);
    expect(codeOf(answer)).toEqual([403, "forbidden"]);
    expect(answer.body.error.message).toMatch(words);
  });

  it("makes a workspace of one's own when it is open", async () => {
    const api = await open({ TRIGRUN_SIGNUP: "open" });
    const first = await signUp(api);
    const second = await signUp(api, { workspace_name: "Beta" });
    expect(second.body).toMatchObject({ role: "owner", workspace: { name: "Beta" } });
    expect(second.body.workspace.id).not.toBe(first.body.workspace.id);
    const members = await api.call({ path: "/v1/workspace/members", token: second.body.token });
    expect(members.body.items).toHaveLength(1);
  });

  it("says so when an address is taken and no mail can be sent, whatever its case", async () => {
    const api = await open({ TRIGRUN_SIGNUP: "open" });
    await signUp(api, { email: "Grace@example.com" });
    expect(codeOf(await signUp(api, { email: "grace@EXAMPLE.com" }))).toEqual([409, "conflict"]);
  });

  it("answers the same for an address that has an account, where mail is sent", async () => {
    const api = await open({ TRIGRUN_SIGNUP: "open", ...smtp });
    const { email } = await api.addPerson("owner");
    const taken = await signUp(api, { email });
    const free = await signUp(api);
    expect([taken.status, free.status]).toEqual([202, 202]);
    const shape = (answer: Answer) =>
      JSON.stringify(answer.body).replace(/[0-9a-f]{32}|ada-\d+/g, "");
    expect(Object.keys(taken.body)).toEqual(Object.keys(free.body));
    expect(shape(taken).length - email.length).toBe(shape(free).length - "@example.com".length);
    for (const { body } of [taken, free]) {
      expect((await me(api, body.token)).body.user.trust_level).toBe("pending_verification");
      const again = await api.call({
        path: "/v1/auth/resend-verification",
        method: "POST",
        token: body.token,
      });
      expect([again.status, again.body]).toEqual([202, { email_verification_required: true }]);
      expect((await logIn(api, body.user.email)).status).toBe(200);
    }
  });

  it.each([
    ["too short", "fourteen chars", /15 to 128/],
    ["too long", "x y".repeat(43), /15 to 128/],
    ["the address", "ada@example.com ada@example.com", /address/],
    ["one of the commonest", "Password-Password", /commonest/],
    ["one key held down", "aaaaaaaaaaaaaaaaaaaa", /repeated/],
  ])("refuses a password that is %s", async (_what, text, words) => {
    const api = await open({ TRIGRUN_SIGNUP: "open" });
    const answer = await signUp(api, { email: "ada@example.com", password: text });
    expect(codeOf(answer)).toEqual([400, "validation_failed"]);
    expect(answer.body.error.details).toEqual([
      { path: "password", message: expect.stringMatching(words) },
    ]);
  });

  it("takes 15 characters of any kind, emoji counted as one", async () => {
    const api = await open({ TRIGRUN_SIGNUP: "open" });
    const emoji = ["🐢", "🦊", "🐙", "🦉", "🐳"];
    expect((await signUp(api, { password: [...emoji, ...emoji, ...emoji].join("") })).status).toBe(
      201,
    );
    expect((await signUp(api, { password: emoji.join("") })).status).toBe(400);
  });

  it("refuses a time zone that does not exist", async () => {
    const answer = await signUp(await open(), { timezone: "Mars/Olympus" });
    expect(answer.body.error.details[0].path).toBe("timezone");
  });
});

describe("signing in", () => {
  let api: TestApi;
  const { counted, passwords } = createCountingPasswords();
  beforeAll(async () => {
    api = await createTestApi({ services: { passwords } });
  });
  afterAll(() => api.close());

  it("answers a token for 7 days, whatever the case of the address", async () => {
    const { email, userId } = await api.addPerson("admin");
    const answer = await logIn(api, email.toUpperCase());
    expect(answer.body).toMatchObject({ role: "admin", user: { id: userId, email } });
    const { token } = answer.body;
    expect((await me(api, token)).body).toMatchObject({ role: "admin", user: { id: userId } });
    api.clock.advance(7 * 24 * 3_600_000 - 60_000);
    expect((await me(api, token)).status).toBe(200);
    api.clock.advance(60_000);
    expect(codeOf(await me(api, token))).toEqual([401, "unauthorized"]);
  });

  it("says the same of a wrong password and an unknown address, after the same work", async () => {
    const { email } = await api.addPerson("member");
    const ask = async (address: string) => {
      const before = counted.checks;
      const { status, text } = await logIn(api, address, "not the password at all");
      return { status, text, checks: counted.checks - before };
    };
    const wrong = await ask(email);
    expect(wrong).toMatchObject({ status: 401, checks: 2 });
    expect(await ask("nobody@example.com")).toEqual(wrong);
  });

  it("keeps no token and no password in the database", async () => {
    const { email } = await api.addPerson("member");
    const { token } = (await logIn(api, email)).body;
    const [row] = await api.db.rows<{ text: string }>(sql`
      select (select string_agg(s::text, '') from sessions s)
        || (select string_agg(u::text, '') from users u) as text`);
    expect(row?.text).not.toContain(token.slice("cron_ses_".length));
    expect(row?.text).not.toContain(password);
    expect(row?.text).toContain("$argon2id$v=19$m=19456,t=2,p=1$");
  });

  it("renews a hash that was made with lesser parameters", async () => {
    const { email, userId } = await api.addPerson("member");
    const { hash } = await import("@node-rs/argon2");
    const weak = await hash(password, { memoryCost: 4_096, timeCost: 2, parallelism: 1 });
    await api.db.run(sql`update users set password_hash = ${weak} where id = ${userId}`);
    expect((await logIn(api, email)).status).toBe(200);
    const [row] = await api.db.rows<{ password_hash: string }>(
      sql`select password_hash from users where id = ${userId}`,
    );
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await logIn(api, email)).status).toBe(200);
  });

  it("ends with logout, at once, and leaves other sign-ins alone", async () => {
    const { email, token } = await api.addPerson("member");
    const other = (await logIn(api, email)).body.token;
    const out = await api.call({ method: "POST", path: "/v1/auth/logout", token });
    expect(out.status).toBe(204);
    expect((await me(api, token)).status).toBe(401);
    expect((await me(api, other)).status).toBe(200);
  });

  it("is refused to an account without a workspace, after the right password", async () => {
    const { email, memberId } = await api.addPerson("member");
    const path = `/v1/workspace/members/${memberId}`;
    await api.call({ method: "DELETE", path });
    expect(codeOf(await logIn(api, email))).toEqual([403, "forbidden"]);
    expect(codeOf(await logIn(api, email, "wrong wrong wrong"))).toEqual([401, "unauthorized"]);
  });
});

describe("changing the password", () => {
  it("ends every other sign-in, and needs the present one", async () => {
    const api = await open();
    const { email, token } = await api.addPerson("member");
    const other = (await logIn(api, email)).body.token;
    const change = (current: string, next: string) => {
      const body = { current_password: current, new_password: next };
      return api.call({ path: "/v1/auth/change-password", token, body });
    };
    expect(codeOf(await change("not the password", "another four words"))).toEqual([
      422,
      "unprocessable",
    ]);
    expect(codeOf(await change(password, `${email} ${email}`))).toEqual([400, "validation_failed"]);
    expect((await change(password, "another four words")).status).toBe(204);
    expect((await me(api, token)).status).toBe(200);
    expect((await me(api, other)).status).toBe(401);
    expect((await logIn(api, email)).status).toBe(401);
    expect((await logIn(api, email, "another four words")).status).toBe(200);
  });
});

describe("a password that is changed while it is checked", () => {
  it("opens nothing any more, by sign-in or by an invitation", async () => {
    const real = createPasswords();
    let change: () => Promise<unknown> = async () => undefined;
    const passwords: Passwords = {
      ...real,
      async matches(hash, text) {
        const isRight = await real.matches(hash, text);
        if (isRight) await change();
        return isRight;
      },
    };
    const api = await open({}, { passwords });
    const { email, userId } = await api.addPerson("member");
    const host = await api.addPerson("owner", { workspaceId: await insertWorkspace(api.db) });
    const invitation = await api.call({
      ...{ path: "/v1/workspace/members", token: host.token },
      body: { email, role: "member" },
    });
    change = () => setPasswordHash(api.db, userId, "another hash");
    expect((await logIn(api, email)).status).toBe(401);
    const before = await api.db.rows(sql`select from sessions where user_id = ${userId}`);
    await api.db.run(sql`
      update users set password_hash = ${await real.hash(password)} where id = ${userId}`);
    const accepted = await api.call({
      ...{ path: "/v1/invitations/accept", token: null },
      body: { token: new URL(invitation.body.url).hash.slice(1), password },
    });
    expect(accepted.status).toBe(401);
    // That which `addPerson` opened, and no other.
    expect(before).toHaveLength(1);
    expect(await api.db.rows(sql`select from sessions where user_id = ${userId}`)).toHaveLength(1);
  });
});

describe("the limits", () => {
  it("stop the eleventh guess at an account from one address, right or wrong", async () => {
    const api = await open();
    const { email } = await api.addPerson("member");
    for (let tries = 0; tries < 10; tries++) {
      expect((await logIn(api, email, "a wrong password")).status).toBe(401);
    }
    const refused = await logIn(api, email);
    expect(codeOf(refused)).toEqual([429, "rate_limited"]);
    const seconds = Number(refused.headers["retry-after"]);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(900);
    // Its owner elsewhere is not locked out.
    expect((await logIn(api, email, password, "198.51.100.7")).status).toBe(200);
    api.clock.advance(seconds * 1_000);
    expect((await logIn(api, email)).status).toBe(200);
  });

  it("let one address lock out neither the owner elsewhere nor others beside it", async () => {
    const api = await open();
    const { email } = await api.addPerson("member");
    const other = await api.addPerson("member");
    const tries = Array.from({ length: 150 }, () => logIn(api, email, "a wrong password"));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(140);
    expect((await logIn(api, email, password, "198.51.100.7")).status).toBe(200);
    expect((await logIn(api, other.email)).status).toBe(200);
  });

  it("of an address count against no account once they refuse", async () => {
    const api = await open();
    const { email } = await api.addPerson("member");
    const address = "192.0.2.1";
    for (let tries = 0; tries < 60; tries++) {
      const { all } = limitsOfSignIn({ address, account: `nobody-${tries}@example.com` });
      expect(await countTry(api.db, all, api.clock.now())).toBeUndefined();
    }
    for (let tries = 0; tries < 110; tries++) {
      expect((await logIn(api, email, "a wrong password", address)).status).toBe(429);
    }
    expect((await logIn(api, email, password, "198.51.100.7")).status).toBe(200);
  });

  it("count an unknown account just the same", async () => {
    const api = await open();
    const statuses: number[] = [];
    for (let tries = 0; tries < 11; tries++) {
      statuses.push((await logIn(api, "nobody@example.com")).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it("hold for one address over many accounts, an IPv6 customer counted as one", async () => {
    const api = await open();
    const statuses: number[] = [];
    for (let tries = 0; tries < 61; tries++) {
      const from = `2001:db8:0:1::${tries.toString(16)}`;
      statuses.push((await logIn(api, `nobody-${tries}@example.com`, "wrong", from)).status);
    }
    expect(statuses.slice(0, 60)).not.toContain(429);
    expect(statuses[60]).toBe(429);
    expect((await logIn(api, "x@example.com", "wrong", "2001:db8:0:2::1")).status).toBe(401);
  });

  it("forget the tries of whoever then knows the password", async () => {
    const api = await open();
    const { email } = await api.addPerson("member");
    for (let round = 0; round < 2; round++) {
      for (let tries = 0; tries < 9; tries++) await logIn(api, email, "a wrong password");
      expect((await logIn(api, email)).status).toBe(200);
    }
  });

  it("hold for sign-up, per account and per address", async () => {
    const api = await open({ TRIGRUN_SIGNUP: "open" });
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      statuses.push((await signUp(api, { email: "same@example.com" })).status);
    }
    expect(statuses).toEqual([201, 409, 409, 409, 409, 429]);
  });

  it("are kept without the address or the account", async () => {
    const api = await open();
    await logIn(api, "nobody@example.com", "wrong", "203.0.113.9");
    const [row] = await api.db.rows<{ text: string }>(
      sql`select string_agg(w::text, '') as text from rate_windows w`,
    );
    expect(row?.text).not.toMatch(/nobody|203\.0/);
  });
});

describe("an account that is not verified, where mail is sent", () => {
  it("reads, and writes nothing of the workspace", async () => {
    const api = await open(smtp);
    const { token } = await api.addPerson("owner", { isPending: true });
    expect((await api.call({ path: "/v1/jobs", token })).status).toBe(200);
    expect((await api.call({ path: "/v1/api-tokens", token })).status).toBe(200);
    const body = { name: "x" };
    for (const path of ["/v1/jobs", "/v1/api-tokens", "/v1/workspaces", "/v1/workspace/members"]) {
      expect(codeOf(await api.call({ path, token, body }))).toEqual([403, "email_not_verified"]);
    }
    expect((await api.call({ method: "POST", path: "/v1/auth/logout", token })).status).toBe(204);
  });

  it("writes where no mail is sent", async () => {
    const api = await open();
    const { token } = await api.addPerson("owner", { isPending: true });
    const body = { name: "x" };
    expect((await api.call({ path: "/v1/api-tokens", token, body })).status).toBe(201);
  });
});
