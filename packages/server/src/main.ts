// The program `trigrun`: reads the command line and the settings, starts what is asked for, and
// turns signals into a clean end. Every failure leaves as one sentence for the operator.
import { Command, InvalidArgumentError, Option } from "commander";
import { createResetLink } from "./auth/link.ts";
import { createHostToken } from "./auth/token.ts";
import { backUp, findBackup, restore } from "./backup-file.ts";
import { type Config, readConfig, WrongSettings } from "./config.ts";
import { createLog } from "./create-log.ts";
import { hasFailed, toJson, toText } from "./diagnosis.ts";
import { examine } from "./doctor.ts";
import { newId } from "./id.ts";
import type { Log } from "./log.ts";
import { joinDatabase, type OpenDatabase } from "./open-database.ts";
import { changeKey } from "./rotate.ts";
import { type Running, type ServeOptions, serve, work } from "./serve.ts";
import { StopFailed } from "./stop-in-order.ts";
import { listenForStop, StopRequested } from "./stop-request.ts";
import { BackupRefused } from "./store/backup-text.ts";
import { syncClock } from "./store/clock.ts";
import { DataFolderRefused } from "./store/data-folder.ts";
import { DatabaseUnavailable } from "./store/db.ts";
import { EmbeddedPostgresError } from "./store/embedded-postgres.ts";
import { MigrationRefused } from "./store/migrate.ts";
import { VaultRefused } from "./store/vault.ts";
import { KeyRefused } from "./store/vault-key.ts";
import { ensureFirstWorkspace } from "./store/workspaces.ts";
import { version } from "./version.ts";

interface CommonFlags {
  readonly dataDir: string;
}

// 7400: free in the registry of well-known services and easy to remember.
const portDefault = 7400;

// For the whole life: a signal in the middle of the start must leave no PostgreSQL behind. What
// this process has started is ended when it exits, however it comes to that.
const stopSignal = listenForStop({
  source: process,
  endAtOnce: () => process.exit(1),
  nowMs: () => performance.now(),
});

const dataDir = new Option("--data-dir <folder>", "where the database and the keys live")
  .default("./data")
  .env("TRIGRUN_DATA_DIR");

const program = new Command("trigrun")
  .description("Self-hosted cron: HTTP jobs on a schedule, every result told and tracked.")
  .version(version)
  .showHelpAfterError();

program
  .command("serve")
  .description("run everything: API, planner, runner and sender")
  .addOption(dataDir)
  .option("--host <address>", "the address to listen on", "127.0.0.1")
  .option("--port <port>", "the port to listen on, 0 for any free one", toPort, portDefault)
  .action(async (flags: CommonFlags & { host: string; port: number }) => {
    const options = toServeOptions(flags, flags);
    const running = await unlessStopped(serve(options));
    process.stdout.write(`listening on ${running.url}\n`);
    if (running.newTokenFile !== undefined) announceToken(running.newTokenFile);
    await untilStopped(running, options.log);
  });

program
  .command("work")
  .description("run planner, runner and sender only, on the PostgreSQL of DATABASE_URL")
  .addOption(dataDir)
  .option("--host <address>", "the address to listen on, where a port is given", "127.0.0.1")
  .option("--port <port>", "answers /metrics, /healthz and /readyz there; left out, none", toPort)
  .action(async (flags: CommonFlags & { host: string; port?: number }) => {
    const options = toServeOptions(flags, { host: flags.host, port: flags.port });
    if (options.config.databaseUrl === undefined) {
      throw new WrongSettings("DATABASE_URL is not set. `work` shares the database of a `serve`.");
    }
    const running = await unlessStopped(work(options));
    const where = running.url === undefined ? "" : `, watched on ${running.url}`;
    process.stdout.write(`working${where}\n`);
    await untilStopped(running, options.log);
  });

program
  .command("migrate")
  .description("bring the database to the schema of this version")
  .addOption(dataDir)
  .action(async (flags: CommonFlags) => {
    const database = await join(flags);
    process.stdout.write("The database is up to date.\n");
    await database.close();
  });

program
  .command("doctor")
  .description("look whether all is well, change nothing; ends with 1 when something has failed")
  .addOption(dataDir)
  .option("--json", "for programs")
  .action(async ({ dataDir, json }: CommonFlags & { json?: true }) => {
    // Only what has gone wrong is of interest beside what the doctor says.
    const log = createLog("warn");
    const diagnoses = await examine({ environment: process.env, dataDir, log, stopSignal });
    process.stdout.write(json === true ? toJson(version, diagnoses) : toText(diagnoses));
    if (hasFailed(diagnoses)) process.exitCode = 1;
  });

program
  .command("rotate-key")
  .description("encrypt everything with a new key, while nodes run, and say which one may go")
  .addOption(dataDir)
  .action(async (flags: CommonFlags) => {
    const { config } = readSettings();
    const database = await join(flags);
    try {
      await changeKey(database, config, (sentence) => process.stdout.write(`${sentence}\n`));
    } finally {
      await database.close();
    }
  });

const say = (sentence: string) => process.stderr.write(`${sentence}\n`);

program
  .command("backup")
  .description("write all data into a file, while nodes run (- for standard output)")
  .argument("<file>")
  .addOption(dataDir)
  .action(async (file: string, flags: CommonFlags) => {
    const { config } = readSettings();
    const database = await join(flags, { isSchemaKept: true });
    try {
      await unlessCut(backUp(database, file, { config, say, stopSignal }));
    } finally {
      await database.close();
    }
  });

