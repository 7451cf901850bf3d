// `trigrun doctor`: looks at an installation, running or not, and says of each thing whether it is
// as it has to be, what was measured and what to do. It changes nothing: it makes no folder, no key
// and no schema, and sends no mail.
import { constants } from "node:fs";
import { access, realpath, statfs } from "node:fs/promises";
import path from "node:path";
import { type Config, readConfig, sendsMail, settings, WrongSettings } from "./config.ts";
import {
  type CheckName,
  checkNames,
  type Diagnosis,
  type Finding,
  failed,
  ok,
  warning,
} from "./diagnosis.ts";
import type { Log } from "./log.ts";
import { type VisitedDatabase, visitDatabase } from "./open-database.ts";
import { syncClock } from "./store/clock.ts";
import { DatabaseUnavailable } from "./store/db.ts";
import { pendingMigrations, readHistory } from "./store/migrate.ts";
import { refuseUnfitPooler } from "./store/pooler.ts";
import { lookAtQueues } from "./store/queue-look.ts";
import {
  countMailChannels,
  readConnectionsLeft,
  readJobUrls,
  readNodes,
  readServer,
  tryNotice,
  trySealed,
} from "./store/server-facts.ts";
import { createVault } from "./store/vault.ts";
import { findRefusal, readChecks } from "./store/vault-check.ts";
import { findKeys } from "./store/vault-key.ts";
import * as symptoms from "./symptoms.ts";
import { type AddressGuard, createAddressGuard } from "./wire/address-guard.ts";
import { checkMailServer } from "./wire/mail-check.ts";
import { lookUp, nameServers, readPublicHealth } from "./wire/reach.ts";

export interface DoctorOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly log: Log;
  readonly stopSignal?: AbortSignal;
}

// Each step of a check: what has not answered by then is not there. As long as a new connection to
// the database gets.
const limitMs = 5_000;
// A notice takes a millisecond; the next look of a loop would find the work within this anyhow.
const noticeMs = 2_000;
// The newest values of each kind: they were written with the key that is in use.
const sealedMax = 50;
// The addresses that most jobs have, and the names in them; each is asked for once.
const urlsMax = 500;
const namesMax = 20;

/** What the checks stand on. */
interface Ground {
  readonly config: Config;
  readonly guard: AddressGuard;
  readonly options: DoctorOptions;
}

/** What several checks need of the database; undefined where it was not to be had. */
interface Facts {
  readonly living: number | undefined;
  readonly jobUrls: readonly string[];
  readonly mailChannels: number | undefined;
}

type Found = Partial<Record<CheckName, Finding>>;

interface Inside {
  readonly found: Found;
  readonly facts: Partial<Facts>;
  /** Why the rest could not be looked at; empty where it was. */
  readonly absence: string;
}

export async function examine(options: DoctorOptions): Promise<Diagnosis[]> {
  const read = readSettings(options.environment);
  if ("problem" in read) return toDiagnoses({ settings: read.problem }, "the settings are wrong");
  const { config, guard } = read;
  const opened = await open(config, options);
  const { database, absence } = opened;
  const ground: Ground = { config, guard, options };
  try {
    const facts: Facts = { living: undefined, jobUrls: [], mailChannels: undefined };
    const inside = database && (await examineDatabase(ground, database));
    const around = await examineSurroundings(ground, { ...facts, ...inside?.facts });
    const found = { settings: read.finding, ...opened.found, ...around, ...inside?.found };
    return toDiagnoses(found, inside?.absence ?? absence);
  } finally {
    await database?.close();
  }
}

function toDiagnoses(found: Found, absence: string): Diagnosis[] {
  return checkNames.flatMap((name) => {
    // Only where a pooler is spoken of.
    if (name === "pooler" && found.pooler === undefined) return [];
    return [{ name, ...(found[name] ?? symptoms.notLookedAt(absence)) }];
  });
}

function readSettings(
  environment: DoctorOptions["environment"],
): { config: Config; guard: AddressGuard; finding: Finding } | { problem: Finding } {
  try {
    const config = readConfig(environment);
    const guard = createAddressGuard(config.allowNetworks);
    const names = Object.values(settings)
      .map(({ variable }) => variable)
      .filter((variable) => (environment[variable] ?? "") !== "");
    const set = names.length === 0 ? "none is set" : `set are ${names.join(", ")}`;
    const message = `All settings can be read; ${set}.`;
    if (config.databaseDirectUrl === undefined || config.databaseUrl !== undefined) {
      return { config, guard, finding: ok(message) };
    }
    const advice = "Set DATABASE_URL as well, or take it away.";
    const odd = `${message} DATABASE_DIRECT_URL does nothing without DATABASE_URL.`;
    return { config, guard, finding: warning(odd, advice) };
  } catch (error) {
    const advice = "docs/operating/configuration.md has all settings.";
    if (error instanceof WrongSettings) return { problem: failed(error.message, advice) };
    // The guard's sentence about a network.
    return { problem: failed(toMessage(error), advice) };
  }
}

