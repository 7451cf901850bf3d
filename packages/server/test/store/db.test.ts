// The door to PostgreSQL: types, refusals, transactions, retries, lost connections, listening.

import { randomUUID } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connect,
  type Database,
  DatabaseUnavailable,
  raw,
  sql,
  type Tx,
  violatedConstraint,
} from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { startRelay } from "../support/relay.ts";

let test: TestDatabase;
let db: Database;

beforeAll(async () => {
  test = await createTestDatabase({ isEmpty: true });
  db = test.db;
  await db.run(raw("create table things (id int8 primary key, name text unique, seen int)"));
});

afterAll(async () => {
  await test.drop();
});

// One connection, so that a test can tell whether it was kept or replaced.
async function withSingle(work: (single: Database) => Promise<void>): Promise<void> {
  const single = connect({ ...test.connection, poolMax: 1, applicationName: "single" });
  try {
    await work(single);
  } finally {
    await single.close();
  }
}

async function backendPid(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  return row?.pid ?? 0;
}

async function end(pid: number): Promise<void> {
  await db.run(sql`select pg_terminate_backend(${pid})`);
}

describe("values", () => {
  it("reads int8 as numbers, timestamptz as dates, jsonb parsed and days as text", async () => {
    const at = new Date("2026-03-29T01:30:00.123Z");
    const [row] = await db.rows(sql`
      select 9007199254740991::int8 as big, array[1, null, -3]::int8[] as list,
        '{}'::int8[] as none, ${at}::timestamptz as at, array[${at}::timestamptz] as ats,
        '{"a": [1]}'::jsonb as json, '2026-03-29'::date as day`);
    expect(row).toEqual({
      big: 9007199254740991,
      list: [1, null, -3],
      none: [],
      at,
      ats: [at],
      json: { a: [1] },
      day: "2026-03-29",
    });
  });

  it("refuses an int8 that a number cannot hold", async () => {
    await expect(db.rows(sql`select 9007199254740993::int8`)).rejects.toThrow("does not fit");
  });

  it("sends lists of dates and texts as arrays", async () => {
    const at = new Date("2026-11-24T10:00:00.001Z");
    const rows = await db.rows(sql`
      select * from
        unnest(${[at, null]}::timestamptz[], ${['a,"}', null]}::text[]) as t(at, name)`);
    expect(rows).toEqual([
      { at, name: 'a,"}' },
      { at: null, name: null },
    ]);
  });

  it("refuses undefined and invalid dates instead of storing NULL", async () => {
    await expect(db.rows(sql`select ${undefined}::text`)).rejects.toThrow("undefined");
    await expect(db.rows(sql`select ${new Date("?")}::timestamptz`)).rejects.toThrow("no date");
  });

  it("works in UTC whatever the server is set to", async () => {
    const [row] = await db.rows(sql`select current_setting('timezone') as zone`);
    expect(row).toEqual({ zone: "UTC" });
  });
});

describe("run", () => {
  it("answers how many rows changed", async () => {
    expect(await db.run(sql`insert into things (id) values (1), (2)`)).toBe(2);
    expect(await db.run(sql`update things set seen = 1 where id = 1`)).toBe(1);
    expect(await db.run(sql`delete from things where id = 99`)).toBe(0);
  });

  it("names the broken constraint, hides the row and keeps the connection", async () => {
    await withSingle(async (single) => {
      const pid = await backendPid(single);
      await single.run(sql`insert into things (id, name) values (10, 'hush')`);
      const error: unknown = await single
        .run(sql`insert into things (id, name) values (11, 'hush')`)
        .catch((reason) => reason);
      expect(violatedConstraint(error)).toBe("things_name_key");
      expect(JSON.stringify(error) + String(error)).not.toContain("hush");
      expect(await backendPid(single)).toBe(pid);
    });
  });

  it("prepares a named statement once and survives a change of its columns", async () => {
    await withSingle(async (single) => {
      await single.run(raw("create table wide (a int)"));
      const all = { name: "all_wide", text: "select * from wide", values: [] };
      expect(await single.rows(all)).toEqual([]);
      const [known] = await single.rows(sql`
        select name from pg_prepared_statements where name = 'all_wide'`);
      expect(known).toEqual({ name: "all_wide" });
      await db.run(raw("alter table wide add b int; insert into wide values (1, 2)"));
      expect(await single.rows(all)).toEqual([{ a: 1, b: 2 }]);
    });
  });
});

