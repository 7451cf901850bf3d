// Rules of secrets: values go in and never come out, names are unique, and none is taken away
// under a job that uses it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type Tenant, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const value = "rk_live_a-value-that-never-comes-back";

function put(name: string, text = value, token: string | null = test.token) {
  return test.call({ path: "/v1/secrets", body: { name, value: text }, token });
}

function newJob({ client }: Tenant, reference: string, name = "job") {
  return client.createJob({
    body: {
      name,
      kind: "recurring",
      schedule: { every_n_minutes: 60 },
      request: {
        url: "https://api.example.com/x",
        method: "POST",
        headers: { authorization: `Bearer ${reference}` },
      },
    },
  });
}

describe("creating", () => {
  it("answers 201 without the value, and seals it", async () => {
    const { status, body, text } = await put("stripe-key");
    expect(status).toBe(201);
    expect(body).toEqual({
      id: expect.stringMatching(/^sec_[0-9a-f]{32}$/),
      name: "stripe-key",
      environment: "workspace",
      key_version: "v1",
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect(text).not.toContain(value);
    const [row] = await test.db.rows<{ sealed: Buffer }>(
      sql`select sealed from secrets where id = ${body.id}`,
    );
    expect(row?.sealed.includes(Buffer.from(value))).toBe(false);
    expect(test.services.vault.open(body.id, row?.sealed ?? Buffer.alloc(0))).toBe(value);
  });

  it("replaces the value of a name that is taken, with 200 and the same id", async () => {
    const first = await put("twice", "first-value");
    const second = await put("twice", "second-value");
    expect(second.status).toBe(200);
    expect(second.body.id).toBe(first.body.id);
    expect(second.body.created_at).toBe(first.body.created_at);
    const [row] = await test.db.rows<{ sealed: Buffer }>(
      sql`select sealed from secrets where id = ${first.body.id}`,
    );
    expect(test.services.vault.open(first.body.id, row?.sealed ?? Buffer.alloc(0))).toBe(
      "second-value",
    );
  });

  it("keeps one row for a name that many create at once", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, (_, n) => put("racy", `value-${n}`)));
    expect(all.map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 200, 200, 200, 201,
    ]);
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
  });

  it.each([
    [{ name: "a b", value }, "name"],
    [{ name: "", value }, "name"],
    [{ name: "ä", value }, "name"],
    [{ name: "x".repeat(101), value }, "name"],
    [{ name: "short", value: "abc" }, "value"],
    [{ name: "long", value: "x".repeat(32_769) }, "value"],
    [{ name: "nul", value: `${value}\u0000` }, "value"],
    [{ name: "extra", value, environment: "live" }, "environment"],
  ])("refuses %j without repeating the value", async (body, path) => {
    const answer = await test.call({ path: "/v1/secrets", body });
    expect(answer.status).toBe(400);
    expect(answer.body.error.details[0].path).toBe(path);
    expect(answer.text).not.toContain(value);
  });

  it("is not for members, and for nobody without a token", async () => {
    const member = await test.addToken("member");
    expect((await put("no", value, member)).status).toBe(403);
    expect((await put("no", value, null)).status).toBe(401);
    expect((await test.call({ path: "/v1/secrets", token: member })).status).toBe(200);
    // Whoever may create a job may send a secret anywhere.
    const job = { name: "a", kind: "one_time", request: { url: "https://api.example.com/" } };
    expect((await test.call({ path: "/v1/jobs", token: member, body: job })).status).toBe(403);
  });
});

describe("another workspace", () => {
  it("has names of its own, and reaches none of ours", async () => {
    const other = await test.addTenant();
    const mine = (await put("shared-name", "mine-mine")).body;
    const theirs = await other.client.createSecret({
      body: { name: "shared-name", value: "theirs-theirs" },
    });
    expect(theirs.id).not.toBe(mine.id);
    expect((await other.client.listSecrets()).items).toHaveLength(1);
    for (const method of ["GET", "PATCH", "DELETE"] as const) {
      const path = `/v1/secrets/${mine.id}`;
      const body = method === "PATCH" ? { body: { value: "stolen-stolen" } } : {};
      const answer = await test.call({ method, path, token: other.token, ...body });
      expect(answer.status).toBe(404);
    }
    await other.client.deleteSecret({ params: { id: "shared-name" } });
    expect((await test.client.getSecret({ params: { id: mine.id } })).name).toBe("shared-name");
  });
});

