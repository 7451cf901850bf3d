// `cronctl rules`, `cronctl deliveries` and `cronctl next`.
import { describe, expect, it } from "vitest";
import {
  aChannel,
  aDelivery,
  aDigest,
  aJob,
  aRule,
  aTriedDelivery,
  aWarning,
  before,
  idOf,
  onePage,
} from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { run, type, answer } = suite;

describe("rules", () => {
  it("are made with names", async () => {
    answer({
      listJobs: () => onePage(aJob()),
      listChannels: () => onePage(aChannel()),
      addRule: () => aRule(),
    });
    const { exitCode, stdout } = await type(
      "rules add nightly-backup --channel ops --event on_failure",
    );
    expect(exitCode).toBe(0);
    expect(suite.server.of("addRule")[0]).toMatchObject({
      params: { id: idOf("job", 1) },
      body: { channel_id: idOf("chan", 1), event: "on_failure" },
    });
    expect(stdout).toContain("ops is told about on_failure of nightly-backup");
  });

  it("are removed by channel and event", async () => {
    const rules = [aRule({ id: idOf("rule", 2), event: "on_success" }), aRule()];
    answer({ listRules: () => onePage(...rules), removeRule: () => undefined });
    const { exitCode } = await type(`rules remove ${idOf("job", 1)} ops:on_failure`);
    expect(exitCode).toBe(0);
    expect(suite.server.of("removeRule")[0]?.params.rule_id).toBe(idOf("rule", 1));
  });

  it("that are not there are told", async () => {
    answer({ listRules: () => onePage(aRule()) });
    expect((await type(`rules remove ${idOf("job", 1)} ops:on_success`)).exitCode).toBe(4);
    expect((await type(`rules remove ${idOf("job", 1)} ops`)).exitCode).toBe(2);
  });
});

describe("deliveries", () => {
  it("are filtered with names looked up", async () => {
    answer({
      listJobs: () => onePage(aJob()),
      listChannels: () => onePage(aChannel()),
      listDeliveries: () => onePage(aDelivery()),
    });
    await type("deliveries list --job nightly-backup --channel ops --event on_failure --from 2h");
    expect(suite.server.of("listDeliveries")[0]?.query).toEqual({
      job_id: idOf("job", 1),
      channel_id: idOf("chan", 1),
      event: "on_failure",
      from: "2026-11-24T08:00:00.000Z",
    });
  });

  it("are filtered by the digest that tells them, and by what no rule names", async () => {
    answer({ listDeliveries: () => onePage(aDelivery()) });
    await type(`deliveries list --digest ${idOf("dlv", 9)}`);
    await type("deliveries list --event digest");
    await type("deliveries list --event channel_disabled");
    expect(suite.server.seen.map(({ query }) => query)).toEqual([
      { digest_id: idOf("dlv", 9) },
      { event: "digest" },
      { event: "channel_disabled" },
    ]);
  });

  it("that are digests list what they tell", async () => {
    answer({ getDelivery: () => aDigest() });
    const { stdout } = await type(`deliveries show ${idOf("dlv", 9)}`);
    expect(stdout).toContain("It tells 3 notifications (2 succeeded, 1 failed, 0 cancelled):");
    expect(stdout).toMatch(
      new RegExp(`nightly-backup +on_failure +failed +${idOf("dlv", 3)} +10 s ago +The target`),
    );
    expect(stdout).toContain(`… 2 more: cronctl deliveries list --digest ${idOf("dlv", 9)} --all`);
  });

  it("that are warnings tell which channel was disabled and why", async () => {
    answer({ getDelivery: () => aWarning() });
    const { stdout } = await type(`deliveries show ${idOf("dlv", 8)}`);
    expect(stdout).toContain(`pager, webhook (${idOf("chan", 2)})`);
    expect(stdout).toContain("The receiver answered 410: it is gone.");
  });

  it("have whole names at 80 columns, with the id below where there is no room", async () => {
    answer({ listDeliveries: () => onePage(aDelivery(), aDelivery({ id: idOf("dlv", 2) })) });
    const env = { NO_COLOR: "1" };
    const { stdout } = await type("deliveries list", { terminal: 80, env });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[2]).toMatch(/^nightly-backup +ops +on_failure +failed +2 min ago/);
    expect(lines[3]).toBe(`  ${idOf("dlv", 1)}`);
    expect(lines).toHaveLength(6);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const wide = await type("deliveries list", { terminal: 100, env });
    expect(wide.stdout.trimEnd().split("\n")).toHaveLength(3);
  });

  it.each(["get", "show"])("are explained attempt by attempt (%s)", async (verb) => {
    answer({ getDelivery: () => aTriedDelivery() });
    const { stdout } = await type(`deliveries ${verb} ${idOf("dlv", 1)}`);
    expect(stdout).toContain("POST https://example.com/hook was answered with 503 after 80 ms.");
    expect(stdout).toContain("The receiver answered 503.");
    expect(stdout).toContain("The next attempt is due at 2026-11-24 11:00:05 Europe/Berlin");
    expect(stdout).toContain("5 s after the first attempt.");
  });

  it("are sent again with --resend", async () => {
    answer({ retryDelivery: () => aDelivery({ status: "pending", finished_at: null }) });
    await type(`deliveries retry ${idOf("dlv", 1)} --resend`);
    expect(suite.server.seen[0]?.body).toEqual({ resend: true });
  });

  it("are counted by --dry-run, and nothing else is done", async () => {
    answer({ retryDeliveries: () => ({ dry_run: true, count: 12 }) });
    const { stdout } = await type(`deliveries retry --channel ${idOf("chan", 1)} --dry-run`);
    expect(stdout).toBe("12 failed deliveries would be retried.\n");
    expect(suite.server.seen).toHaveLength(1);
  });

  it("are retried slowly, and only where it is still true, when that is asked for", async () => {
    answer({ retryDeliveries: () => ({ dry_run: false, count: 1 }) });
    await type("deliveries retry --all --only-still-true --max-per-minute 60");
    expect(suite.server.seen.map(({ body }) => body)).toEqual([
      { only_still_true: true, max_per_minute: 60, dry_run: true },
      { only_still_true: true, max_per_minute: 60, dry_run: false },
    ]);
  });

  it("are retried by filter after a yes", async () => {
    answer({
      retryDeliveries: ({ body }) => ({ dry_run: isDryRun(body), count: 12 }),
    });
    const refused = await type("deliveries retry --all", { terminal: 80, input: "\n" });
    expect(refused.exitCode).toBe(10);
    expect(refused.stderr).toContain("Retry 12 failed deliveries?");
    expect(suite.server.seen.map(({ body }) => isDryRun(body))).toEqual([true]);
    const agreed = await type("deliveries retry --all", { terminal: 80, input: "yes\n" });
    expect(agreed.exitCode).toBe(0);
    expect(suite.server.seen.map(({ body }) => isDryRun(body))).toEqual([true, true, false]);
  });

  it.each([
    ["deliveries retry", "--all"],
    [`deliveries retry ${idOf("dlv", 1)} --all`, "nothing to filter"],
    [`deliveries retry ${idOf("dlv", 1)} --only-still-true`, "nothing to filter"],
    ["deliveries retry --all --resend", "--resend"],
  ])("refuse `%s`", async (words, hint) => {
    const { exitCode, stderr } = await type(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
  });
});

