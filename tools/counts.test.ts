// The closing line and the ways in which a run that proved nothing could look like a good one.
import { describe, expect, it } from "vitest";
import { addCounts, formatCounts, readCounts } from "./counts.ts";

const passing = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: "passed", assertionResults: [{ status: "passed" }] }],
};
const read = (report: object, isOk: boolean) => readCounts(JSON.stringify(report), isOk);

describe("readCounts", () => {
  it("takes the numbers of a good run", () => {
    expect(read(passing, true)).toEqual({ passed: 3, failed: 0, skipped: 0 });
  });

  it("counts a failed test once, not again for its file", () => {
    const testResults = [{ status: "failed", assertionResults: [{ status: "failed" }] }];
    expect(read({ ...passing, numFailedTests: 1, testResults }, false).failed).toBe(1);
  });

  it("counts a file that did not load as a failure", () => {
    const testResults = [{ status: "failed", assertionResults: [] }];
    expect(read({ ...passing, testResults }, false).failed).toBe(1);
  });

  it("counts a bad exit code that no test explains as a failure", () => {
    expect(read(passing, false).failed).toBe(1);
  });

  it("counts a run without tests as a failure", () => {
    expect(read({ ...passing, numPassedTests: 0 }, true).failed).toBe(1);
    expect(readCounts(undefined, true).failed).toBe(1);
  });

  it("adds what did not run", () => {
    expect(read({ ...passing, numPendingTests: 2, numTodoTests: 1 }, true).skipped).toBe(3);
  });
});

describe("formatCounts", () => {
  it("is one plain line", () => {
    expect(formatCounts({ passed: 12, failed: 0, skipped: 0 })).toBe("12 passed, 0 failed");
    expect(formatCounts({ passed: 12, failed: 1, skipped: 2 })).toBe(
      "12 passed, 1 failed, 2 skipped",
    );
  });

  it("adds up", () => {
    const counts = { passed: 1, failed: 2, skipped: 3 };
    expect(addCounts(counts, counts)).toEqual({ passed: 2, failed: 4, skipped: 6 });
  });
});
