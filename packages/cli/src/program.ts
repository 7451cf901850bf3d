// One run of cronctl: arguments in, an exit code out. It never throws.
// It is the only place that turns an error into text.
import { CommanderError } from "commander";
import { neutralise, toSafeJson } from "./display.ts";
import { CliError, type Report, toReport, toSentences } from "./errors.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import type { Run } from "./leaf.ts";
import { hasColors, toPaint } from "./palette.ts";
import type { Surroundings } from "./surroundings.ts";
import { buildTree } from "./tree.ts";

/** Runs one command line, without the program's own name. Never throws. */
export async function runCronctl(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const run: Run = { surroundings };
  const refusal: string[] = [];
  try {
    if (argv[0] === "__complete") return await complete(argv.slice(1), run);
    const program = buildTree(run, refusal);
    await program.parseAsync(toCommandLine(argv), { from: "user" });
    return run.session?.exitCode ?? exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return endByCommander(error, argv, run, refusal);
    const report =
      surroundings.signal.aborted && !(error instanceof CliError)
        ? {
            exitCode: exitCodes.interrupted,
            code: "interrupted",
            message: "Interrupted.",
            details: [],
          }
        : toReport(error, run.session?.circumstances ?? {});
    tell(report, run, argv);
    return report.exitCode;
  }
}

/** `cronctl help jobs list` means `cronctl jobs list --help`. */
function toCommandLine(argv: readonly string[]): string[] {
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : [...argv];
}

async function complete(words: readonly string[], run: Run): Promise<ExitCode> {
  const { completeWords } = await import("./completion.ts");
  const candidates = await completeWords(words, run);
  for (const { value, description } of candidates) {
    run.surroundings.stdout.write(`${value}\t${description}\n`);
  }
  return exitCodes.ok;
}

/** Help and version end here too: commander throws to stop. */
function endByCommander(
  error: CommanderError,
  argv: readonly string[],
  run: Run,
  refusal: readonly string[],
): ExitCode {
  if (error.exitCode === 0) return exitCodes.ok;
  const isHelp = error.code === "commander.help";
  if (isHelp && argv.every((word) => word.startsWith("-"))) {
    run.surroundings.stdout.write(refusal.join(""));
    return exitCodes.ok;
  }
  const message = isHelp ? "A command is missing." : error.message.replace(/^error: /, "");
  if (wantsJson(argv)) {
    tell({ exitCode: exitCodes.usage, code: "usage", message, details: [] }, run, argv);
  } else {
    const lines = refusal.join("").trimEnd().split("\n");
    run.surroundings.stderr.write(`${lines.map(neutralise).join("\n")}\n`);
  }
  return exitCodes.usage;
}

/** Asked before the command line is understood: usage errors are told as JSON as well. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

function tell(report: Report, run: Run, argv: readonly string[]): void {
  const { surroundings } = run;
  const { code, message, details } = report;
  if (run.session?.isJson ?? wantsJson(argv)) {
    surroundings.stderr.write(`${toSafeJson({ error: { code, message, details } })}\n`);
    return;
  }
  const isColored = hasColors(surroundings.env, surroundings.stderr, !argv.includes("--no-color"));
  const error = toPaint(isColored)("bad", "error:");
  surroundings.stderr.write(`${error} ${toSentences(report).join("\n")}\n`);
}
