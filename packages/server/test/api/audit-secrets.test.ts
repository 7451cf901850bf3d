// No credential in the audit log: writes with a marked one wherever a request can hold one, as a
// value, as a name of the client's making, in a header, in a path, and then a search of every row.
import { type ChannelTypeName, channelTypeNames } from "@trigrun/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLink } from "../../src/auth/link.ts";
import { readConfig } from "../../src/config.ts";
import { sql } from "../../src/store/db.ts";
import { createTestApi, personPassword, type TestApi } from "../support/api.ts";
import { readAuditRows } from "../support/audit.ts";
import { rotatedSecret, secretTexts, toConfigs } from "../support/credentials.ts";

let test: TestApi;
beforeAll(async () => {
  const config = readConfig({
    TRIGRUN_SMTP_URL: "smtp://127.0.0.1:9",
    TRIGRUN_SMTP_FROM: "cron@example.com",
    TRIGRUN_SIGNUP: "open",
  });
  test = await createTestApi({ services: { config }, allowNetworks: ["127.0.0.0/8"] });
});
afterAll(() => test.close());

const markers: string[] = [];
/** A text that stands for a credential, and is searched for in the end. */
function mark(where: string): string {
  const marker = `markedSecret${markers.length}x${where}x`;
  markers.push(marker);
  return marker;
}
/** The same for what the server makes. */
function keep(text: unknown): string {
  if (typeof text !== "string" || text.length < 12) throw new Error("it answers a credential");
  markers.push(text);
  return text;
}

type Sent = Parameters<TestApi["call"]>[0];

/** A write that is to succeed, with an idempotency key that nobody else may know. */
async function write(call: Sent): Promise<Awaited<ReturnType<TestApi["call"]>>> {
  const isPost = (call.method ?? "POST") === "POST" && call.token !== null;
  const headers = isPost ? { "idempotency-key": mark("key") } : {};
  const answer = await test.call({ ...call, headers });
  expect(answer.status, `${call.path}: ${answer.text}`).toBeLessThan(300);
  return answer;
}

async function writeJobs(): Promise<void> {
  const request = () => ({
    url: `https://api.example.com/${mark("path")}?k=${mark("query")}`,
    method: "POST",
    headers: { Authorization: `Bearer ${mark("header")}`, [mark("headerName")]: "x" },
    body: { [mark("bodyName")]: mark("bodyValue"), list: [{ [mark("deepName")]: 1 }] },
  });
  const schedule = { every_n_minutes: 60 };
  const job = { name: "a plain name", kind: "recurring", schedule };
  const { body } = await write({ path: "/v1/jobs", body: { ...job, request: request() } });
  const path = `/v1/jobs/${body.id}`;
  await write({ method: "PATCH", path, body: { request: request() } });
  // What a route has no use for is overlooked.
  const unread = { [mark("unreadName")]: mark("unread") };
  await write({ path: `${path}/run-now?${mark("queryName")}=${mark("queryValue")}`, body: unread });
  await write({ method: "DELETE", path });
}

async function writeChannels(): Promise<void> {
  const configs = toConfigs("http://127.0.0.1:9");
  const make = (type: ChannelTypeName, name: string) =>
    write({ path: "/v1/notification-channels", body: { name, type, config: configs[type] } });
  for (const type of channelTypeNames) {
    const { body } = await make(type, type);
    const path = `/v1/notification-channels/${body.id}`;
    await write({ method: "PATCH", path, body: { config: configs[type] } });
    await write({ path: `${path}/test`, body: {} });
    if (type !== "webhook") continue;
    const given = await write({ path: `${path}/rotate-secret`, body: { secret: rotatedSecret } });
    expect(given.text).toContain(rotatedSecret);
    keep((await write({ path: `${path}/rotate-secret`, body: {} })).body.secret);
    const config = {
      url: `https://api.example.com/${mark("hook")}`,
      headers: { [mark("hookHeaderName")]: mark("hookHeader") },
    };
    await write({ method: "PATCH", path, body: { config } });
  }
}

