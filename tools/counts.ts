// How many tests passed and failed, read from Vitest's JSON report. Pure.
// A run that proved nothing is a failure: no test, no report, or an exit code nobody explains.

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 };
export const oneFailure: Counts = { passed: 0, failed: 1, skipped: 0 };

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The closing line that people and CI read. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** The part of Vitest's report that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** `report` is undefined when Vitest wrote none. */
export function readCounts(report: string | undefined, isOk: boolean): Counts {
  if (report === undefined) return oneFailure;
  // Written by the pinned version of Vitest a moment ago; a missing field makes NaN, which shows.
  const read = JSON.parse(report) as Report;
  // A file that did not load has no tests to count, and a failed hook fails no test.
  const brokenFiles = read.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = read.numFailedTests + brokenFiles;
  const isUnexplained = failed === 0 && (!isOk || read.numPassedTests === 0);
  return {
    passed: read.numPassedTests,
    failed: isUnexplained ? 1 : failed,
    skipped: read.numPendingTests + read.numTodoTests,
  };
}
