// The doctor on real databases and real mail servers, each well or with one thing wrong. That it
// writes nothing is proved by a database that takes no writes.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CheckName } from "../../src/diagnosis.ts";
import { examine } from "../../src/doctor.ts";
import { raw, sql } from "../../src/store/db.ts";
import { beat } from "../../src/store/nodes.ts";
import { createVault } from "../../src/store/vault.ts";
import { verifyVault } from "../../src/store/vault-check.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { listen, Openings, openHttpFarEnd, selfSigned } from "../support/far-end.ts";
import {
  insertChannelRow,
  insertExecutionRow,
  insertJobRow,
  insertWorkspace,
} from "../support/rows.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const openings = new Openings();
const key = Buffer.alloc(32, 7);
const settings = { TRIGRUN_ENCRYPTION_KEY: key.toString("hex") };

let database: TestDatabase;
let parent: string;
beforeEach(async () => {
  database = await createTestDatabase();
  parent = await mkdtemp(path.join(os.tmpdir(), "trigrun-doctor-"));
});
afterEach(async () => {
  await openings.close();
  await database.drop();
  await rm(parent, { recursive: true });
});

/** What the doctor says of each check, by its name. */
async function look(environment: Record<string, string> = {}, dataDir = path.join(parent, "none")) {
  const all = { DATABASE_URL: database.url, ...settings, ...environment };
  const diagnoses = await examine({ environment: all, dataDir, log });
  const of = (name: CheckName) => diagnoses.find((each) => each.name === name);
  return { diagnoses, of, json: JSON.stringify(diagnoses) };
}

async function openSmtp(options: SMTPServerOptions) {
  const commands: string[] = [];
  const server = new SMTPServer({
    allowInsecureAuth: true,
    onMailFrom: (_address, _session, callback) => {
      commands.push("MAIL");
      callback();
    },
    ...options,
  });
  server.on("error", () => undefined);
  const far = await listen(server.server);
  // Node ends with a crash where the socket below a TLS handshake that failed is destroyed.
  openings.keep({ close: () => far.emptied().then(far.close) });
  return { port: far.port, commands };
}

const takeLogin: SMTPServerOptions["onAuth"] = (auth, _session, callback) =>
  auth.password === "the-pass word"
    ? callback(null, { user: auth.username })
    : callback(Object.assign(new Error("bad login"), { responseCode: 535 }));

describe("an installation that is well", () => {
  it("is told so, and nothing is written anywhere", async () => {
    const { db } = database;
    await verifyVault(db, createVault([{ version: 1, key }]));
    const workspaceId = await insertWorkspace(db);
    const channelId = await insertChannelRow(db, { workspaceId, name: "c" });
    const sealed = createVault([{ version: 1, key }]).seal(channelId, {});
    await db.run(sql`update channels set secrets = ${sealed} where id = ${channelId}`);
    await beat(db, "node_a", 3_600);
    const name = database.connection.database;
    await db.run(raw(`alter database ${name} set default_transaction_read_only = on`));
    const { of, diagnoses } = await look();
    // The only thing that is wrong is what the test did to prove it.
    expect(diagnoses.filter(({ status }) => status === "failed")).toMatchObject([
      { name: "database", message: /takes no writes/ },
    ]);
    const good: CheckName[] = ["schema", "connections", "notices", "clock", "key", "nodes", "work"];
    for (const each of good) expect(of(each)).toMatchObject({ name: each, status: "ok" });
    expect(of("key")?.message).toMatch(/Key 1 .* the newest 1 stored value opens?/);
    expect(of("database")?.message).toMatch(/version 1\d\.\d.* answers in .* ms and holds/);
    expect(await readdir(parent)).toEqual([]);
  });
});