async function writeSecretsAndTokens(): Promise<void> {
  const body = { name: "PLAIN", value: mark("value") };
  const { id } = (await write({ path: "/v1/secrets", body })).body;
  await write({ path: "/v1/secrets", body: { name: "PLAIN", value: mark("again") } });
  const path = `/v1/secrets/${id}`;
  await write({ method: "PATCH", path, body: { value: mark("changed"), name: "RENAMED" } });
  await write({ method: "DELETE", path: "/v1/secrets/RENAMED?force=true" });
  keep((await write({ path: "/v1/api-tokens", body: { name: "t" } })).body.token);
  // Ids of a filter may be any text.
  const filter = { channel_id: mark("filterChannel"), job_id: mark("filterJob"), dry_run: false };
  await write({ path: "/v1/notification-deliveries/retry", body: filter });
}

async function writeAccounts(): Promise<void> {
  const anybody = { token: null } as const;
  const { db, clock, services } = test;
  const linkFor = async (purpose: "reset_password" | "verify_email" | "invitation", id: string) => {
    const { publicUrl } = services;
    const link = { purpose, subjectId: id, publicUrl, now: clock.now() };
    return keep((await createLink(db, link)).split("#")[1]);
  };
  const email = "new@example.com";
  const account = { name: "New", email, password: mark("signUpPassword") };
  const signedUp = await write({ ...anybody, path: "/v1/auth/signup", body: account });
  keep(signedUp.body.token);
  const { id: userId } = signedUp.body.user;
  const verify = { token: await linkFor("verify_email", userId) };
  await write({ ...anybody, path: "/v1/auth/verify-email", body: verify });
  for (const password of [mark("wrongPassword"), account.password]) {
    const body = { email, password };
    const answer = await test.call({ ...anybody, path: "/v1/auth/login", body });
    if (answer.status === 200) keep(answer.body.token);
  }
  await write({ ...anybody, path: "/v1/auth/forgot-password", body: { email } });
  const reset = { token: await linkFor("reset_password", userId), password: mark("reset") };
  await write({ ...anybody, path: "/v1/auth/reset-password", body: reset });
  const body = { email: "invited@example.com", role: "owner" };
  const { id } = (await write({ path: "/v1/workspace/members", body })).body;
  const accept = { token: await linkFor("invitation", id), name: "In", password: mark("accept") };
  keep((await write({ ...anybody, path: "/v1/invitations/accept", body: accept })).body.token);
  const { token, email: own } = await test.addPerson("owner");
  keep(token);
  const change = { current_password: personPassword, new_password: mark("changedPassword") };
  markers.push(personPassword);
  await write({ path: "/v1/auth/change-password", token, body: change });
  const workspace_id = test.workspaceId;
  const path = "/v1/auth/switch-workspace";
  keep((await write({ path, token, body: { workspace_id } })).body.token);
  expect(own).toContain("@");
}

it("holds none of what was sent, answered or mailed", async () => {
  await writeJobs();
  await writeChannels();
  await writeSecretsAndTokens();
  await writeAccounts();
  const rows = await readAuditRows(test.db);
  const [dump] = await test.db.rows<{ text: string }>(
    sql`select string_agg(a::text, ' ') as text from audit_log a`,
  );
  const listed = await test.call({ path: "/v1/audit-log?limit=100" });
  const text = [JSON.stringify(rows), dump?.text, listed.text].join("\n");
  // It is searched in what is really there: names are, and every kind of write is.
  for (const plain of ["a plain name", "RENAMED", "new@example.com", "request.headers"]) {
    expect(text).toContain(plain);
  }
  expect(rows.length).toBeGreaterThan(60);
  expect(markers.length).toBeGreaterThan(60);
  for (const secret of [test.token, ...markers, ...secretTexts]) {
    const spellings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
    for (const spelling of spellings) expect(text.includes(spelling), spelling).toBe(false);
  }
});
