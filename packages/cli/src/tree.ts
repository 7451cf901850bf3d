// The command tree. Its first level is there at once; what is below is loaded when it is chosen.
import { Command } from "commander";
import { entries } from "./entries.ts";
import { exitCodeMeanings, exitCodes } from "./exit-codes.ts";
import { addGlobalFlags } from "./global-flags.ts";
import { defaultUrl, version } from "./identity.ts";
import type { Run } from "./leaf.ts";
import { hasColors } from "./palette.ts";

/** The tree, with the commands of the first level not yet loaded. */
export function buildTree(run: Run, refusal: string[] = []): Command {
  const { stdout, env } = run.surroundings;
  const program = new Command("cronctl");
  program
    .description("The client of TrigRun: jobs, their executions, and who is told about them.")
    .version(version, "-V, --version", "print the version")
    .enablePositionalOptions()
    .helpCommand(false)
    .showHelpAfterError("Run `cronctl --help`.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // Kept back: with --json a refusal is told as JSON.
      writeErr: (text) => refusal.push(text),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stdout.columns ?? 80,
      getOutHasColors: () => hasColors(env, stdout, true),
      getErrHasColors: () => false,
    })
    .configureHelp({ showGlobalOptions: false })
    .addHelpText("after", () => `\n${epilogue()}`);
  addGlobalFlags(program);
  for (const entry of entries) {
    program
      .command(entry.name)
      .description(entry.description)
      .helpCommand(false)
      .showHelpAfterError(`Run \`cronctl ${entry.name} --help\`.`);
  }
  program.hook("preSubcommand", async (_, command) => loadEntry(command, run));
  return program;
}

/** Gives a command of the first level all that is below it. */
export async function loadEntry(command: Command, run: Run): Promise<void> {
  const entry = entries.find(({ name }) => name === command.name());
  if (entry === undefined) return;
  const define = await entry.load();
  define(command, run);
}

function epilogue(): string {
  const codes = Object.entries(exitCodes).map(([key, code]) => {
    // The keys are those of `exitCodes`.
    return `  ${String(code).padStart(3)}  ${exitCodeMeanings[key as keyof typeof exitCodes]}`;
  });
  return [
    "Wherever a command takes a job, a channel or a secret, its name will do.",
    "",
    "Examples:",
    "  cronctl login",
    '  cronctl jobs create --name backup --url https://example.com/backup --cron "0 2 * * *"',
    "  cronctl channels create --name ops --type webhook --url https://example.com/hook",
    "  cronctl rules add backup --channel ops --event on_failure",
    "  cronctl deliveries list --status failed",
    "",
    "Environment:",
    `  CRON_API_URL   address of TrigRun (also TRIGRUN_API_URL; default ${defaultUrl})`,
    "  CRON_TOKEN     API token (also TRIGRUN_TOKEN; else that of `cronctl login`)",
    "  NO_COLOR       plain text",
    "",
    "Exit codes:",
    ...codes,
  ].join("\n");
}