async function open(
  config: Config,
  options: DoctorOptions,
): Promise<{ database: VisitedDatabase | undefined; absence: string; found: Found }> {
  const applicationName = "trigrun doctor";
  try {
    const database = await visitDatabase({ ...options, config, applicationName });
    if (database !== undefined) return { database, absence: "", found: {} };
    const finding = warning(
      `There is no database in ${options.dataDir} yet.`,
      "The first start of `trigrun serve` makes it. If there was one, check --data-dir.",
    );
    return { database, absence: "there is no database yet", found: { database: finding } };
  } catch (error) {
    options.stopSignal?.throwIfAborted();
    return { database: undefined, ...unavailable(config, error) };
  }
}

function unavailable(config: Config, error: unknown): { absence: string; found: Found } {
  const advice =
    config.databaseUrl === undefined
      ? "The log of PostgreSQL, on standard error, says more."
      : "Check DATABASE_URL, that the server runs, and that this machine may reach it.";
  const absence = "the database does not answer";
  return { absence, found: { database: failed(toMessage(error), advice) } };
}

async function examineDatabase(
  { config, options }: Ground,
  { db, server }: VisitedDatabase,
): Promise<Inside> {
  let database: Finding;
  try {
    database = await checkServer(db, server);
  } catch (error) {
    options.stopSignal?.throwIfAborted();
    return { ...unavailable(config, error), facts: {} };
  }
  const hasDirectUrl = config.databaseDirectUrl !== undefined;
  const outer: Found = {
    database,
    connections: await attempt(async () =>
      symptoms.judgeConnections({ ...(await readConnectionsLeft(db)), pool: config.databasePool }),
    ),
    ...(hasDirectUrl ? { pooler: await attempt(() => checkPooler(db)) } : {}),
    notices: await attempt(async () =>
      symptoms.judgeNotices(await tryNotice(db, noticeMs), hasDirectUrl),
    ),
    clock: await attempt(async () => {
      const clock = await syncClock(db);
      return symptoms.judgeClock(Date.now() - clock.now().getTime(), clock.errorMs);
    }),
  };
  const inner = await examineSchema({ db, config, dataDir: options.dataDir });
  return { ...inner, found: { ...outer, ...inner.found }, absence: "" };
}

async function checkServer(
  db: VisitedDatabase["db"],
  server: VisitedDatabase["server"],
): Promise<Finding> {
  const what = {
    outside: "The PostgreSQL of DATABASE_URL",
    running: "The built-in PostgreSQL",
    started: "The built-in PostgreSQL, started for this look",
  }[server];
  // So that the time is that of a question, without the connection.
  await db.ping();
  const begunMs = performance.now();
  await db.ping();
  const ms = performance.now() - begunMs;
  return symptoms.judgeServer({ ...(await readServer(db)), what, ms });
}

async function checkPooler(db: VisitedDatabase["db"]): Promise<Finding> {
  try {
    await refuseUnfitPooler(db);
    return ok("The role behind DATABASE_URL brings the settings that a pooler does not pass on.");
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error;
    return failed(error.message, "A start is refused until then.");
  }
}

/** What the tables of this version tell. */
async function examineSchema({
  db,
  config,
  dataDir,
}: {
  readonly db: VisitedDatabase["db"];
  readonly config: Config;
  readonly dataDir: string;
}): Promise<Pick<Inside, "found" | "facts">> {
  let pending: string[] | undefined;
  const schema = await attempt(async () => {
    pending = await pendingMigrations(db);
    return symptoms.judgeSchema(pending, (await readHistory(db)).length === 0);
  });
  if (pending === undefined || pending.length > 0) {
    const skip = symptoms.notLookedAt("the database does not have this version's schema");
    return { found: { schema, key: skip, nodes: skip, work: skip }, facts: {} };
  }
  const facts: { -readonly [K in keyof Facts]?: Facts[K] } = {};
  const found: Found = {
    schema,
    key: await attempt(() => checkKey(db, config, dataDir)),
    nodes: await attempt(async () => {
      const nodes = await readNodes(db);
      facts.living = nodes.living;
      facts.jobUrls = await readJobUrls(db, urlsMax);
      facts.mailChannels = await countMailChannels(db);
      return symptoms.judgeNodes(nodes);
    }),
    work: await attempt(async () => {
      const { queues, plannerLagMs } = await lookAtQueues(db);
      return symptoms.judgeWork({ ...queues, plannerLagMs }, facts.living ?? 0);
    }),
  };
  return { found, facts };
}

