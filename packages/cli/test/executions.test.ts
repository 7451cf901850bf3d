// `cronctl executions`, and following one to its end.
import { describe, expect, it } from "vitest";
import {
  aDelivery,
  aJob,
  anEndedExecution,
  anExecution,
  idOf,
  now,
  onePage,
} from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, run, answer } = suite;
const jobId = idOf("job", 1);
const id = idOf("exec", 1);

const running = anEndedExecution({ status: "running", finished_at: null, reason: null });
const succeeded = anEndedExecution({ status: "succeeded", reason: null });

describe("executions list", () => {
  it("filters by the id of a job and by instants from now", async () => {
    answer({ listExecutions: () => onePage(anExecution()) });
    const { exitCode } = await type(
      `executions list --job ${jobId} --status failed --from 24h --to 2026-11-24T09:00:00Z`,
    );
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.query).toEqual({
      job_id: jobId,
      status: "failed",
      from: "2026-11-23T10:00:00.000Z",
      to: "2026-11-24T09:00:00.000Z",
    });
  });

  it("finds those of a deleted job by its name", async () => {
    answer({ listExecutions: () => onePage(anExecution()) });
    const { exitCode, stdout } = await type("executions list --job nightly-backup");
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.query).toEqual({ job_name: "nightly-backup" });
    expect(stdout).toContain("nightly-backup");
  });

  it("takes an unknown name for a mistake", async () => {
    answer({ listExecutions: () => onePage(), listJobs: () => onePage() });
    expect((await type("executions list --job nightli")).exitCode).toBe(4);
  });

  it("takes a known name without executions for none", async () => {
    answer({ listExecutions: () => onePage(), listJobs: () => onePage(aJob(), aJob()) });
    const { exitCode, stderr } = await type("executions list --job nightly-backup");
    expect(exitCode).toBe(0);
    expect(stderr).toContain("No executions.");
  });

  it("refuses an instant that is none", async () => {
    const { exitCode, stderr } = await type("executions list --from yesterday");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("2026-11-24T10:00:00Z");
  });
});

describe("executions get", () => {
  it("shows each attempt with its phases", async () => {
    answer({ getExecution: () => anEndedExecution() });
    const { stdout } = await type(`executions get ${id}`);
    expect(stdout).toContain("Attempt 1  HTTP_ERROR 503 after 120 ms");
    expect(stdout).toContain("name lookup 2 ms, connect 11 ms, TLS 30 ms, first byte 70 ms");
    expect(stdout).toContain("│ upstream is away");
    expect(stdout).not.toContain("content-type");
    expect((await type(`executions get ${id} --full`)).stdout).toContain(
      "content-type: text/plain",
    );
  });

  it("ends with 4 for an unknown id", async () => {
    expect((await type("executions get exec_none")).exitCode).toBe(4);
  });
});

describe("following", () => {
  it("waits for the end and ends with 0 on success", async () => {
    const states = [running, running, succeeded];
    answer({
      runJobNow: () => anExecution({ status: "queued" }),
      getExecution: () => states.shift() ?? succeeded,
    });
    const pauses: number[] = [];
    const { exitCode, stdout } = await type(`jobs run ${jobId} --wait`, {
      pause: async (ms) => {
        pauses.push(ms);
      },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Status +succeeded/);
    expect(pauses).toEqual([200, 300]);
  });

  it("ends with 8 on a failure, and prints one document for programs", async () => {
    answer({
      replayExecution: () => anExecution({ status: "queued" }),
      getExecution: () => anEndedExecution(),
    });
    const { exitCode, stdout, stderr } = await type(`executions replay ${id} --wait --json`);
    expect(exitCode).toBe(8);
    expect(JSON.parse(stdout)).toEqual(anEndedExecution());
    expect(stderr).toBe("");
  });

  it("tells of attempts at a terminal while it goes on", async () => {
    const states = [running, succeeded];
    answer({
      runJobNow: () => anExecution({ status: "queued" }),
      getExecution: () => states.shift() ?? succeeded,
    });
    const { stderr } = await type(`jobs run ${jobId} --wait`, {
      terminal: 100,
      env: { NO_COLOR: "1" },
    });
    expect(stderr).toBe("Attempt 1: HTTP_ERROR 503 after 120 ms\n");
  });

  it("stops at --wait-timeout with 8 and says where to look", async () => {
    answer({
      runJobNow: () => anExecution({ status: "queued" }),
      getExecution: () => running,
    });
    let passedMs = 0;
    const { exitCode, stderr } = await type(`jobs run ${jobId} --wait --wait-timeout 1`, {
      now: () => new Date(now.getTime() + passedMs),
      pause: async (ms) => {
        passedMs += ms;
      },
    });
    expect(exitCode).toBe(8);
    expect(stderr).toContain(`cronctl executions get ${id}`);
    expect(passedMs).toBeLessThan(2000);
  });

  it("leaves the execution alone on Ctrl-C", async () => {
    answer({
      runJobNow: () => anExecution({ status: "queued" }),
      getExecution: () => running,
    });
    const interruption = new AbortController();
    const { exitCode, stderr } = await type(`jobs run ${jobId} --wait`, {
      signal: interruption.signal,
      pause: async () => interruption.abort(),
    });
    expect(exitCode).toBe(130);
    expect(stderr).toContain("it goes on");
    expect(suite.server.of("cancelExecution")).toEqual([]);
  });
});

describe("the other commands", () => {
  it("cancel", async () => {
    answer({ cancelExecution: () => anExecution({ status: "cancelled" }) });
    const { exitCode, stdout } = await type(`executions cancel ${id}`);
    expect(exitCode).toBe(0);
    expect(stdout).toBe("The execution of nightly-backup is cancelled.\n");
  });

  it("list the deliveries of an execution", async () => {
    answer({ listExecutionNotifications: () => onePage(aDelivery()) });
    const { stdout } = await run(["executions", "notifications", id]);
    expect(stdout).toContain(idOf("dlv", 1));
  });
});