program
  .command("restore")
  .description("put a backup into an empty database (- for standard input)")
  .argument("<file>")
  .addOption(dataDir)
  .option("--without-key", "also where the encryption key is not at hand")
  .action(async (file: string, flags: CommonFlags & { withoutKey?: true }) => {
    const { config } = readSettings();
    await findBackup(file);
    const database = await join(flags, { isSchemaKept: true });
    const isKeyNeeded = flags.withoutKey !== true;
    try {
      await unlessCut(restore(database, file, { config, say, stopSignal, isKeyNeeded }));
    } finally {
      await database.close();
    }
  });

program
  .command("token")
  .description("API tokens")
  .command("create")
  .description("make a token and print it, this once")
  .addOption(dataDir)
  .option("--name <name>", "what the token is for", "made on the host")
  .addOption(
    new Option("--role <role>", "what it may do")
      .choices(["member", "admin", "owner"])
      .default("owner"),
  )
  .action(async (flags: CommonFlags & { name: string; role: "member" | "admin" | "owner" }) => {
    const database = await join(flags);
    try {
      const now = (await syncClock(database.db)).now();
      const { name, role } = flags;
      const token = await database.db.transaction(async (tx) => {
        const { id: workspaceId } = await ensureFirstWorkspace(tx, now);
        const command = "trigrun token create";
        return createHostToken(tx, { workspaceId, name, role, command, now });
      });
      process.stdout.write(`${token}\n`);
    } finally {
      await database.close();
    }
  });

program
  .command("account")
  .description("accounts of people")
  .command("reset-link <email>")
  .description("print a link that sets a new password, for an installation without mail")
  .addOption(dataDir)
  .action(async (email: string, flags: CommonFlags) => {
    const { config, log } = readSettings();
    const database = await joinDatabase({ config, log, ...flags, applicationName: "trigrun" });
    try {
      const now = (await syncClock(database.db)).now();
      const publicUrl = config.publicUrl ?? `http://127.0.0.1:${portDefault}`;
      const link = await database.db.transaction((tx) =>
        createResetLink(tx, { email, publicUrl, now }),
      );
      if (link === undefined) throw new WrongSettings(`Nobody here has the address ${email}.`);
      process.stdout.write(`${link}\n`);
    } finally {
      await database.close();
    }
  });

function readSettings(nodeId?: string): { config: Config; log: Log } {
  const config = readConfig(process.env);
  return { config, log: createLog(config.logLevel, nodeId) };
}

function toServeOptions(
  { dataDir }: CommonFlags,
  { host, port }: { host: string; port: number | undefined },
): ServeOptions {
  const nodeId = newId("node", new Date());
  const { config, log } = readSettings(nodeId);
  return { config, log, dataDir, host, port, nodeId, stopSignal };
}

function join(
  { dataDir }: CommonFlags,
  how: { isSchemaKept?: boolean } = {},
): Promise<OpenDatabase> {
  const settings = readSettings();
  return joinDatabase({ ...settings, ...how, dataDir, stopSignal, applicationName: "trigrun" });
}

function toPort(value: string): number {
  const port = Number(value);
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

function announceToken(file: string): void {
  process.stdout.write(
    `\nFirst start: the owner's token is in ${file} (only you can read it). Log in with\n` +
      `  npx cronctl login --token-file ${file}\n\n`,
  );
}

/** A server that is asked to stop in its start has done so: no failure, as it is one elsewhere. */
async function unlessStopped(start: Promise<Running>): Promise<Running> {
  try {
    return await start;
  } catch (error) {
    if (error instanceof StopRequested) process.exit();
    throw error;
  }
}

/** What a signal cuts off fails in many ways; that it was asked to stop is what there is to say. */
async function unlessCut(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    stopSignal.throwIfAborted();
    throw error;
  }
}

async function untilStopped(running: Running, log: Log): Promise<void> {
  const reason = await new Promise<string>((resolve) => {
    const onStop = () => resolve(toSentence(stopSignal.reason));
    if (stopSignal.aborted) onStop();
    stopSignal.addEventListener("abort", onStop, { once: true });
    running.onExit((why) => {
      process.exitCode = 1;
      resolve(why);
    });
  });
  log.info({ reason }, "stopping: what runs may end");
  await running.stop();
  log.info({}, "stopped");
}

/** Failures that are the operator's to mend: their message is all there is to say. */
const plainFailures = [
  WrongSettings,
  DataFolderRefused,
  EmbeddedPostgresError,
  MigrationRefused,
  VaultRefused,
  KeyRefused,
  DatabaseUnavailable,
  StopRequested,
  StopFailed,
  BackupRefused,
];

function toSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (plainFailures.some((kind) => error instanceof kind)) return error.message;
  if ("code" in error && error.code === "EADDRINUSE") {
    return "The port is taken by another program. Choose another with --port.";
  }
  return error.stack ?? error.message;
}

try {
  await program.parseAsync();
  // Nothing may keep the process alive once its work is done.
  process.exit();
} catch (error) {
  process.stderr.write(`trigrun: ${toSentence(error)}\n`);
  process.exit(1);
}
