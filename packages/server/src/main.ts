// The program `trigrun`: reads the command line and the settings, starts what is asked for, and
// turns signals into a clean end. Every failure leaves as one sentence for the operator.
import { Command, InvalidArgumentError, Option } from "commander";
import { createResetLink } from "./auth/link.ts";
import { createToken } from "./auth/token.ts";
import { type Config, readConfig, WrongSettings } from "./config.ts";
import { createLog } from "./create-log.ts";
import { newId } from "./id.ts";
import type { Log } from "./log.ts";
import { joinDatabase } from "./open-database.ts";
import { type Running, type ServeOptions, serve, work } from "./serve.ts";
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

// npm and a terminal both pass the same Ctrl-C on; only one that comes later means "do not wait".
const secondSignalMs = 2_000;

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
    const signalled = untilSignal();
    const running = await serve(options);
    process.stdout.write(`listening on ${running.url}\n`);
    if (running.newTokenFile !== undefined) announceToken(running.newTokenFile);
    await untilStopped(running, signalled, options.log);
  });

program
  .command("work")
  .description("run planner, runner and sender only, on the PostgreSQL of DATABASE_URL")
  .addOption(dataDir)
  .action(async (flags: CommonFlags) => {
    const options = toServeOptions(flags, { host: "", port: 0 });
    if (options.config.databaseUrl === undefined) {
      throw new WrongSettings("DATABASE_URL is not set. `work` shares the database of a `serve`.");
    }
    const signalled = untilSignal();
    const running = await work(options);
    process.stdout.write("working\n");
    await untilStopped(running, signalled, options.log);
  });

program
  .command("migrate")
  .description("bring the database to the schema of this version")
  .addOption(dataDir)
  .action(async (flags: CommonFlags) => {
    const { config, log } = readSettings();
    const database = await joinDatabase({ config, log, ...flags, applicationName: "trigrun" });
    process.stdout.write("The database is up to date.\n");
    await database.close();
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
    const { config, log } = readSettings();
    const database = await joinDatabase({ config, log, ...flags, applicationName: "trigrun" });
    try {
      const now = (await syncClock(database.db)).now();
      const { token } = await database.db.transaction(async (tx) => {
        const { id: workspaceId } = await ensureFirstWorkspace(tx, now);
        return createToken(tx, { workspaceId, name: flags.name, role: flags.role, now });
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
      const link = await createResetLink(database.db, { email, publicUrl, now });
      if (link === undefined) throw new WrongSettings(`Nobody here has the address ${email}.`);
      process.stdout.write(`${link}\n`);
    } finally {
      await database.close();
    }
  });

function readSettings(): { config: Config; log: Log } {
  const config = readConfig(process.env);
  return { config, log: createLog(config.logLevel) };
}

function toServeOptions(
  { dataDir }: CommonFlags,
  { host, port }: { host: string; port: number },
): ServeOptions {
  const { config, log } = readSettings();
  const nodeId = newId("node", new Date());
  return { config, log, dataDir, host, port, nodeId };
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

/** Listens from before the start, so that a signal in its middle leaves no PostgreSQL behind. */
function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
}

async function untilStopped(running: Running, signalled: Promise<string>, log: Log): Promise<void> {
  const ended = new Promise<string>((resolve) => {
    running.onExit((why) => {
      process.exitCode = 1;
      resolve(why);
    });
  });
  const reason = await Promise.race([signalled, ended]);
  log.info({ reason }, "stopping: what runs may end");
  const stoppingSince = performance.now();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (performance.now() - stoppingSince > secondSignalMs) process.exit(1);
    });
  }
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
