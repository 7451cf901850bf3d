// Runs one project of vitest.config.ts and counts its tests.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandOptions, CommandResult } from "./command.ts";
import { runCommand } from "./command.ts";
import type { Counts } from "./counts.ts";
import { readCounts } from "./counts.ts";

/** Only the test files whose path holds one of `filters` run; without any, all of them. */
export async function runTests(
  project: string,
  filters: readonly string[],
  options: CommandOptions,
): Promise<CommandResult & { counts: Counts }> {
  const folder = mkdtempSync(join(tmpdir(), "trigrun-report-"));
  const report = join(folder, "report.json");
  try {
    const result = await runCommand(
      [
        "vitest",
        "run",
        `--project=${project}`,
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
        ...filters,
      ],
      options,
    );
    return { ...result, counts: readCounts(readReport(report), result.isOk) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