function isDryRun(body: unknown): boolean {
  return typeof body === "object" && body !== null && "dry_run" in body && body.dry_run === true;
}

describe("next", () => {
  const runs = {
    items: [{ run_at: before(-60), local_time: "2026-11-24T05:01:00.000-05:00", note: "Moved." }],
  };

  it("asks for an expression", async () => {
    answer({ previewSchedule: () => runs });
    const { stdout } = await run([
      ...["next", "--cron", "30 2 * * *", "--timezone", "America/New_York", "-n", "3"],
    ]);
    expect(suite.server.seen[0]?.body).toEqual({
      kind: "cron",
      schedule: { cron: "30 2 * * *", timezone: "America/New_York" },
      count: 3,
    });
    expect(stdout).toMatch(/2026-11-24T05:01:00.000-05:00 +in 1 min .*Moved\./);
  });

  it("counts the interval of a job from its next run", async () => {
    const recurring = aJob({
      kind: "recurring",
      schedule: { every_n_minutes: 15 },
      next_run_at: "2026-11-24T10:07:00.000Z",
    });
    answer({ getJob: () => recurring, previewSchedule: () => runs });
    await type(`next ${idOf("job", 1)}`);
    expect(suite.server.of("previewSchedule")[0]?.body).toEqual({
      kind: "recurring",
      schedule: { every_n_minutes: 15 },
      from: "2026-11-24T09:52:00.000Z",
    });
  });

  it("says that a paused job waits and a completed one has ended", async () => {
    const jobs = [aJob({ state: "paused", next_run_at: null }), aJob({ state: "completed" })];
    answer({ getJob: () => jobs.shift(), previewSchedule: () => runs });
    expect((await type(`next ${idOf("job", 1)}`)).stderr).toContain("paused");
    const ended = await type(`next ${idOf("job", 1)}`);
    expect(ended.stderr).toContain("No run is due any more.");
    expect(suite.server.of("previewSchedule")).toHaveLength(1);
  });

  it("wants either a job or an expression", async () => {
    expect((await type("next")).exitCode).toBe(2);
    expect((await run(["next", "backup", "--cron", "@hourly"])).exitCode).toBe(2);
  });
});
