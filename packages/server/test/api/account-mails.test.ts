// Rules of the mails about accounts, against a real SMTP server: what is sent to whom, that no link
// is at rest, and that nothing tells who has an account.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createContext, runInContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createResetLink } from "../../src/auth/link.ts";
import { createMailer, type Mailer } from "../../src/auth/mailer.ts";
import { readConfig } from "../../src/config.ts";
import { sql } from "../../src/store/db.ts";
import { createPruner } from "../../src/store/pruner.ts";
import { createMailDoor, type MailDoor } from "../../src/wire/mail.ts";
import { type Answer, createTestApi, personPassword, type TestApi } from "../support/api.ts";
import { watchAudit } from "../support/audit.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";

const password = personPassword;
const from = "TrigRun <cron@example.com>";
const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const ownSecrets = ["the password of the mail server"];

let mailbox: Mailbox;
let door: MailDoor;
beforeAll(async () => {
  mailbox = await openMailbox();
  door = createMailDoor({ smtpUrl: mailbox.url, from });
});
afterAll(async () => {
  await door.close();
  await mailbox.close();
});

let test: TestApi;
let mailer: Mailer;
beforeEach(async () => {
  mailbox.mails.length = 0;
  mailbox.refuseWith(undefined);
  const environment = { TRIGRUN_SMTP_URL: mailbox.url, TRIGRUN_SMTP_FROM: from };
  const config = readConfig({ ...environment, TRIGRUN_SIGNUP: "open" });
  test = await createTestApi({ services: { config } });
  const { db, clock } = test;
  mailer = createMailer({ db, clock, log, ownSecrets, mail: (mail) => door.send(mail) });
});
afterEach(() => test.close());

const codeOf = ({ status, body }: Answer) => [status, body?.error?.code];
const post = (path: string, body?: unknown, token: string | null = null) =>
  test.call({ method: "POST", path, token, ...(body === undefined ? {} : { body }) });
const signUp = (email: string) =>
  post("/v1/auth/signup", { name: "Buy now http://evil.example", email, password });
const logIn = (email: string, text = password) => post("/v1/auth/login", { email, password: text });