describe("transaction", () => {
  it("commits what the work did and answers its result", async () => {
    const answer = await db.transaction(async (tx) => {
      await tx.run(sql`insert into things (id) values (20)`);
      return "done";
    });
    expect(answer).toBe("done");
    expect(await db.rows(sql`select 1 from things where id = 20`)).toHaveLength(1);
  });

  it("undoes everything when the work throws, and tells the work's own error", async () => {
    const work = db.transaction(async (tx) => {
      await tx.run(sql`insert into things (id) values (21)`);
      throw new Error("changed my mind");
    });
    await expect(work).rejects.toThrow("changed my mind");
    expect(await db.rows(sql`select 1 from things where id = 21`)).toEqual([]);
  });

  it("does not pass for committed when the work swallowed a failed statement", async () => {
    const work = db.transaction(async (tx) => {
      await tx.run(sql`insert into things (id) values (22)`);
      await tx.run(sql`select 1 / 0`).catch(() => undefined);
    });
    await expect(work).rejects.toThrow("went on after one of its statements failed");
    expect(await db.rows(sql`select 1 from things where id = 22`)).toEqual([]);
  });

  it("cannot be used after its end", async () => {
    const kept = await db.transaction(async (tx) => tx);
    await expect(kept.rows(sql`select 1`)).rejects.toThrow("after its end");
  });

  it("runs again when two transactions lock each other out", async () => {
    await db.run(sql`insert into things (id, seen) values (30, 0), (31, 0)`);
    let arrived = 0;
    let open: () => void = () => undefined;
    const bothHaveOne = new Promise<void>((resolve) => {
      open = resolve;
    });
    const cross = (first: number, second: number) =>
      db.transaction(async (tx) => {
        await tx.run(sql`update things set seen = seen + 1 where id = ${first}`);
        arrived += 1;
        if (arrived === 2) open();
        await bothHaveOne;
        await tx.run(sql`update things set seen = seen + 1 where id = ${second}`);
      });
    await Promise.all([cross(30, 31), cross(31, 30)]);
    expect(arrived).toBe(3);
    expect(await db.rows(sql`select seen from things where id in (30, 31)`)).toEqual([
      { seen: 2 },
      { seen: 2 },
    ]);
  });

  it("gives up after five collisions and says so", async () => {
    let tries = 0;
    const work = db.transaction(async (tx) => {
      tries += 1;
      await tx.run(raw("do $$ begin raise exception using errcode = '40001'; end $$"));
    });
    await expect(work).rejects.toThrow(DatabaseUnavailable);
    expect(tries).toBe(5);
  });

  it("runs once when the failure is no collision", async () => {
    let tries = 0;
    const work = db.transaction(async (tx) => {
      tries += 1;
      await tx.run(sql`select 1 / 0`);
    });
    await expect(work).rejects.toThrow("division by zero");
    expect(tries).toBe(1);
  });

  it("ends a statement at its own limit and keeps the connection", async () => {
    await withSingle(async (single) => {
      const pid = await backendPid(single);
      const slow = single.transaction((tx) => tx.run(sql`select pg_sleep(20)`), {
        statementTimeoutMs: 50,
      });
      await expect(slow).rejects.toThrow("57014");
      expect(await backendPid(single)).toBe(pid);
      const [row] = await single.rows(sql`select current_setting('statement_timeout') as limit`);
      expect(row).toEqual({ limit: "30s" });
    });
  });
});

describe("a single statement", () => {
  it("runs again after a collision", async () => {
    await db.run(
      raw(`
      create sequence collisions;
      create function collide() returns int8 language plpgsql as $$
      declare n int8 := nextval('collisions');
      begin
        if n < 3 then raise exception using errcode = '40P01'; end if;
        return n;
      end $$`),
    );
    expect(await db.rows(sql`select collide() as n`)).toEqual([{ n: 3 }]);
  });
});

describe("reserve", () => {
  it("holds one connection and closes it, with its locks, at the end", async () => {
    await withSingle(async (single) => {
      const pid = await single.reserve(async (held) => {
        await held.run(sql`select pg_advisory_lock(77)`);
        await held.transaction((tx) => tx.run(sql`select 1`));
        return await backendPid(held);
      });
      expect(await backendPid(single)).not.toBe(pid);
      // Waits, should the backend not be quite gone yet.
      await single.run(sql`select pg_advisory_xact_lock(77)`);
    });
  });
});

