// Rules of tokens: what opens the door, for how long, and how the first ones come to be.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../src/auth/gate.ts";
import {
  createToken,
  createTokenText,
  ensureBootstrapToken,
  ensureOwnerToken,
  hashToken,
} from "../../src/auth/token.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const me = (token: string | null, headers: Record<string, string> = {}) =>
  test.call({ path: "/v1/auth/me", token, headers });

describe("a token", () => {
  it("says who it is", async () => {
    const expiresAt = new Date("2999-01-01T00:00:00.000Z");
    const token = await test.addToken("admin", expiresAt);
    expect((await me(token)).body).toEqual({
      workspace: { id: test.workspaceId, name: test.workspaceId, timezone: "UTC" },
      role: "admin",
      user: null,
      session: null,
      token: {
        id: expect.stringMatching(/^tok_/),
        name: "admin",
        scopes: null,
        expires_at: "2999-01-01T00:00:00.000Z",
      },
    });
    expect((await test.client.getMe()).token?.expires_at).toBeNull();
  });

  it("is cron_pat_ and 256 random bits", () => {
    expect(createTokenText()).toMatch(/^cron_pat_[A-Za-z0-9_-]{43}$/);
    expect(createTokenText()).not.toBe(createTokenText());
  });

  it("is nowhere in the database", async () => {
    const token = await test.addToken("owner");
    const [row] = await test.db.rows<{ text: string }>(
      sql`select string_agg(t::text, '') as text from api_tokens t`,
    );
    expect(row?.text).not.toContain(token.slice("cron_pat_".length));
  });

  it.each([
    ["nothing", undefined],
    ["another scheme", "Basic dXNlcjpwYXNz"],
    ["no token", "Bearer"],
    ["blanks", "Bearer   "],
    ["an unknown one", `Bearer ${createTokenText()}`],
    ["a long one", `Bearer ${"x".repeat(5_000)}`],
    ["an empty header", ""],
  ])("is refused when the header holds %s", async (_what, authorization) => {
    const answer = await me(null, authorization === undefined ? {} : { authorization });
    expect([answer.status, answer.body.error.code]).toEqual([401, "unauthorized"]);
  });

  it("is taken whatever the case of the scheme and with blanks before it", async () => {
    for (const scheme of ["bearer ", "BEARER   "]) {
      const answer = await me(null, { authorization: `${scheme}${test.token}` });
      expect(answer.status).toBe(200);
    }
  });

  it("stops at its end, at once", async () => {
    const token = await test.addToken("owner", new Date(test.clock.now().getTime() + 60_000));
    expect((await me(token)).status).toBe(200);
    test.clock.advance(58_000);
    expect((await me(token)).status).toBe(200);
    test.clock.advance(2_000);
    expect((await me(token)).status).toBe(401);
  });

  it("stops within 5 seconds after it is revoked or its role is changed", async () => {
    const token = await test.addToken("owner");
    expect((await me(token)).body.role).toBe("owner");
    await test.db.run(
      sql`update api_tokens set role = 'member' where token_hash = ${hashToken(token)}`,
    );
    test.clock.advance(5_000);
    expect((await me(token)).body.role).toBe("member");
    await test.db.run(
      sql`update api_tokens set revoked_at = now() where token_hash = ${hashToken(token)}`,
    );
    test.clock.advance(5_000);
    expect((await me(token)).status).toBe(401);
  });

  it("is refused once its row is gone, even while it is remembered", async () => {
    const token = await test.addToken("owner");
    expect((await me(token)).status).toBe(200);
    await test.db.run(sql`delete from api_tokens where token_hash = ${hashToken(token)}`);
    expect((await me(token)).status).toBe(401);
  });

  it("shows when it was last used, to the minute", async () => {
    const token = await test.addToken("owner");
    const lastUse = async () => {
      const [row] = await test.db.rows<{ last_used_at: Date | null }>(
        sql`select last_used_at from api_tokens where token_hash = ${hashToken(token)}`,
      );
      return row?.last_used_at?.getTime() ?? 0;
    };
    await me(token);
    const first = await lastUse();
    expect(first).toBeGreaterThan(0);
    test.clock.advance(30_000);
    await me(token);
    expect(await lastUse()).toBe(first);
    test.clock.advance(30_000);
    await me(token);
    expect(await lastUse()).toBeGreaterThanOrEqual(first + 60_000);
  });
});

