// Everything that can be checked without a database, in seconds: the command before every commit.
// It stops at the first failure and says how to mend it; it changes no file.
import { checkBoundaries } from "./boundaries.ts";
import { runCommand } from "./command.ts";
import type { Counts } from "./counts.ts";
import { formatCounts, noCounts, oneFailure } from "./counts.ts";
import type { Finding } from "./finding.ts";
import { formatFindings } from "./finding.ts";
import { isProgram, readRepository, readSources } from "./repository.ts";
import { runTests } from "./run-tests.ts";
import { tidy } from "./tidy.ts";

interface Result {
  readonly isOk: boolean;
  /** Shown when the step fails. */
  readonly output: string;
  readonly counts?: Counts;
}

interface Step {
  readonly name: string;
  run(): Promise<Result>;
  /** What to do about a failure, as the end of a sentence that begins with the step's name. */
  readonly mend: string;
}

// The slowest step takes a quarter of a minute here; five minutes is a hang on any machine.
const limitMs = 5 * 60_000;

const command =
  (...words: string[]) =>
  () =>
    runCommand(words, { limit: AbortSignal.timeout(limitMs), output: "kept" });

const check = (find: () => Finding[]) => async (): Promise<Result> => {
  const findings = find();
  return { isOk: findings.length === 0, output: formatFindings(findings) };
};

const steps: readonly Step[] = [
  {
    name: "format and lint",
    run: command("biome", "check", "--error-on-warnings"),
    mend: "`npx biome check --write` mends what a program can mend",
  },
  {
    name: "types",
    run: command("tsc", "--noEmit", "--pretty"),
    mend: "`npx tsc --noEmit` shows them again",
  },
  {
    name: "types of the dashboard",
    run: command("tsc", "--noEmit", "--pretty", "-p", "packages/dashboard"),
    mend: "`npx tsc --noEmit -p packages/dashboard` shows them again",
  },
  {
    name: "boundaries",
    run: check(() => checkBoundaries(readSources(readRepository()))),
    mend: "the table is in tools/boundary-rules.ts; `npx tsx tools/boundaries.ts` repeats this",
  },
  {
    name: "tidy",
    run: check(() => tidy(readRepository())),
    mend: "the reasons are in docs/STYLE.md; `npx tsx tools/tidy.ts` repeats this",
  },
  {
    name: "unused code",
    run: command("knip", "--no-progress"),
    mend: "delete it or use it; `npx knip` repeats this",
  },
  {
    name: "unit tests",
    run: async () => {
      const result = await runTests("unit", [], {
        limit: AbortSignal.timeout(limitMs),
        output: "kept",
      });
      return { ...result, isOk: result.isOk && result.counts.failed === 0 };
    },
    mend: "`npx vitest --project unit` runs them while you mend",
  },
  {
    name: "generated files",
    run: command("tsx", "tools/generate.ts", "--check"),
    mend: "`npm run generate` writes them anew",
  },
];

/** The counts of the unit tests; a failed step of another kind counts as one failure. */
export async function verify(): Promise<Counts> {
  let counts = noCounts;
  for (const { name, run, mend } of steps) {
    const startedAtMs = performance.now();
    const result = await run();
    const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(1);
    const detail = result.counts ? `${formatCounts(result.counts)}, ` : "";
    counts = result.counts ?? counts;
    process.stdout.write(`${result.isOk ? "ok  " : "FAIL"} ${name} (${detail}${seconds} s)\n`);
    if (result.isOk) continue;
    process.stdout.write(`\n${result.output.trim()}\n\n${name}: ${mend}.\n`);
    return counts.failed > 0 ? counts : { ...counts, failed: oneFailure.failed };
  }
  return counts;
}

if (isProgram(import.meta.url)) {
  const { failed } = await verify();
  if (failed > 0) process.exitCode = 1;
}
