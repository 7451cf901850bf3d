// Runs the built `cronctl` as a person would, on this very terminal, so that its output is seen as
// it is. The demo fails when it fails.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DemoFailed } from "./demo-failed.ts";
import type { Narrator } from "./narrator.ts";
import type { Server } from "./server.ts";

export interface CronctlOptions {
  readonly server: Server;
  /** An empty folder, so that nobody's stored login plays a part. */
  readonly home: string;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

const program = fileURLToPath(new URL("../../packages/cli/bin/cronctl.js", import.meta.url));

export async function runCronctl(options: CronctlOptions, args: readonly string[]): Promise<void> {
  const { server, home, narrator, signal } = options;
  narrator.gap();
  narrator.print(narrator.paint("strong", `$ ${toCommandLine(args)}`));
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, HOME: home, CRON_API_URL: server.url, CRON_TOKEN: server.token },
    stdio: ["ignore", "inherit", "inherit"],
    signal,
  });
  const ending = narrator.makeRoomFor(
    () =>
      new Promise<string>((resolve) => {
        child.once("error", (error) => resolve(error.message));
        child.once("close", (code) => resolve(`exit code ${code}`));
      }),
  );
  const how = await ending;
  signal.throwIfAborted();
  narrator.gap();
  if (how !== "exit code 0") {
    throw new DemoFailed([`\`${toCommandLine(args)}\` ended with ${how}.`]);
  }
}

// The width of the headings and some; what is longer gets a line for each option.
const columnsMax = 90;

function toCommandLine(args: readonly string[]): string {
  const line = ["cronctl", ...args.map(quote)].join(" ");
  return line.length <= columnsMax ? line : line.replaceAll(" --", " \\\n    --");
}

function quote(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