async function checkKey(
  db: VisitedDatabase["db"],
  { encryptionKey }: Config,
  dataDir: string,
): Promise<Finding> {
  const keyFile = path.join(dataDir, "secret.key");
  const checks = await readChecks(db);
  const keys = await findKeys({ encryptionKey, keyFile });
  if (keys === undefined) {
    const message =
      "There is no encryption key: TRIGRUN_ENCRYPTION_KEY is not set, and " +
      `${keyFile} is not there.`;
    if (checks.length > 0) {
      const back = "Put back the one that this database was used with";
      return failed(message, `${back} (docs/operating/encryption-key.md).`);
    }
    return warning(message, "The first start makes one in that file.");
  }
  const vault = createVault(keys);
  const refusal = findRefusal(checks, vault);
  if (refusal !== undefined) {
    return failed(refusal, "docs/operating/encryption-key.md says where a key can be.");
  }
  return symptoms.judgeSealed({
    ...(await trySealed(db, vault, sealedMax)),
    versions: vault.versions,
    isInUse: checks.length > 0,
  });
}

async function examineSurroundings(ground: Ground, facts: Facts): Promise<Found> {
  const { config } = ground;
  const [disk, dns, smtp, publicUrl] = await Promise.all([
    attempt(() => checkDisk(ground)),
    attempt(() => checkHosts(ground, facts)),
    attempt(() => checkMail(config, facts)),
    attempt(() => checkPublicUrl(config, facts)),
  ]);
  return { disk, dns, smtp, public_url: publicUrl };
}

async function checkDisk({ config, options }: Ground): Promise<Finding> {
  const holdsDatabase = config.databaseUrl === undefined;
  const dir = await realpath(options.dataDir).catch(() => undefined);
  if (dir === undefined) {
    const message = `The data folder ${options.dataDir} is not there.`;
    if (!holdsDatabase && config.encryptionKey !== undefined)
      return ok(`${message} None is needed.`);
    return warning(message, "The first start makes it. If there was one, check --data-dir.");
  }
  const { bavail, bsize } = await statfs(dir);
  const isWritable = await access(dir, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  return symptoms.judgeDisk({ dir, freeBytes: bavail * bsize, isWritable, holdsDatabase });
}

async function checkHosts({ config, guard }: Ground, facts: Facts): Promise<Finding> {
  const ofJobs = new Set(facts.jobUrls.flatMap(toName).slice(0, namesMax));
  const ours = [config.smtpUrl, config.publicUrl].flatMap((url) => toName(url ?? ""));
  const names = [...new Set([...ours, ...ofJobs])].slice(0, namesMax);
  const answers = await Promise.all(names.map((name) => lookUp(name, limitMs)));
  const looked = answers.map((answer) => ({
    ...answer,
    refusal: ofJobs.has(answer.name) ? refusalOf(answer.addresses ?? [], guard) : undefined,
  }));
  return symptoms.judgeNames(looked, nameServers());
}

/** The name of a host; none for an address, which nobody looks up. */
function toName(url: string): string[] {
  if (!URL.canParse(url)) return [];
  const { hostname } = new URL(url);
  const isAddress = hostname.startsWith("[") || /^\d+(?:\.\d+){3}$/.test(hostname);
  return hostname === "" || isAddress ? [] : [hostname];
}

function refusalOf(addresses: readonly string[], guard: AddressGuard): string | undefined {
  const refusals = addresses.map((address) => guard.refusal(address));
  return refusals.every((refusal) => refusal !== undefined) ? refusals[0] : undefined;
}

async function checkMail(config: Config, { mailChannels }: Facts): Promise<Finding> {
  const { smtpUrl, smtpFrom } = config;
  if (smtpUrl === undefined || smtpFrom === undefined) {
    return symptoms.judgeMailSettings({
      ...{ hasUrl: smtpUrl !== undefined, hasFrom: smtpFrom !== undefined },
      channels: mailChannels,
    });
  }
  const check = await checkMailServer(smtpUrl, limitMs);
  if (check.kind === "answered") return symptoms.judgeMail(check);
  return failed(check.message, "Mail waits meanwhile, and is tried again. Check TRIGRUN_SMTP_URL.");
}

async function checkPublicUrl(config: Config, { living }: Facts): Promise<Finding> {
  const { publicUrl: url } = config;
  const isShared = sendsMail(config) || config.databaseUrl !== undefined;
  const answer = url === undefined ? undefined : await readPublicHealth(url, limitMs);
  return symptoms.judgePublicUrl({ url, answer, living, isShared });
}

/** A check that cannot be made has failed, with the reason for it. */
async function attempt(check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    return failed(toMessage(error), "This could not be checked.");
  }
}

function toMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