describe("the gate", () => {
  /** The database, and how many statements it was sent. */
  function createCounter(db: Database) {
    const counted = { statements: 0 };
    const counting = {
      ...db,
      rows: <Row>(query: Parameters<Database["rows"]>[0]) => {
        counted.statements += 1;
        return db.rows<Row>(query);
      },
      run: (query: Parameters<Database["run"]>[0]) => {
        counted.statements += 1;
        return db.run(query);
      },
    };
    return { counted, counting };
  }

  it("asks the database once for many requests of one token", async () => {
    const { counted, counting } = createCounter(test.db);
    const gate = createGate({ db: counting, clock: test.clock });
    const header = `Bearer ${await test.addToken("owner")}`;
    await Promise.all(Array.from({ length: 50 }, () => gate.identify(header)));
    for (let count = 0; count < 50; count++) await gate.identify(header);
    // One to find it, one to note its use.
    expect(counted.statements).toBe(2);
  });

  it("asks anew each time for tokens that are unknown", async () => {
    const { counted, counting } = createCounter(test.db);
    const gate = createGate({ db: counting, clock: test.clock });
    const text = createTokenText();
    await expect(gate.identify(`Bearer ${text}`)).rejects.toThrow(/unknown/);
    await expect(gate.identify(`Bearer ${text}`)).rejects.toThrow(/unknown/);
    expect(counted.statements).toBe(2);
  });

  it("forgets an outage: the next request asks again", async () => {
    let isAway = true;
    const away: Database = {
      ...test.db,
      rows: <Row>(query: Parameters<Database["rows"]>[0]) =>
        isAway ? Promise.reject(new Error("away")) : test.db.rows<Row>(query),
    };
    const gate = createGate({ db: away, clock: test.clock });
    const header = `Bearer ${test.token}`;
    await expect(gate.identify(header)).rejects.toThrow("away");
    isAway = false;
    expect(await gate.identify(header)).toMatchObject({ workspaceId: test.workspaceId });
  });

  it("remembers a bounded number of tokens, the youngest", async () => {
    const { counted, counting } = createCounter(test.db);
    const gate = createGate({ db: counting, clock: test.clock });
    const tokens: string[] = [];
    for (let count = 0; count <= 1_000; count++) {
      const input = { workspaceId: test.workspaceId, name: "many", role: "member" as const };
      tokens.push((await createToken(test.db, { ...input, now: test.clock.now() })).token);
    }
    const statementsOf = async (token: string | undefined) => {
      const before = counted.statements;
      await gate.identify(`Bearer ${token}`);
      return counted.statements - before;
    };
    const frozen = test.clock.now();
    const still = { now: () => frozen };
    const bounded = createGate({ db: counting, clock: still });
    for (const token of tokens) await bounded.identify(`Bearer ${token}`);
    const before = counted.statements;
    await bounded.identify(`Bearer ${tokens.at(-1)}`);
    expect(counted.statements - before).toBe(0);
    await bounded.identify(`Bearer ${tokens[0]}`);
    expect(counted.statements - before).toBe(1);
    expect(await statementsOf(tokens[0])).toBe(1);
  });
});

describe("a fresh install", () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
    return () => database.drop();
  });

  const now = new Date("2026-11-23T10:00:00.000Z");
  const identify = (text: string) =>
    createGate({ db: database.db, clock: { now: () => now } }).identify(
      `Bearer ${Buffer.from(text, "utf8").toString("latin1")}`,
    );

  const nowhere = async () => undefined;

  it("counts an owner token only once its text is kept", async () => {
    const kept: string[] = [];
    const fail = async (text: string) => {
      kept.push(text);
      throw new Error("the disk is full");
    };
    await expect(ensureOwnerToken(database.db, now, fail)).rejects.toThrow("the disk is full");
    await expect(identify(kept[0] ?? "")).rejects.toThrow();
    const made = await ensureOwnerToken(database.db, now, async (text) => void kept.push(text));
    expect(kept[1]).toBe(made);
    expect(await identify(made ?? "")).toMatchObject({ role: "owner" });
  });

  it("gets one owner token, once, however many nodes start at once", async () => {
    const made = await Promise.all(
      Array.from({ length: 5 }, () => ensureOwnerToken(database.db, now, nowhere)),
    );
    const tokens = made.filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
    expect(await identify(tokens[0] ?? "")).toMatchObject({ role: "owner" });
    const workspaces = await database.db.rows(sql`select id from workspaces`);
    expect(workspaces).toHaveLength(1);
    await database.db.run(sql`update api_tokens set revoked_at = now()`);
    expect(await ensureOwnerToken(database.db, now, nowhere)).toBeUndefined();
  });

  it("gets the bootstrap token in place of another one", async () => {
    const text = "a bootstrap token, with ümlauts and blanks";
    await ensureBootstrapToken(database.db, text, now);
    await ensureBootstrapToken(database.db, text, now);
    expect(await identify(text)).toMatchObject({ role: "owner" });
    expect(await ensureOwnerToken(database.db, now, nowhere)).toBeUndefined();
    const rows = await database.db.rows<{ name: string }>(sql`select name from api_tokens`);
    expect(rows).toEqual([{ name: "bootstrap" }]);
  });

  it("drops the old bootstrap token when the setting changes, and takes it back", async () => {
    const [a, b] = ["a".repeat(32), "b".repeat(32)];
    await ensureBootstrapToken(database.db, a, now);
    await ensureBootstrapToken(database.db, b, now);
    await expect(identify(a)).rejects.toThrow(/revoked/);
    expect(await identify(b)).toMatchObject({ role: "owner" });
    await ensureBootstrapToken(database.db, a, now);
    expect(await identify(a)).toMatchObject({ role: "owner" });
    await expect(identify(b)).rejects.toThrow(/revoked/);
  });

  it("drops the bootstrap token when the setting is gone, and no other", async () => {
    const text = "c".repeat(32);
    await ensureBootstrapToken(database.db, text, now);
    const [row] = await database.db.rows<{ workspace_id: string }>(
      sql`select workspace_id from api_tokens`,
    );
    const other = await createToken(database.db, {
      workspaceId: row?.workspace_id ?? "",
      name: "bootstrap",
      role: "admin",
      now,
    });
    await ensureBootstrapToken(database.db, undefined, now);
    await expect(identify(text)).rejects.toThrow(/revoked/);
    expect(await identify(other.token)).toMatchObject({ role: "admin" });
  });
});
