// `trigrun serve` and `trigrun work`: opens the database, starts the API (serve only) and the
// engine, and stops all of it in the opposite order. Nothing here decides anything about jobs.
import assert from "node:assert/strict";
import type { FastifyInstance } from "fastify";
import type { Services } from "./api/context.ts";
import { createApiServer } from "./api/server.ts";
import { createWatchServer } from "./api/watch-server.ts";
import { createPasswords } from "./auth/password.ts";
import { ensureBootstrapToken, ensureOwnerToken } from "./auth/token.ts";
import type { Config } from "./config.ts";
import { createEngine, type Engine } from "./engine.ts";
import { faultPoint, startFaultPoint } from "./fault-point.ts";
import type { Log } from "./log.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";
import { type StopStep, stopInOrder, stopTogether } from "./stop-in-order.ts";
import { type DatabaseClock, syncClock } from "./store/clock.ts";
import { pendingMigrations } from "./store/migrate.ts";
import { buryAll } from "./store/nodes.ts";
import { writeTokenFile } from "./store/token-file.ts";
import { createVault, type Vault, VaultRefused } from "./store/vault.ts";
import { followKeys, verifyVault } from "./store/vault-check.ts";
import { type KeySource, loadKeys } from "./store/vault-key.ts";
import { version } from "./version.ts";
import { type AddressGuard, createAddressGuard } from "./wire/address-guard.ts";

export interface ServeOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly host: string;
  /** Undefined for a `work` that listens to nobody. */
  readonly port: number | undefined;
  readonly log: Log;
  readonly nodeId: string;
  /** Aborted during the start, it goes no further, leaves nothing, and throws the reason. */
  readonly stopSignal: AbortSignal;
}

export interface Running {
  /** "http://127.0.0.1:7400"; undefined for a `work` that listens to nobody. */
  readonly url: string | undefined;
  /** The file that holds the first token, when this start made it. */
  readonly newTokenFile: string | undefined;
  onExit(callback: (reason: string) => void): void;
  stop(): Promise<void>;
}

/** What both programs stand on. */
interface Ground {
  readonly database: OpenDatabase;
  readonly clock: DatabaseClock;
  readonly vault: Vault;
  readonly guard: AddressGuard;
  readonly metrics: Metrics;
}

export async function serve(options: ServeOptions): Promise<Running> {
  const ground = await layGround(options, "trigrun serve");
  const { database, clock } = ground;
  const { log, stopSignal } = options;
  const late: LateParts = { app: undefined, engine: undefined, publicUrl: undefined };
  const stop = () => stopInOrder(toSteps(database, late, log), log);
  return orStop(stop, async () => {
    const newTokenFile = await ensureTokens(options.config, database, clock);
    late.app = createApiServer({
      services: toServices(options, ground, late),
      ping: () => database.db.ping(),
      pendingMigrations: () => pendingMigrations(database.db),
      ...{ log, version, metrics: ground.metrics },
    });
    stopSignal.throwIfAborted();
    const url = await listen(late.app, options);
    late.publicUrl = options.config.publicUrl ?? url;
    late.engine = toEngine(options, ground, late.publicUrl);
    await late.engine.start();
    return { url, newTokenFile, onExit: database.onExit, stop };
  });
}

export async function work(options: ServeOptions): Promise<Running> {
  const ground = await layGround(options, "trigrun work");
  const { database } = ground;
  const engine = toEngine(options, ground, options.config.publicUrl ?? "http://127.0.0.1:7400");
  const late: Pick<LateParts, "app"> = { app: undefined };
  const parts = () => ({ app: late.app, engine });
  const stop = () => stopInOrder(toSteps(database, parts(), options.log), options.log);
  return orStop(stop, async () => {
    const url = await listenForWatchers(options, ground, late);
    await engine.start();
    return { url, newTokenFile: undefined, onExit: database.onExit, stop };
  });
}

/** Where a port is given: nobody needs to reach a node that only works, but to look at it. */
async function listenForWatchers(
  options: ServeOptions,
  { database: { db }, metrics }: Ground,
  late: Pick<LateParts, "app">,
): Promise<string | undefined> {
  const { config, log, port } = options;
  if (port === undefined) return undefined;
  const checks = { ping: () => db.ping(), pendingMigrations: () => pendingMigrations(db) };
  late.app = createWatchServer({ ...checks, config, metrics, log });
  return await listen(late.app, { ...options, port });
}