describe("a lost connection", () => {
  it("is replaced when it was idle, with a warning", async () => {
    let warn: (message: string) => void = () => undefined;
    const warned = new Promise<string>((resolve) => {
      warn = resolve;
    });
    const options = { ...test.connection, poolMax: 1, applicationName: "idle" };
    const idle = connect({ ...options, onWarning: (message) => warn(message) });
    await end(await backendPid(idle));
    expect(await warned).toContain("idle connection");
    expect(await idle.rows(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    await idle.close();
  });

  it("surfaces as unavailable inside a transaction, and the next one works", async () => {
    await withSingle(async (single) => {
      const broken = single.transaction(async (tx) => {
        await end(await backendPid(tx));
        await tx.run(sql`select 1`);
      });
      const error: unknown = await broken.catch((reason) => reason);
      expect(error).toBeInstanceOf(DatabaseUnavailable);
      expect(error).toMatchObject({ outcome: "not_applied" });
      await single.ping();
    });
  });

  it("leaves the outcome open when the answer to a single statement is lost", async () => {
    const relay = await startRelay(test.connection.host);
    const away = connect({ ...test.connection, host: relay.dir, poolMax: 1, applicationName: "r" });
    await away.ping();
    relay.mute();
    const asked = away.run(sql`insert into things (id) values (40)`).catch((reason) => reason);
    await relay.heard();
    relay.cut();
    const error: unknown = await asked;
    expect(error).toBeInstanceOf(DatabaseUnavailable);
    expect(error).toMatchObject({ outcome: "unknown" });
    await away.close();
    await relay.stop();
  });

  it("does not hold up ping when the server has gone silent", async () => {
    const relay = await startRelay(test.connection.host);
    const away = connect({ ...test.connection, host: relay.dir, poolMax: 1, applicationName: "s" });
    await away.ping();
    relay.mute();
    await expect(away.ping()).rejects.toThrow(DatabaseUnavailable);
    await away.close();
    await relay.stop();
  });

  it("is told at once when nobody listens", async () => {
    const host = path.join(os.tmpdir(), randomUUID());
    const nowhere = connect({ ...test.connection, host, poolMax: 1, applicationName: "n" });
    const error: unknown = await nowhere.ping().catch((reason) => reason);
    expect(error).toMatchObject({ name: "DatabaseUnavailable", outcome: "not_applied" });
    await nowhere.close();
  });
});

describe("listen", () => {
  it("tells notifications, and an empty one after the connection was lost", async () => {
    const told: string[] = [];
    let wake: () => void = () => undefined;
    const listening = await db.listen("bell", (payload) => {
      told.push(payload);
      wake();
    });
    const next = async (ring: () => Promise<unknown>) => {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await ring();
      await woken;
    };
    await next(() => db.run(sql`select pg_notify('bell', 'one')`));
    const [listener] = await db.rows<{ pid: number }>(sql`
      select pid from pg_stat_activity where query = 'listen "bell"'`);
    await next(() => end(listener?.pid ?? 0));
    await next(() => db.run(sql`select pg_notify('bell', 'two')`));
    expect(told).toEqual(["one", "", "two"]);
    await listening.stop();
    const others = () =>
      db.rows(sql`
        select query from pg_stat_activity
        where datname = current_database() and application_name = 'test'
          and query like 'listen%'`);
    // A backend needs a moment to notice that its client has gone.
    await expect.poll(others, { timeout: 10_000 }).toEqual([]);
  });

  it("rejects when the first connection fails", async () => {
    const host = path.join(os.tmpdir(), randomUUID());
    const nowhere = connect({ ...test.connection, host, poolMax: 1, applicationName: "n" });
    await expect(nowhere.listen("bell", () => undefined)).rejects.toThrow(DatabaseUnavailable);
    await nowhere.close();
  });
});

describe("connect", () => {
  it("takes an address too", async () => {
    const other = connect({ url: test.url, poolMax: 1, applicationName: "by url" });
    const [row] = await other.rows(sql`
      select current_database() as database, current_setting('application_name') as name`);
    expect(row).toEqual({ database: test.connection.database, name: "by url" });
    await other.close();
  });

  it("refuses a wrong address without repeating it", () => {
    const url = "postgres://user:hush@host:notaport/name";
    const attempt = () => connect({ url, poolMax: 1, applicationName: "x" });
    expect(attempt).toThrow("The database address is not valid");
    expect(attempt).not.toThrow("hush");
  });
});

describe("the usage of the pool", () => {
  it("counts as waiting who has to wait for another one's end, and nobody else", async () => {
    await withSingle(async (single) => {
      expect(single.usage()).toEqual({ busy: 0, idle: 0, waiting: 0 });
      const first = single.ping();
      // It gets the connection that may be made.
      expect(single.usage().waiting).toBe(0);
      await first;
      expect(single.usage()).toEqual({ busy: 0, idle: 1, waiting: 0 });
      let other: Promise<void> | undefined;
      await single.transaction(async (tx) => {
        other = single.ping();
        await tx.rows(sql`select 1`);
        expect(single.usage()).toEqual({ busy: 1, idle: 0, waiting: 1 });
      });
      await other;
    });
  });
});