/** The only mail there is, and the secret of its link. */
async function takeMail() {
  await mailer.runOnce();
  const [mail, ...more] = mailbox.mails.splice(0);
  expect(more).toEqual([]);
  if (mail === undefined) throw new Error("no mail was sent");
  return { ...mail, secret: /#([A-Za-z0-9_-]{43})/.exec(mail.mail.text ?? "")?.[1] ?? "" };
}

const listMails = () =>
  test.db.rows<{ due_at: Date | null; reason: string | null; attempt_count: number }>(
    sql`select due_at, reason, attempt_count from account_mails order by id`,
  );

describe("verifying an address", () => {
  it("goes by the link of the mail, once, and opens what was closed", async () => {
    const { body } = await signUp("ada@example.com");
    const job = { name: "x", kind: "one_time", request: { url: "https://example.com/x" } };
    expect(codeOf(await post("/v1/jobs", job, body.token))).toEqual([403, "email_not_verified"]);
    const { to, mail, secret } = await takeMail();
    expect(to).toBe("ada@example.com");
    expect(mail.text).toContain(`https://cron.example.com/account/verify-email#${secret}`);
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    const verified = await post("/v1/auth/verify-email", { token: secret });
    expect(verified.body.user).toMatchObject({ id: body.user.id, trust_level: "verified" });
    expect(codeOf(await post("/v1/auth/verify-email", { token: secret }))).toEqual([
      422,
      "unprocessable",
    ]);
    expect((await post("/v1/jobs", job, body.token)).status).toBe(201);
    test.clock.advance(48 * 3_600_000);
    const me = await test.call({ path: "/v1/auth/me", token: body.token });
    expect(me.body.user.trust_level).toBe("trusted");
  });

  it("says nothing of what the one who signed up wrote, who may be a stranger", async () => {
    await signUp("ada@example.com");
    expect((await takeMail()).raw).not.toContain("evil");
  });

  it("tells the owner of an address that is taken, and gives the stranger no link", async () => {
    const { email } = await test.addPerson("owner");
    const { body } = await signUp(email);
    const { mail, secret } = await takeMail();
    expect(mail.subject).toContain("already");
    expect(secret).toBe("");
    await post("/v1/auth/resend-verification", undefined, body.token);
    expect((await takeMail()).secret).toBe("");
    expect((await logIn(email)).status).toBe(200);
  });

  it("is won by the first of two who claim one address; the other learns so", async () => {
    await signUp("ada@example.com");
    const first = await takeMail();
    await signUp("ada@example.com");
    const second = await takeMail();
    expect((await post("/v1/auth/verify-email", { token: second.secret })).status).toBe(200);
    expect(codeOf(await post("/v1/auth/verify-email", { token: first.secret }))).toEqual([
      422,
      "unprocessable",
    ]);
  });

  it("ends after a day, and can be asked for again", async () => {
    const { body } = await signUp("ada@example.com");
    const { secret } = await takeMail();
    test.clock.advance(24 * 3_600_000);
    expect((await post("/v1/auth/verify-email", { token: secret })).status).toBe(422);
    await post("/v1/auth/resend-verification", undefined, body.token);
    const again = await takeMail();
    expect((await post("/v1/auth/verify-email", { token: again.secret })).status).toBe(200);
    const more = await post("/v1/auth/resend-verification", undefined, body.token);
    expect(more.body).toEqual({ email_verification_required: false });
  });
});

describe("whoever only claims an address", () => {
  const own = "four words of a claimant";
  const claim = (email: string) =>
    post("/v1/auth/signup", { name: "A claimant", email, password: own });

  it("does not read in a log of theirs whether somebody has it", async () => {
    const { email } = await test.addPerson("member");
    for (const claimed of [email, "nobody@example.com"]) {
      const { body } = await claim(claimed);
      expect((await logIn(claimed, "a wrong password")).status).toBe(401);
      const log = await test.call({ path: "/v1/audit-log?action=logIn", token: body.token });
      expect([log.status, log.body.items]).toEqual([200, []]);
    }
  });

  it("gets no further guesses by signing in between", async () => {
    const { email } = await test.addPerson("member");
    for (const claimed of [email, "nobody@example.com"]) {
      await claim(claimed);
      const statuses: number[] = [];
      for (const text of [...Array.from({ length: 9 }, () => "a wrong password"), own, own]) {
        statuses.push((await logIn(claimed, text)).status);
      }
      expect(statuses).toEqual([...Array.from({ length: 9 }, () => 401), 200, 429]);
    }
  });
});

describe("a lost password", () => {
  const forget = (email: string) => post("/v1/auth/forgot-password", { email });

  it("is set anew by the link of the mail, once, and ends every sign-in", async () => {
    const { email, token } = await test.addPerson("member");
    expect((await forget(email)).status).toBe(204);
    const { secret, to } = await takeMail();
    expect(to).toBe(email);
    const reset = (text: string) =>
      post("/v1/auth/reset-password", { token: secret, password: text });
    // A refused one leaves the link as it was.
    expect(codeOf(await reset(`${email}${email}`))).toEqual([400, "validation_failed"]);
    expect((await reset("another four words")).status).toBe(204);
    expect((await reset("another four words")).status).toBe(422);
    expect((await test.call({ path: "/v1/auth/me", token })).status).toBe(401);
    expect((await logIn(email)).status).toBe(401);
    expect((await logIn(email, "another four words")).status).toBe(200);
  });

  it("is told in the audit log as what a stranger wished, until its link is used", async () => {
    const { email, userId } = await test.addPerson("member");
    const asked = await watchAudit(test.db, async () => {
      await forget(email);
      return await takeMail();
    });
    expect(asked.made).toMatchObject([{ action: "forgotPassword", actor_kind: "nobody" }]);
    const body = { token: asked.answer.secret, password: "another four words" };
    const used = await watchAudit(test.db, () => post("/v1/auth/reset-password", body));
    expect(used.made).toMatchObject([
      { action: "resetPassword", actor_kind: "link", actor_user_id: userId },
    ]);
  });

  it("is answered the same, with the same row, for an address that nobody has", async () => {
    const { email } = await test.addPerson("member");
    const [known, unknown] = [await forget(email), await forget("nobody@example.com")];
    expect([unknown.status, unknown.text]).toEqual([known.status, known.text]);
    const rows = await test.db.rows<Record<string, unknown>>(
      sql`select purpose, user_id, due_at is null as is_over from account_mails`,
    );
    expect(rows[0]).toEqual(rows[1]);
    expect((await takeMail()).to).toBe(email);
    expect((await listMails()).map(({ reason }) => reason)).toEqual([
      "The mail server took it.",
      "It was not needed when it was to be sent.",
    ]);
  });

  it("ends its link after an hour", async () => {
    const { email } = await test.addPerson("member");
    await forget(email);
    const { secret } = await takeMail();
    test.clock.advance(3_600_000);
    const body = { token: secret, password: "another four words" };
    expect((await post("/v1/auth/reset-password", body)).status).toBe(422);
  });

  it("verifies the address, and leaves what a stranger claimed to its owner", async () => {
    const stranger = await signUp("ada@example.com");
    mailbox.mails.length = 0;
    await mailer.runOnce();
    mailbox.mails.length = 0;
    await forget("ada@example.com");
    const { secret } = await takeMail();
    const body = { token: secret, password: "another four words" };
    expect((await post("/v1/auth/reset-password", body)).status).toBe(204);
    const { token } = stranger.body;
    expect((await test.call({ path: "/v1/auth/me", token })).status).toBe(401);
    const mine = await logIn("ada@example.com", "another four words");
    expect(mine.body.user.trust_level).toBe("verified");
  });

  it("is limited to five mails an hour for an address", async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries++) {
      statuses.push((await forget("ada@example.com")).status);
    }
    expect(statuses).toEqual([204, 204, 204, 204, 204, 429]);
  });

  it("has a link from the host where no mail is sent", async () => {
    const silentApi = await createTestApi();
    const { email } = await silentApi.addPerson("member");
    const path = "/v1/auth/forgot-password";
    const refused = await silentApi.call({ path, token: null, body: { email } });
    expect(codeOf(refused)).toEqual([422, "unprocessable"]);
    expect(refused.body.error.message).toContain("trigrun account reset-link");
    const input = { publicUrl: "https://cron.example.com", now: silentApi.clock.now() };
    const none = await createResetLink(silentApi.db, { email: "x@example.com", ...input });
    expect(none).toBeUndefined();
    const link = (await createResetLink(silentApi.db, { email, ...input })) ?? "";
    expect(link).toMatch(/^https:\/\/cron\.example\.com\/account\/reset-password#/);
    const body = { token: link.split("#")[1], password: "another four words" };
    const reset = { path: "/v1/auth/reset-password", token: null, body };
    expect((await silentApi.call(reset)).status).toBe(204);
    await silentApi.close();
  });
});