describe("a secret in use", () => {
  it("warns of names that are none, on every answer about the job, until they are", async () => {
    const job = await newJob(test, "secret://later and secret://later");
    expect(job.warnings).toEqual([
      'There is no secret "later": "secret://later" is sent as it is written.',
    ]);
    const params = { id: job.id };
    expect((await test.client.pauseJob({ params })).warnings).toHaveLength(1);
    await put("later");
    expect((await test.client.getJob({ params })).warnings).toEqual([]);
    expect((await test.client.getSecret({ params: { id: "later" } })).jobs).toEqual([
      { id: job.id, name: "job" },
    ]);
  });

  it("is neither deleted nor renamed without force, and the refusal names the jobs", async () => {
    const { id } = (await put("used")).body;
    const job = await newJob(test, "secret://used", 'nightly "1"');
    const removal = await test.call({ method: "DELETE", path: `/v1/secrets/${id}` });
    expect(removal.status).toBe(409);
    expect(removal.body.error.message).toBe(
      `The secret "used" is used by the job "nightly \\"1\\"" (${job.id}). Change them first, or ` +
        'delete it with ?force=true: they then send "secret://used" as it is written.',
    );
    const rename = await test.call({
      method: "PATCH",
      path: "/v1/secrets/used",
      body: { name: "unused" },
    });
    expect(rename.status).toBe(409);
    // A new value breaks nothing.
    const path = "/v1/secrets/used";
    const change = await test.call({ method: "PATCH", path, body: { value: "a-new-value" } });
    expect(change.status).toBe(200);
    const forced = { name: "renamed", force: true };
    expect((await test.call({ method: "PATCH", path, body: forced })).body.name).toBe("renamed");
    expect((await test.client.getJob({ params: { id: job.id } })).warnings).toHaveLength(1);
  });

  it("is free again when the jobs no longer refer to it, or are deleted", async () => {
    await put("freed");
    const changed = await newJob(test, "secret://freed");
    const deleted = await newJob(test, "secret://freed");
    const remove = () => test.call({ method: "DELETE", path: "/v1/secrets/freed" });
    expect((await remove()).body.error.message).toContain(`${deleted.id}`);
    await test.client.deleteJob({ params: { id: deleted.id } });
    await test.client.updateJob({
      params: { id: changed.id },
      body: { request: { headers: {} } },
    });
    expect((await remove()).status).toBe(204);
    expect((await remove()).status).toBe(404);
  });

  it("goes by force", async () => {
    await put("forced");
    await newJob(test, "secret://forced");
    const path = "/v1/secrets/forced";
    expect((await test.call({ method: "DELETE", path: `${path}?force=true` })).status).toBe(204);
  });

  it("names ten jobs of many", async () => {
    await put("popular");
    for (let n = 0; n < 12; n += 1) await newJob(test, "secret://popular", `job-${n}`);
    const answer = await test.call({ method: "DELETE", path: "/v1/secrets/popular" });
    expect(answer.body.error.message).toContain("and 2 more. Change them first");
  });
});

describe("changing", () => {
  it("refuses a name that is taken, and a change of nothing", async () => {
    const { id } = (await put("one-of-two")).body;
    await put("two-of-two");
    const path = `/v1/secrets/two-of-two`;
    const answer = await test.call({ method: "PATCH", path, body: { name: "one-of-two" } });
    expect(answer.status).toBe(409);
    expect(answer.body.error.message).toBe(`The name "one-of-two" is taken by the secret ${id}.`);
    expect((await test.call({ method: "PATCH", path, body: {} })).status).toBe(400);
    expect((await test.call({ method: "PATCH", path, body: { force: true } })).status).toBe(400);
  });

  it("to a new name keeps the value", async () => {
    const { id } = (await put("old-name")).body;
    const body = { name: "new-name" };
    await test.call({ method: "PATCH", path: `/v1/secrets/${id}`, body });
    const [row] = await test.db.rows<{ sealed: Buffer }>(
      sql`select sealed from secrets where id = ${id}`,
    );
    expect(test.services.vault.open(id, row?.sealed ?? Buffer.alloc(0))).toBe(value);
  });
});

describe("listing", () => {
  it("pages, finds by name, and shows no value", async () => {
    const tenant = await test.addTenant();
    for (const name of ["a", "b", "c"]) {
      await tenant.client.createSecret({ body: { name: `list-${name}`, value } });
    }
    const first = await tenant.client.listSecrets({ query: { limit: 2 } });
    expect(first.items.map(({ name }) => name)).toEqual(["list-c", "list-b"]);
    const cursor = first.next_cursor ?? "";
    const second = await tenant.client.listSecrets({ query: { limit: 2, cursor } });
    expect(second.items.map(({ name }) => name)).toEqual(["list-a"]);
    const { items } = await tenant.client.listSecrets({ query: { name: "list-b" } });
    expect(items).toEqual([first.items[1]]);
    expect(JSON.stringify([first, second])).not.toContain(value);
  });
});
