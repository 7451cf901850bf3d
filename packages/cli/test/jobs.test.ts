// `cronctl jobs`: what is sent for which flags, names for ids, and questions before a loss.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeHome } from "./support/cronctl.ts";
import { aChannel, aJob, anExecution, aRequestTest, idOf, onePage } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { run, type, answer } = suite;
const id = idOf("job", 1);

const bodyOf = (operation: "createJob" | "updateJob") => suite.server.of(operation)[0]?.body;

describe("jobs create", () => {
  it("sends what was given and nothing else", async () => {
    answer({ createJob: () => aJob() });
    const { exitCode, stdout, stderr } = await type(
      "jobs create --name ping --url https://example.com/ --every 2h",
    );
    expect(exitCode).toBe(0);
    expect(bodyOf("createJob")).toEqual({
      name: "ping",
      kind: "recurring",
      schedule: { every_n_minutes: 120 },
      request: { url: "https://example.com/" },
      retry_policy: {},
    });
    expect(stdout).toMatch(/^Created\.\n/);
    expect(stderr).toContain(`cronctl jobs run ${id} --wait`);
  });

  it("takes every flag", async () => {
    answer({
      createJob: () => aJob({ state: "draft", next_run_at: null }),
      listChannels: ({ query }) => onePage(aChannel({ name: String(query.name) })),
    });
    const { exitCode, stderr } = await run([
      ...["jobs", "create", "--name", "backup", "--url", "https://example.com/b"],
      ...["--cron", "0 2 * * *", "--timezone", "America/New_York", "--method", "POST"],
      ...["--header", "x-team: ops", "--header", "authorization:Bearer secret://key"],
      ...["--body", '{"full":true}', "--timeout", "60", "--success-status", "200,204"],
      ...["--max-attempts", "5", "--retry-on", "429,503", "--follow-redirects", "--draft"],
      ...["--notify", "ops:on_failure", "--notify", `${idOf("chan", 7)}:on_success`],
    ]);
    expect(exitCode).toBe(0);
    expect(bodyOf("createJob")).toEqual({
      name: "backup",
      kind: "cron",
      schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
      request: {
        url: "https://example.com/b",
        method: "POST",
        headers: { "x-team": "ops", authorization: "Bearer secret://key" },
        body: { full: true },
        timeout_seconds: 60,
        success_statuses: [200, 204],
        follow_redirects: true,
      },
      retry_policy: { max_attempts: 5, retry_on_statuses: [429, 503] },
      state: "draft",
      notification_rules: [
        { channel_id: idOf("chan", 1), event: "on_failure" },
        { channel_id: idOf("chan", 7), event: "on_success" },
      ],
    });
    expect(suite.server.of("listChannels")).toHaveLength(1);
    expect(stderr).toContain(`cronctl jobs activate ${id}`);
  });

  it("reads a body from a file and from standard input", async () => {
    answer({ createJob: () => aJob({ kind: "one_time", schedule: {} }) });
    const home = makeHome();
    const file = join(home.path, "body.json");
    writeFileSync(file, "[1, 2]");
    const create = [
      "jobs",
      "create",
      "--name",
      "x",
      "--url",
      "https://e.com/",
      "--kind",
      "one_time",
    ];
    await run([...create, "--body", `@${file}`]);
    await run([...create, "--body", "@-"], { input: "plain text" });
    await run([...create, "--body-text", '{"not": parsed']);
    const bodies = suite.server.of("createJob").map((seen) => seen.body);
    expect(bodies).toMatchObject([
      { request: { body: [1, 2] }, kind: "one_time" },
      { request: { body: "plain text" } },
      { request: { body: '{"not": parsed' } },
    ]);
    rmSync(home.path, { recursive: true });
  });

  it.each([
    ["jobs create --name x --url https://e.com/", "--every"],
    ["jobs create --name x --url https://e.com/ --every 5 --cron @hourly", "exclude each other"],
    ["jobs create --name x --url https://e.com/ --every 5 --kind cron", "not cron"],
    ["jobs create --name x --url https://e.com/ --kind recurring", "--every MINUTES"],
    ["jobs create --name x --url https://e.com/ --every 5 --timezone UTC", "--cron"],
    ["jobs create --name x --url https://e.com/ --every soon", "--every"],
    ["jobs create --name x --url https://e.com/ --every 5 --body {oops", "--body-text"],
    ["jobs create --name x --url https://e.com/ --every 5 --body @/no/such/file", "--body"],
    ["jobs create --name x --url https://e.com/ --every 5 --notify ops:on_fire", "on_failure"],
    ["jobs create --url https://e.com/ --every 5", "--name"],
  ])("refuses `%s` without asking the server", async (words, hint) => {
    const { exitCode, stderr } = await type(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    expect(suite.server.seen).toEqual([]);
  });

  it("says what the server refuses, field by field", async () => {
    const { exitCode, stdout, stderr } = await type(
      "jobs create --name x --url https://e.com/ --every 5 --timeout 1000 --max-attempts 99",
    );
    expect(exitCode).toBe(6);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/\n {2}request\.timeout_seconds: /);
    expect(stderr).toMatch(/\n {2}retry_policy\.max_attempts: /);
  });
});