describe("an invitation by mail", () => {
  it("goes to the address and to nobody else", async () => {
    const { token } = await test.addPerson("owner");
    const body = { email: "guest@example.com", role: "admin" };
    const made = await post("/v1/workspace/members", body, token);
    expect(made.body.url).toBeNull();
    const { secret, to, mail } = await takeMail();
    expect([to, mail.text]).toEqual(["guest@example.com", expect.stringContaining("role admin")]);
    const accepted = { token: secret, name: "Guest", password };
    const joined = await post("/v1/invitations/accept", accepted);
    expect(joined.body).toMatchObject({ role: "admin", user: { trust_level: "verified" } });
  });

  it("is no way to send mail to the world: five an hour for an address, 50 for all", async () => {
    const { token } = await test.addPerson("owner");
    const invite = async (email: string) =>
      (await post("/v1/workspace/members", { email }, token)).status;
    const same: number[] = [];
    for (let tries = 0; tries < 6; tries++) same.push(await invite("guest@example.com"));
    expect(same).toEqual([201, 201, 201, 201, 201, 429]);
    const others: number[] = [];
    for (let tries = 0; tries < 46; tries++) others.push(await invite(`g${tries}@example.com`));
    expect(others.filter((status) => status === 201)).toHaveLength(45);
    expect(others.at(-1)).toBe(429);
    test.clock.advance(3_600_000);
    expect(await invite("guest@example.com")).toBe(201);
  });

  it("is not held up by strangers who have mails sent to its address", async () => {
    const body = { email: "guest@example.com" };
    for (let tries = 0; tries < 5; tries++) await post("/v1/auth/forgot-password", body);
    expect((await post("/v1/auth/forgot-password", body)).status).toBe(429);
    const { token } = await test.addPerson("owner");
    expect((await post("/v1/workspace/members", body, token)).status).toBe(201);
  });

  it("is not sent once it is revoked", async () => {
    const { token } = await test.addPerson("owner");
    const made = await post("/v1/workspace/members", { email: "guest@example.com" }, token);
    const path = `/v1/workspace/invitations/${made.body.id}`;
    await test.call({ method: "DELETE", path, token });
    await mailer.runOnce();
    expect(mailbox.mails).toEqual([]);
  });
});

