// `cronctl overview`: what is wrong comes first, and what is right is said too. `cronctl search`.
import type { Overview } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { idOf } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, answer } = suite;

const at = "2026-11-23T10:00:00.000Z";
const quiet: Overview = {
  ...{ from: at, to: at, bucket_seconds: 3_600 },
  failing: { count: 0, items: [] },
  late: { count: 0, oldest_due_at: null, unplanned_jobs: 0 },
  next: [],
  executions: [{ from: at, succeeded: 0, failed: 0, cancelled: 0, waiting: 0 }],
  deliveries: [{ from: at, sent: 0, failed: 0, pending: 0 }],
  ...{ slowest: [], disabled_channels: [] },
};
const job = { job_id: idOf("job", 1), job_name: "nightly-backup" };

describe("overview", () => {
  it("says that all is well", async () => {
    answer({ getOverview: () => quiet });
    const { exitCode, stdout } = await type("overview");
    expect(exitCode).toBe(0);
    expect(stdout).toContain("No job fails.");
    expect(stdout).toContain("Nothing is late.");
    expect(stdout).toContain("0 succeeded, 0 failed, 0 cancelled");
    expect(stdout).not.toContain("Slowest");
  });

  it("tells what is wrong, what comes next and what is slow", async () => {
    const failing = {
      ...{ ...job, execution_id: idOf("exec", 1), failed_at: at, failing_since: at },
      ...{ failures_in_row: 3, reason: "The target answered 503." },
    };
    answer({
      getOverview: () => ({
        ...quiet,
        failing: { count: 25, items: [failing] },
        late: { count: 2, oldest_due_at: at, unplanned_jobs: 1 },
        next: [{ ...job, run_at: at }],
        executions: [
          { from: at, succeeded: 1, failed: 0, cancelled: 0, waiting: 0 },
          { from: at, succeeded: 6, failed: 1, cancelled: 1, waiting: 0 },
        ],
        slowest: [{ ...job, duration_p50_ms: 900, duration_p95_ms: 4_200, sample_count: 9 }],
        disabled_channels: [
          {
            ...{ channel_id: idOf("chan", 1), channel_name: "ops", channel_type: "webhook" },
            ...{ disabled_at: at, disabled_reason: "It answered 410.", waiting: 12 },
          },
        ],
      }),
    });
    const { stdout } = await type("overview --span 7d");
    expect(stdout).toContain("Failing now: 25 jobs");
    expect(stdout).toContain("The target answered 503.");
    expect(stdout).toContain("… and 24 jobs more");
    expect(stdout).toMatch(/ops .* 12 .*It answered 410\./);
    expect(stdout).toContain("2 executions due and not started");
    expect(stdout).toContain("1 job whose next run has passed");
    expect(stdout).toContain("▂█  7 succeeded, 1 failed, 1 cancelled");
    expect(stdout).toMatch(/nightly-backup +900 ms +4\.2 s/);
    expect(suite.server.seen.at(-1)?.query).toEqual({ hours: "168" });
  });
});

describe("search", () => {
  it("lists what was found", async () => {
    const found = { kind: "execution", id: idOf("exec", 1), name: "backup", state: "failed" };
    answer({ search: () => ({ items: [found] }) });
    const { exitCode, stdout } = await type("search back");
    expect(exitCode).toBe(0);
    expect(suite.server.seen.at(-1)?.query).toEqual({ q: "back" });
    expect(stdout).toMatch(/^execution +backup +failed +exec_/m);
  });

  it("says that nothing was", async () => {
    answer({ search: () => ({ items: [] }) });
    const { exitCode, stdout, stderr } = await type("search nothing");
    expect(exitCode).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain('Nothing is named like "nothing".');
  });
});