/** A start that fails leaves nothing running, and its own failure is the one to be told. */
async function orStop<T>(stop: () => Promise<void>, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function layGround(options: ServeOptions, applicationName: string): Promise<Ground> {
  const { config, log } = options;
  const guard = createAddressGuard(config.allowNetworks);
  const database = await openDatabase({ ...options, applicationName });
  return orStop(database.close, async () => {
    options.stopSignal.throwIfAborted();
    // Nobody else can be using this database, so every lease in it is a dead process's.
    if (database.isOurs) await buryAll(database.db);
    const vault = await openVault(config, database);
    const clock = await syncClock(database.db);
    log.debug({ clock_error_ms: clock.errorMs }, "the clock follows the database");
    return { database, clock, vault, guard, metrics: createMetrics(version) };
  });
}

/** A wrong key is found here, not at the first credential that is needed. */
async function openVault(config: Config, { db, folder }: OpenDatabase): Promise<Vault> {
  const vault = createVault(await loadKeys(toKeySource(config, folder)));
  const refusal = await verifyVault(db, vault);
  if (refusal !== undefined) throw new VaultRefused(refusal);
  return vault;
}

function toKeySource({ encryptionKey }: Config, { keyFile }: OpenDatabase["folder"]): KeySource {
  return { encryptionKey, keyFile };
}

/** Parts that exist only once the port is known. */
interface LateParts {
  app: FastifyInstance | undefined;
  engine: Engine | undefined;
  publicUrl: string | undefined;
}

function toServices(options: ServeOptions, ground: Ground, late: LateParts): Services {
  const { database, clock, vault, guard } = ground;
  return {
    ...{ db: database.db, clock, config: options.config, vault, guard },
    passwords: createPasswords(),
    get publicUrl() {
      assert(late.publicUrl !== undefined, "asked before the port is known");
      return late.publicUrl;
    },
    testSend(input) {
      assert(late.engine !== undefined, "asked before the engine is made");
      return late.engine.testSend(input);
    },
    testRequest(input) {
      assert(late.engine !== undefined, "asked before the engine is made");
      return late.engine.testRequest(input);
    },
  };
}

function toEngine(options: ServeOptions, ground: Ground, publicUrl: string): Engine {
  const { database, clock, vault, guard, metrics } = ground;
  const { config, log, nodeId } = options;
  const { db, folder } = database;
  const load = () => loadKeys(toKeySource(config, folder));
  const follow = () => followKeys(db, vault, { nodeId, load });
  const common = { db, clock, config, vault, guard, log, nodeId, publicUrl, metrics };
  return createEngine({ ...common, followKeys: follow });
}

/** Makes the first token on an empty database, and keeps the bootstrap token as it is set. */
async function ensureTokens(
  config: Config,
  { db, folder }: OpenDatabase,
  clock: DatabaseClock,
): Promise<string | undefined> {
  await ensureBootstrapToken(db, config.bootstrapToken, clock.now());
  const token = await ensureOwnerToken(db, clock.now(), async (text) => {
    // For the owner's eyes alone; it is not printed, since what is printed ends in a log.
    await writeTokenFile(folder.tokenFile, text);
    faultPoint(startFaultPoint);
  });
  return token === undefined ? undefined : folder.tokenFile;
}

async function listen(app: FastifyInstance, { host, port }: ServeOptions): Promise<string> {
  await app.listen({ host, port: port ?? 0 });
  const address = app.server.address();
  assert(address !== null && typeof address === "object", "a TCP server has a port");
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}

// Answers under way are done well within it; what is still open then is idle or a stalled client.
const closeGraceMs = 3_000;

async function closeApi(app: FastifyInstance): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), closeGraceMs);
  await app.close().finally(() => clearTimeout(deadline));
}

interface Parts {
  readonly app?: FastifyInstance | undefined;
  readonly engine?: Engine | undefined;
}

function toSteps(database: OpenDatabase, { app, engine }: Parts, log: Log): StopStep[] {
  const fronts: StopStep[] = [
    ...(app ? [{ name: "the API", stop: () => closeApi(app) }] : []),
    ...(engine ? [{ name: "the engine", stop: () => engine.stop() }] : []),
  ];
  // Together: a client that keeps a connection open must not eat up the time to drain.
  return [stopTogether(fronts, log), { name: "the database", stop: () => database.close() }];
}
