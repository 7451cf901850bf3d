// What reaches a terminal and what reaches a program.
import { describe, expect, it } from "vitest";
import { toSafeJson, widthOf } from "../src/display.ts";
import {
  aChannel,
  aDelivery,
  aDigest,
  aHealth,
  aJob,
  anEndedExecution,
  aWeekOf,
  idOf,
  onePage,
} from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, answer } = suite;

const hostile = "evil\u001b[2J\u001b]0;owned\u0007\u202egpj.\u009b31mname\nsecond\rline\u2028";
const unsafe = /(?![\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("hostile text", () => {
  it.each([
    `jobs get ${idOf("job", 1)}`,
    "jobs list",
    `jobs get ${idOf("job", 1)} --json`,
    "jobs list --json",
    `executions get ${idOf("exec", 1)} --full`,
    `channels get ${idOf("chan", 1)}`,
    "deliveries list",
    `deliveries get ${idOf("dlv", 1)}`,
    "jobs run evil",
  ])("is neutralised by `%s`", async (words) => {
    const job = aJob({ name: hostile, schedule: { cron: hostile, timezone: hostile } });
    const execution = anEndedExecution({ job_name: hostile, reason: hostile });
    const [attempt] = execution.attempts;
    if (attempt === undefined) throw new Error("the fixture has an attempt");
    const wild = {
      ...execution,
      attempts: [
        {
          ...attempt,
          body_preview: hostile,
          error_message: hostile,
          response_headers: { x: hostile },
        },
      ],
    };
    answer({
      getJob: () => job,
      listJobs: () => onePage(job, job),
      getExecution: () => wild,
      getChannel: () => aChannel({ name: hostile, config: { [hostile]: hostile } }),
      listChannelStatistics: () => aWeekOf(aHealth({ channel_name: hostile })),
      listDeliveries: () => onePage(aDelivery({ job_name: hostile, reason: hostile })),
      getDelivery: () => ({ ...aDigest(), channel_name: hostile, reason: hostile }),
    });
    const { stdout, stderr } = await type(words, { terminal: 80, env: { NO_COLOR: "1" } });
    expect(stdout + stderr).toContain("evil");
    expect(stdout + stderr).not.toMatch(unsafe);
  });

  it("means the same in JSON", () => {
    const value = { [hostile]: [hostile, "日本語 👍", 1, null] };
    expect(JSON.parse(toSafeJson(value))).toEqual(value);
    expect(toSafeJson("日本語 👍")).toBe('"日本語 👍"');
  });

  it("in an error of the server is neutralised too", async () => {
    suite.server.intercept = (_, response) => {
      const error = {
        code: "conflict",
        message: hostile,
        details: [{ path: hostile, message: "x" }],
      };
      response.writeHead(409, { "content-type": "application/json" });
      response.end(JSON.stringify({ error }));
      return true;
    };
    const { exitCode, stderr } = await type("jobs list");
    expect(exitCode).toBe(5);
    expect(stderr).toContain("evil");
    expect(stderr).not.toMatch(unsafe);
  });
});

describe("colour", () => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the control character is the point.
  const colour = /\u001b\[/;
  const list = async (words: string, terminal: number | undefined, env = {}) => {
    answer({ listJobs: () => onePage(aJob()) });
    const { stdout } = await type(words, { env, ...(terminal === undefined ? {} : { terminal }) });
    return stdout;
  };

  it("is there at a terminal and not in a pipe", async () => {
    expect(await list("jobs list", 80)).toMatch(colour);
    expect(await list("jobs list", undefined)).not.toMatch(colour);
    expect(await list("jobs list", undefined, { FORCE_COLOR: "1" })).toMatch(colour);
  });

  it("goes away when asked, before or behind the command", async () => {
    expect(await list("jobs list", 80, { NO_COLOR: "1" })).not.toMatch(colour);
    expect(await list("jobs list --no-color", 80)).not.toMatch(colour);
    expect(await list("--no-color jobs list", 80)).not.toMatch(colour);
    expect(await list("jobs list", 80, { TERM: "dumb" })).not.toMatch(colour);
  });
});

describe("a table", () => {
  it("is as wide as the terminal at most, and whole in a pipe", async () => {
    const name = "a-name-that-is-much-longer-than-any-terminal-of-this-test-is-wide-".repeat(2);
    answer({ listJobs: () => onePage(aJob({ name }), aJob({ name: "日本語".repeat(20) })) });
    const narrow = await type("jobs list", { terminal: 60, env: { NO_COLOR: "1" } });
    for (const line of narrow.stdout.trimEnd().split("\n")) {
      expect(widthOf(line)).toBeLessThanOrEqual(60);
    }
    expect(narrow.stdout).toContain("…");
    expect((await type("jobs list")).stdout).toContain(name);
  });
});

describe("programs", () => {
  it("get one document on standard output and nothing beside it", async () => {
    answer({ listJobs: () => ({ items: [aJob()], next_cursor: "more" }) });
    for (const words of ["jobs list --json", "--json jobs list"]) {
      const { stdout, stderr } = await type(words);
      expect(JSON.parse(stdout)).toEqual({ items: [aJob()], next_cursor: "more" });
      expect(stderr).toBe("");
    }
  });

  it("get nothing where the API answers nothing", async () => {
    answer({ deleteJob: () => undefined });
    const { exitCode, stdout, stderr } = await type(`jobs delete ${idOf("job", 1)} --json`);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });

  it("get errors as JSON on standard error, whoever found them", async () => {
    const byServer = await type("jobs get job_none --json");
    expect(JSON.parse(byServer.stderr)).toMatchObject({ error: { code: "not_found" } });
    const byParser = await type("jobs list --limit none --json");
    expect(byParser.exitCode).toBe(2);
    expect(JSON.parse(byParser.stderr)).toMatchObject({ error: { code: "usage" } });
  });
});

describe("help", () => {
  it.each([
    ["", 0],
    ["--help", 0],
    ["help", 0],
    ["help jobs", 0],
    ["help jobs create", 0],
    ["jobs --help", 0],
    ["channels create --help", 0],
    ["--version", 0],
    ["jobs", 2],
    ["jobs make", 2],
    ["job list", 2],
    ["jobs list surplus", 2],
    ["jobs list --nonsense", 2],
    ["completion tcsh", 2],
  ])("`%s` ends with %i", async (words, exitCode) => {
    const outcome = await type(words, {});
    expect(outcome.exitCode).toBe(exitCode);
    const [told, untold] =
      exitCode === 0 ? [outcome.stdout, outcome.stderr] : [outcome.stderr, outcome.stdout];
    expect(told).not.toBe("");
    expect(untold).toBe("");
    expect(suite.server.seen).toEqual([]);
  });

  it("names what was probably meant", async () => {
    expect((await type("job list")).stderr).toContain("Did you mean jobs?");
    expect((await type("jobs list --stat active")).stderr).toContain("Did you mean --state?");
  });
});