describe("the database", () => {
  it("that does not answer has failed, and what depends on it was not looked at", async () => {
    const gone = openings.keep(await openHttpFarEnd(() => undefined));
    await gone.close();
    const DATABASE_URL = `postgres://u:the-password@127.0.0.1:${gone.port}/x`;
    const { of, json } = await look({ DATABASE_URL });
    expect(of("database")).toMatchObject({ status: "failed", advice: /DATABASE_URL/ });
    for (const each of ["schema", "key", "nodes", "work", "clock"] as const) {
      expect(of(each)).toMatchObject({ status: "skipped", message: /does not answer/ });
    }
    expect(of("dns")?.status).toBe("ok");
    expect(json).not.toContain("the-password");
  });

  it("without a schema is empty, and lacks what the schema tells", async () => {
    const empty = await createTestDatabase({ isEmpty: true });
    openings.keep({ close: () => empty.drop() });
    const { of } = await look({ DATABASE_URL: empty.url });
    expect(of("database")?.status).toBe("ok");
    expect(of("schema")).toMatchObject({ status: "warning", message: /is empty/ });
    expect(of("nodes")?.status).toBe("skipped");
    expect(await empty.db.rows(sql`select from pg_tables where schemaname = 'public'`)).toEqual([]);
  });

  it("that lacks a migration is told which, and one of a newer version is refused", async () => {
    const { db } = database;
    const [last] = await db.rows<{ name: string }>(sql`
      delete from migrations where number = (select max(number) from migrations) returning name`);
    const older = await look();
    expect(older.of("schema")).toMatchObject({ status: "warning" });
    expect(older.of("schema")?.message).toContain(
      `1 migration is still to be applied: ${last?.name}`,
    );
    await db.run(sql`
      insert into migrations (number, name, checksum) values (9999, '9999_of_tomorrow.sql', 'x')`);
    const newer = await look();
    expect(newer.of("schema")).toMatchObject({ status: "failed", message: /9999_of_tomorrow/ });
  });

  it("whose two addresses lead to two places passes no notice on", async () => {
    const other = await createTestDatabase();
    openings.keep({ close: () => other.drop() });
    const { of } = await look({ DATABASE_DIRECT_URL: other.url });
    expect(of("notices")).toMatchObject({ status: "failed", advice: /the same database/ });
    // What a pooler would not pass on, the role lacks here as well.
    expect(of("pooler")).toMatchObject({ status: "failed", message: /alter role/ });
  });

  it("with few connections left for its role is told of", async () => {
    const { db, connection } = database;
    const role = `doctor_${connection.database.slice(-8)}`;
    await db.run(raw(`create role ${role} login connection limit 9`));
    await db.run(raw(`grant pg_read_all_data to ${role}`));
    openings.keep({ close: () => db.run(raw(`drop role ${role}`)) });
    const url = database.url.replace(`${connection.user}@`, `${role}@`);
    const { of } = await look({ DATABASE_URL: url });
    expect(of("connections")).toMatchObject({ status: "warning", message: / of 9 connections/ });
  });
});

describe("the key", () => {
  it("of another database is found out, and so is one that is missing", async () => {
    const { db } = database;
    await verifyVault(db, createVault([{ version: 1, key }]));
    const wrong = await look({ TRIGRUN_ENCRYPTION_KEY: Buffer.alloc(32, 8).toString("hex") });
    expect(wrong.of("key")).toMatchObject({ status: "failed", message: /not the one of this/ });
    const missing = await look({ TRIGRUN_ENCRYPTION_KEY: "" });
    expect(missing.of("key")).toMatchObject({ status: "failed", message: /no encryption key/ });
    await writeFile(path.join(parent, "secret.key"), `${key.toString("hex")}\n`, { mode: 0o644 });
    const open = await look({ TRIGRUN_ENCRYPTION_KEY: "" }, parent);
    expect(open.of("key")).toMatchObject({ status: "failed", message: /chmod 600/ });
    expect(open.json + wrong.json).not.toContain(key.toString("hex"));
  });

  it("that does not open a row names the row", async () => {
    const { db } = database;
    await verifyVault(db, createVault([{ version: 1, key }]));
    const workspaceId = await insertWorkspace(db);
    const channelId = await insertChannelRow(db, { workspaceId, name: "c" });
    const elsewhere = createVault([{ version: 1, key }]).seal("another row", {});
    await db.run(sql`update channels set secrets = ${elsewhere} where id = ${channelId}`);
    const { of } = await look();
    expect(of("key")).toMatchObject({ status: "failed" });
    expect(of("key")?.message).toContain(`channels ${channelId}`);
  });
});

describe("nodes and work", () => {
  it("tell of a node that died, and of what nobody takes", async () => {
    const { db } = database;
    const workspaceId = await insertWorkspace(db);
    const jobId = await insertJobRow(db, { workspaceId });
    const scheduledFor = new Date(Date.now() - 120_000);
    await insertExecutionRow(db, { workspaceId, jobId, status: "queued", scheduledFor });
    const before = await look();
    expect(before.of("nodes")).toMatchObject({ status: "warning", message: /No node is alive/ });
    expect(before.of("work")).toMatchObject({ status: "warning", advice: /start one/ });
    await beat(db, "node_a", 3_600);
    await beat(db, "node_b", -60);
    const after = await look();
    expect(after.of("nodes")).toMatchObject({ status: "warning", message: /node_b/ });
    expect(after.of("nodes")?.message).toMatch(/^1 node is alive, 1 died/);
    expect(after.of("work")).toMatchObject({ status: "failed", message: /1 execution is due/ });
  });
});