describe("jobs update", () => {
  it("changes what is named and keeps the zone of a cron job", async () => {
    answer({ getJob: () => aJob(), updateJob: () => aJob() });
    const { exitCode } = await run(["jobs", "update", id, "--cron", "30 2 * * *", "--name", "new"]);
    expect(exitCode).toBe(0);
    expect(bodyOf("updateJob")).toEqual({
      name: "new",
      kind: "cron",
      schedule: { cron: "30 2 * * *", timezone: "America/New_York" },
    });
  });

  it("keeps the expression when only the zone changes", async () => {
    answer({ getJob: () => aJob(), updateJob: () => aJob() });
    await type(`jobs update ${id} --timezone Europe/Berlin`);
    expect(bodyOf("updateJob")).toEqual({
      kind: "cron",
      schedule: { cron: "0 2 * * *", timezone: "Europe/Berlin" },
    });
  });

  it("changes the kind", async () => {
    answer({ getJob: () => aJob(), updateJob: () => aJob() });
    await type(`jobs update ${id} --every 15`);
    expect(bodyOf("updateJob")).toEqual({ kind: "recurring", schedule: { every_n_minutes: 15 } });
  });

  it("takes away headers, body and redirects", async () => {
    answer({ getJob: () => aJob(), updateJob: () => aJob() });
    await type(`jobs update ${id} --no-headers --no-body --no-follow-redirects --retry-on none`);
    expect(bodyOf("updateJob")).toEqual({
      request: { headers: {}, body: null, follow_redirects: false },
      retry_policy: { retry_on_statuses: [] },
    });
  });

  it("wants something to change", async () => {
    answer({ getJob: () => aJob() });
    expect((await type(`jobs update ${id}`)).exitCode).toBe(2);
  });
});

describe("a job's name", () => {
  it("stands for its id", async () => {
    answer({ listJobs: () => onePage(aJob()), pauseJob: () => aJob({ state: "paused" }) });
    const { exitCode, stdout } = await type("jobs pause nightly-backup");
    expect(exitCode).toBe(0);
    expect(suite.server.of("listJobs")[0]?.query).toMatchObject({ name: "nightly-backup" });
    expect(suite.server.of("pauseJob")[0]?.params).toEqual({ id });
    expect(stdout).toContain("nightly-backup is paused.");
  });

  it("is refused with all ids when several jobs bear it", async () => {
    const twins = [aJob(), aJob({ id: idOf("job", 2), state: "paused" })];
    answer({ listJobs: () => onePage(...twins) });
    const { exitCode, stderr } = await type("jobs run nightly-backup");
    expect(exitCode).toBe(9);
    expect(stderr).toContain(idOf("job", 1));
    expect(stderr).toContain(idOf("job", 2));
    expect(suite.server.of("runJobNow")).toEqual([]);
  });

  it("is told when nobody bears it", async () => {
    answer({ listJobs: () => onePage() });
    const { exitCode, stderr } = await type("jobs get nightly");
    expect(exitCode).toBe(4);
    expect(stderr).toContain('"nightly"');
  });
});

describe("jobs delete", () => {
  it("asks at a terminal and changes nothing on a no", async () => {
    answer({ deleteJob: () => undefined });
    const asked = { terminal: 80, input: "n\n" };
    const { exitCode, stderr } = await type(`jobs delete ${id}`, asked);
    expect(exitCode).toBe(10);
    expect(stderr).toContain("[y/N]");
    expect(suite.server.seen).toEqual([]);
  });

  it("deletes on a yes, and on --yes without asking", async () => {
    answer({ deleteJob: () => undefined });
    expect((await type(`jobs delete ${id}`, { terminal: 80, input: "y\n" })).exitCode).toBe(0);
    const unasked = await type(`jobs delete ${id} --yes`, { terminal: 80 });
    expect(unasked.exitCode).toBe(0);
    expect(unasked.stderr).not.toContain("[y/N]");
    expect(suite.server.of("deleteJob")).toHaveLength(2);
  });
});

describe("jobs run", () => {
  it("answers the queued execution", async () => {
    answer({ runJobNow: () => anExecution({ status: "queued", trigger: "manual" }) });
    const { exitCode, stdout } = await type(`jobs run ${id} --json`);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(anExecution({ status: "queued", trigger: "manual" }));
  });
});