describe("a mail that is not taken", () => {
  it("is tried again, each time with a link of its own, and all of them work", async () => {
    await signUp("ada@example.com");
    mailbox.refuseWith(451);
    await mailer.runOnce();
    const [waiting] = await listMails();
    expect(waiting).toMatchObject({ attempt_count: 1, reason: expect.stringContaining("451") });
    expect(await mailer.runOnce()).toBe(0);
    mailbox.refuseWith(undefined);
    test.clock.advance(5_000);
    const { secret } = await takeMail();
    expect((await post("/v1/auth/verify-email", { token: secret })).status).toBe(200);
    expect(await listMails()).toMatchObject([{ due_at: null, attempt_count: 2 }]);
  });

  it("is given up, with its reason, when its link could not live any more", async () => {
    await post("/v1/auth/forgot-password", { email: (await test.addPerson("member")).email });
    mailbox.refuseWith(451);
    for (let tries = 0; tries < 12; tries++) {
      await mailer.runOnce();
      test.clock.advance(10 * 60_000);
    }
    const [ended] = await listMails();
    expect(ended).toMatchObject({ due_at: null, reason: expect.stringContaining("451") });
    expect(ended?.attempt_count).toBeLessThan(7);
  });

  it("leaves nothing of its link or of our password in what is kept of a refusal", async () => {
    await post("/v1/auth/forgot-password", { email: (await test.addPerson("member")).email });
    const warned: unknown[] = [];
    const { db, clock } = test;
    const links: string[] = [];
    const quoting = createMailer({
      ...{ db, clock, ownSecrets, log: { ...log, warn: (fields: unknown) => warned.push(fields) } },
      async mail(mail) {
        links.push(/#([A-Za-z0-9_-]{43})/.exec(mail.text)?.[1] ?? "");
        return await door.send({ ...mail, text: `${mail.text} ${ownSecrets[0]}` });
      },
    });
    mailbox.quote();
    await quoting.runOnce();
    const [kept] = await listMails();
    expect(kept?.reason).toContain("no mail like");
    const told = JSON.stringify([kept, warned]);
    expect(warned).toHaveLength(1);
    for (const secret of [...links, ...ownSecrets]) {
      expect(secret).not.toBe("");
      expect(told).not.toContain(secret);
    }
  });

  it("is not sent when nothing could send it for longer than its link would live", async () => {
    await post("/v1/auth/forgot-password", { email: (await test.addPerson("member")).email });
    test.clock.advance(3_600_001);
    expect(await mailer.runOnce()).toBe(1);
    expect(mailbox.mails).toEqual([]);
    expect(await listMails()).toMatchObject([
      { due_at: null, reason: expect.stringContaining("in time") },
    ]);
  });

  it("is sent by another node when the one that took it died, and by one node alone", async () => {
    await signUp("ada@example.com");
    const dying = createMailer({
      ...{ db: test.db, clock: test.clock, log, ownSecrets },
      mail: () => Promise.reject(new Error("the node is gone")),
    });
    await expect(dying.runOnce()).rejects.toThrow("gone");
    expect(await mailer.runOnce()).toBe(0);
    test.clock.advance(150_000);
    const nodes = Array.from({ length: 3 }, () => mailer.runOnce());
    expect((await Promise.all(nodes)).sort()).toEqual([0, 0, 1]);
    expect(mailbox.mails).toHaveLength(1);
  });
});

describe("the database", () => {
  it("holds no link, before, while and after its mail is sent", async () => {
    await signUp("ada@example.com");
    await post("/v1/auth/forgot-password", { email: "ada@example.com" });
    await mailer.runOnce();
    const secrets = mailbox.mails.map(({ mail }) => /#([\w-]{43})/.exec(mail.text ?? "")?.[1]);
    expect(secrets).toEqual([expect.any(String), expect.any(String)]);
    const [row] = await test.db.rows<{ text: string }>(sql`
      select (select string_agg(m::text, '') from account_mails m)
        || (select string_agg(l::text, '') from account_links l) as text`);
    for (const secret of secrets) expect(row?.text).not.toContain(secret);
  });

  it("forgets accounts that nobody verified for a week, and no other", async () => {
    const kept = await test.addPerson("owner");
    const { body } = await signUp("ada@example.com");
    const pendingMember = await test.addPerson("member", { isPending: true });
    const age = sql`update users set created_at = now() - interval '8 days'`;
    const prune = async () => {
      const pruner = createPruner({ db: test.db, log, auditDays: 400 });
      pruner.start();
      await pruner.stop();
    };
    await prune();
    const listIds = async () =>
      (await test.db.rows<{ id: string }>(sql`select id from users`)).map(({ id }) => id);
    expect(await listIds()).toContain(body.user.id);
    await test.db.run(age);
    await prune();
    // The one in the workspace that others use stays, whoever it is.
    expect((await listIds()).sort()).toEqual([kept.userId, pendingMember.userId].sort());
    const workspaces = await test.db.rows<{ id: string }>(sql`select id from workspaces`);
    expect(workspaces).toEqual([{ id: test.workspaceId }]);
  });
});

describe("the pages of links", () => {
  /** Runs the script of a page as a browser would, as far as the script can tell. */
  async function submit(path: string, secret: string, fields: [string, string][] = []) {
    const page = await test.call({ path, token: null });
    expect(page.status).toBe(200);
    const script = /<script>([\s\S]*)<\/script>/.exec(page.text)?.[1] ?? "";
    const attribute = (name: string) => new RegExp(`data-${name}="([^"]*)"`).exec(page.text)?.[1];
    const dataset = { action: attribute("action"), done: attribute("done") };
    let onSubmit: (event: { preventDefault(): void }) => Promise<void> = async () => undefined;
    const form = {
      ...{ dataset, hidden: false },
      addEventListener: (_name: string, listener: typeof onSubmit) => {
        onSubmit = listener;
      },
    };
    const output = { textContent: "" };
    const context = createContext({
      document: { querySelector: (what: string) => (what === "form" ? form : output) },
      location: { hash: `#${secret}` },
      FormData: class {
        *[Symbol.iterator]() {
          yield* fields;
        }
      },
      fetch: async (to: string, init: { body: string }) => {
        const { pathname } = new URL(to, `https://cron.example.com${path}`);
        const { status, text } = await test.call({ path: pathname, token: null, body: init.body });
        return { ok: status < 300, text: async () => text };
      },
    });
    runInContext(script, context);
    await onSubmit({ preventDefault: silent });
    return { said: output.textContent, isDone: form.hidden, page };
  }

  it("verify an address, and say what is wrong with a link", async () => {
    await signUp("ada@example.com");
    const { secret } = await takeMail();
    const path = "/account/verify-email";
    expect(await submit(path, secret)).toMatchObject({
      isDone: true,
      said: expect.stringMatching(/verified/),
    });
    expect(await submit(path, secret)).toMatchObject({
      isDone: false,
      said: expect.stringMatching(/used up/),
    });
  });

  it("set a new password, and accept an invitation", async () => {
    const { email, token } = await test.addPerson("owner");
    await post("/v1/auth/forgot-password", { email });
    const reset = await takeMail();
    const words: [string, string] = ["password", "another four words"];
    expect(await submit("/account/reset-password", reset.secret, [words])).toMatchObject({
      isDone: true,
    });
    expect((await test.call({ path: "/v1/auth/me", token })).status).toBe(401);
    await test.client.inviteMember({ body: { email: "guest@example.com" } });
    const { secret } = await takeMail();
    const path = "/account/invitation";
    const nameless = await submit(path, secret, [["name", ""], words]);
    expect(nameless).toMatchObject({ isDone: false, said: expect.stringMatching(/name/) });
    expect(await submit(path, secret, [["name", "Guest"], words])).toMatchObject({ isDone: true });
  });

  it("run their own script and style only, and are framed by nobody", async () => {
    const { headers, text } = await test.call({ path: "/account/invitation", token: null });
    const policy = String(headers["content-security-policy"]);
    const { createHash } = await import("node:crypto");
    for (const tag of ["script", "style"]) {
      const inner = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1] ?? "";
      const hash = createHash("sha256").update(inner).digest("base64");
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  });

  it("does not hold up the end of a node whose mail server hangs, and is sent later", async () => {
    const listening = createServer(silent);
    const port = await new Promise<number>((resolve) => {
      // A listening TCP server has an address with a port.
      listening.listen(0, "127.0.0.1", () => resolve((listening.address() as AddressInfo).port));
    });
    const called = once(listening, "connection");
    const hanging = createMailDoor({ smtpUrl: `smtp://127.0.0.1:${port}`, from });
    const ending = createMailer({
      ...{ db: test.db, clock: test.clock, log, ownSecrets },
      mail: hanging.send,
    });
    await signUp("ada@example.com");
    ending.start();
    await called;
    const stoppedAtMs = performance.now();
    await ending.stop();
    // The mail door itself would wait for a greeting for ten seconds.
    expect(performance.now() - stoppedAtMs).toBeLessThan(5_000);
    await hanging.close();
    listening.close();
    test.clock.advance(10_000);
    expect(await mailer.runOnce()).toBe(1);
    expect(mailbox.mails).toHaveLength(1);
  });
});