describe("names and addresses", () => {
  it("of jobs are looked up, and told of where jobs may not go", async () => {
    const { db } = database;
    const workspaceId = await insertWorkspace(db);
    const id = await insertJobRow(db, { workspaceId, nextRunAt: new Date(Date.now() + 60_000) });
    const call = (url: string) =>
      db.run(sql`update jobs set request = ${JSON.stringify({ url })}::json where id = ${id}`);
    await call("http://localhost:1/path?token=the-token");
    const shut = await look();
    expect(shut.of("dns")).toMatchObject({ status: "warning", message: /TRIGRUN_ALLOW_NETWORKS/ });
    expect(shut.json).not.toContain("the-token");
    const open = await look({ TRIGRUN_ALLOW_NETWORKS: "127.0.0.0/8,::1/128" });
    expect(open.of("dns")).toMatchObject({ status: "ok", message: /1 name was looked up/ });
    // RFC 6761: no resolver finds anything below it.
    await call("http://nobody.invalid/");
    expect((await look()).of("dns")).toMatchObject({
      status: "failed",
      message: /nobody\.invalid/,
    });
  });

  it("lead to TrigRun, or not", async () => {
    let body = '{"status":"ok"}';
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end(body)));
    const TRIGRUN_PUBLIC_URL = far.url;
    expect((await look({ TRIGRUN_PUBLIC_URL })).of("public_url")?.status).toBe("ok");
    body = "<html>";
    const other = (await look({ TRIGRUN_PUBLIC_URL })).of("public_url");
    expect(other).toMatchObject({ status: "warning", message: /not TrigRun/ });
    await far.close();
    const gone = (await look({ TRIGRUN_PUBLIC_URL })).of("public_url");
    expect(gone).toMatchObject({ status: "warning", message: /ECONNREFUSED/ });
  });
});

describe("the mail server", () => {
  const TRIGRUN_SMTP_FROM = "cron@example.com";

  it("is asked for TLS and the login, and gets no mail", async () => {
    const smtp = await openSmtp({ secure: true, ...selfSigned, onAuth: takeLogin });
    const address = `127.0.0.1:${smtp.port}`;
    const trusting = `smtps://u:the-pass%20word@${address}?tls.rejectUnauthorized=false`;
    const good = await look({ TRIGRUN_SMTP_FROM, TRIGRUN_SMTP_URL: trusting });
    expect(good.of("smtp")).toMatchObject({
      status: "ok",
      message: /with TLS, and takes the login/,
    });
    const wrong = trusting.replace("word@", "wort@");
    const refused = await look({ TRIGRUN_SMTP_FROM, TRIGRUN_SMTP_URL: wrong });
    expect(refused.of("smtp")).toMatchObject({ status: "failed", message: /user or password/ });
    const TRIGRUN_SMTP_URL = `smtps://u:the-pass%20word@${address}`;
    const strange = await look({ TRIGRUN_SMTP_FROM, TRIGRUN_SMTP_URL });
    expect(strange.of("smtp")).toMatchObject({ status: "failed", message: /TLS with/ });
    const odd = await look({ TRIGRUN_SMTP_FROM, TRIGRUN_SMTP_URL: "smtp://u:the-pass@:x" });
    expect(odd.of("smtp")).toMatchObject({ status: "failed", message: /not an SMTP address/ });
    expect(smtp.commands).toEqual([]);
    expect(good.json + refused.json + strange.json).not.toContain("the-pass");
  });

  it("that takes the password without TLS, or asks for none, is warned of", async () => {
    const plain = await openSmtp({ hideSTARTTLS: true, onAuth: takeLogin });
    const open = await openSmtp({ hideSTARTTLS: true, disabledCommands: ["AUTH"] });
    const to = (port: number) => ({
      TRIGRUN_SMTP_FROM,
      TRIGRUN_SMTP_URL: `smtp://u:the-pass%20word@127.0.0.1:${port}`,
    });
    const readable = await look(to(plain.port));
    expect(readable.of("smtp")).toMatchObject({ status: "warning", message: /without TLS/ });
    const needless = await look(to(open.port));
    expect(needless.of("smtp")).toMatchObject({ status: "warning", message: /asks for no login/ });
  });
});

describe("the settings", () => {
  it("that are wrong are all that is told, each with its variable", async () => {
    const { of, diagnoses } = await look({ TRIGRUN_RUN_CONCURRENCY: "many", TRIGRUN_ODD: "1" });
    expect(of("settings")?.message).toMatch(/TRIGRUN_RUN_CONCURRENCY.*TRIGRUN_ODD/s);
    expect(diagnoses.filter(({ status }) => status === "skipped").length).toBeGreaterThan(10);
    const network = await look({ TRIGRUN_ALLOW_NETWORKS: "10.0.0.1/8" });
    expect(network.of("settings")).toMatchObject({ status: "failed", message: /10\.0\.0\.0\/8/ });
  });

  it("name no value", async () => {
    const { json } = await look({ TRIGRUN_METRICS_TOKEN: "a-token-of-the-metrics" });
    expect(json).toContain("TRIGRUN_METRICS_TOKEN");
    expect(json).not.toContain("a-token-of-the-metrics");
  });
});