describe("jobs list", () => {
  it("passes its filters on", async () => {
    answer({ listJobs: () => onePage() });
    const { exitCode, stdout, stderr } = await type(
      "jobs list --state paused --kind cron --search back",
    );
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.query).toEqual({ state: "paused", kind: "cron", search: "back" });
    expect(stdout).toBe("");
    expect(stderr).toContain("No such jobs.");
  });

  it("follows the pages with --all and answers one document", async () => {
    answer({
      listJobs: ({ query }) =>
        query.cursor === "two"
          ? onePage(aJob({ id: idOf("job", 2) }))
          : { items: [aJob()], next_cursor: "two" },
    });
    const { stdout } = await type("jobs list --all --json");
    expect(JSON.parse(stdout)).toEqual(onePage(aJob(), aJob({ id: idOf("job", 2) })));
    expect(suite.server.seen.map(({ query }) => query)).toEqual([
      { limit: "100" },
      { limit: "100", cursor: "two" },
    ]);
  });

  it("gathers a limit over a page's length", async () => {
    answer({ listJobs: countPages() });
    const { stdout } = await type("jobs list --limit 130 --json");
    expect(JSON.parse(stdout)).toMatchObject({ next_cursor: "page-2" });
    expect(JSON.parse(stdout).items).toHaveLength(130);
    expect(suite.server.seen.map(({ query }) => query.limit)).toEqual(["100", "30"]);
  });

  it("tells that there is more", async () => {
    answer({ listJobs: () => ({ items: [aJob()], next_cursor: "two" }) });
    expect((await type("jobs list")).stderr).toContain("--all");
  });
});

function countPages() {
  let page = 0;
  return ({ query }: { query: Readonly<Record<string, unknown>> }) => {
    page++;
    const items = Array.from({ length: Number(query.limit) }, (_, index) =>
      aJob({ id: idOf("job", page * 1000 + index) }),
    );
    return { items, next_cursor: `page-${page}` };
  };
}

describe("several jobs", () => {
  it("are paused in one call, and what is refused is told", async () => {
    answer({
      listJobs: ({ query }) =>
        onePage(aJob(query.name === "report" ? { id: idOf("job", 2), name: "report" } : {})),
      pauseJobs: () => ({
        items: [
          { job_id: id, outcome: "done", execution_id: null, error: null },
          {
            ...{ job_id: idOf("job", 2), outcome: "refused", execution_id: null },
            error: { code: "conflict", message: "A draft cannot be paused." },
          },
        ],
      }),
    });
    const { exitCode, stdout } = await type("jobs pause nightly-backup report");
    expect(exitCode).toBe(8);
    expect(suite.server.of("pauseJobs")[0]?.body).toEqual({ job_ids: [id, idOf("job", 2)] });
    expect(stdout).toMatch(/^nightly-backup +done$/m);
    expect(stdout).toMatch(/^report +refused +A draft cannot be paused\.$/m);
    expect(stdout).not.toContain("EXECUTION");
  });

  it("are run in one call, each with its execution", async () => {
    const done = { job_id: id, outcome: "done", execution_id: idOf("exec", 1), error: null };
    answer({ runJobsNow: () => ({ items: [done, { ...done, job_id: idOf("job", 2) }] }) });
    const { exitCode, stdout } = await type(`jobs run ${id} ${idOf("job", 2)}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(idOf("exec", 1));
    expect(stdout).not.toContain("WHY");
  });

  it("are not followed", async () => {
    const { exitCode, stderr } = await type(`jobs run ${id} ${idOf("job", 2)} --wait`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--wait follows one job");
    expect(suite.server.seen).toEqual([]);
  });
});

describe("jobs test-request", () => {
  it("makes the request of a job, changed for this once", async () => {
    answer({ getJob: () => aJob(), testRequest: () => aRequestTest() });
    const { exitCode, stdout } = await type(
      `jobs test-request ${id} --url https://staging.example.com/ --method PUT --no-body`,
    );
    expect(exitCode).toBe(8);
    const { request } = aJob();
    expect(suite.server.of("testRequest")[0]?.body).toEqual({
      request: { ...request, url: "https://staging.example.com/", method: "PUT", body: null },
    });
    expect(stdout).toMatch(/^HTTP_ERROR$/m);
    expect(stdout).toContain("> POST https://example.com/backup");
    expect(stdout).toContain("< try later");
  });

  it("makes one that is no job yet", async () => {
    answer({ testRequest: () => aRequestTest({ status: "SUCCESS", error_class: null }) });
    const test = "jobs test-request --url https://example.com/ping --method HEAD --header a:b";
    expect((await type(test)).exitCode).toBe(0);
    expect(suite.server.of("testRequest")[0]?.body).toEqual({
      request: { url: "https://example.com/ping", method: "HEAD", headers: { a: "b" } },
    });
  });

  it("wants to know what to call", async () => {
    const { exitCode, stderr } = await type("jobs test-request --method HEAD");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--url URL");
  });
});
