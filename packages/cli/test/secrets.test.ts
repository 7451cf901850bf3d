// `cronctl secrets`: values come from files, standard input or a hidden prompt; none is shown.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { aJob, anEndedExecution, aSecret, before, idOf, onePage } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, run, answer } = suite;

const value = "rk_live_never_shown";

describe("secrets create", () => {
  it("takes the value from standard input, without its last line break, and keeps it", async () => {
    answer({ listSecrets: () => onePage(), createSecret: () => aSecret() });
    const { exitCode, stdout, stderr } = await type("secrets create --name stripe-key", {
      input: `${value}\n`,
    });
    expect(exitCode).toBe(0);
    expect(suite.server.of("createSecret")[0]?.body).toEqual({ name: "stripe-key", value });
    expect(stdout).toContain("Created.");
    expect(stderr).toContain("secret://stripe-key");
    expect(stdout + stderr).not.toContain(value);
  });

  it("takes it from a file, many lines and all", async () => {
    answer({ listSecrets: () => onePage(), createSecret: () => aSecret() });
    const folder = mkdtempSync(join(tmpdir(), "cronctl-secret-"));
    try {
      const file = join(folder, "key.pem");
      writeFileSync(file, "two\nlines\n");
      await run(["secrets", "create", "--name", "pem", "--value-file", file]);
      expect(suite.server.of("createSecret")[0]?.body).toEqual({
        name: "pem",
        value: "two\nlines",
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("asks at a terminal, without an echo", async () => {
    answer({ listSecrets: () => onePage(), createSecret: () => aSecret() });
    const { stdout, stderr } = await type("secrets create --name stripe-key", {
      input: `${value}\n`,
      terminal: 80,
    });
    expect(suite.server.of("createSecret")[0]?.body).toMatchObject({ value });
    expect(stderr).toContain("Value of stripe-key:");
    expect(stdout + stderr).not.toContain(value);
  });

  it("takes it as an argument too, and says what is wrong with that", async () => {
    answer({ listSecrets: () => onePage(), createSecret: () => aSecret() });
    const { stderr, stdout } = await type(`secrets create --name stripe-key --value ${value}`);
    expect(suite.server.of("createSecret")[0]?.body).toMatchObject({ value });
    expect(stderr).toContain("--value-file");
    expect(stdout + stderr).not.toContain(value);
  });

  it("refuses a name that is taken, before anything is replaced", async () => {
    answer({ listSecrets: () => onePage(aSecret()) });
    const { exitCode, stderr } = await type("secrets create --name stripe-key", { input: value });
    expect(exitCode).toBe(5);
    expect(stderr).toContain("cronctl secrets set stripe-key");
    expect(suite.server.of("createSecret")).toEqual([]);
  });

  it.each([
    ["secrets create --name a --value b --value-file c", "exclude each other"],
    ["secrets create --name a --value-file /nowhere/at/all", "cannot be read"],
    ["secrets create --name a", "The value is empty"],
    ["secrets create --value b", "--name"],
  ])("refuses `%s`", async (words, hint) => {
    answer({ listSecrets: () => onePage() });
    const { exitCode, stderr } = await type(words);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    expect(suite.server.of("createSecret")).toEqual([]);
  });
});

describe("secrets set", () => {
  it("replaces the value by name", async () => {
    answer({ createSecret: () => aSecret({ updated_at: before(1) }) });
    const { stdout } = await type("secrets set stripe-key --value -", { input: value });
    expect(stdout).toContain("Replaced.");
    expect(suite.server.seen).toHaveLength(1);
  });
});

describe("the other commands", () => {
  it("list and show secrets and who uses them", async () => {
    answer({
      listSecrets: () => onePage(aSecret()),
      getSecret: () => ({ ...aSecret(), jobs: [{ id: idOf("job", 1), name: "nightly" }] }),
    });
    expect((await type("secrets list")).stdout).toContain("stripe-key");
    expect((await type("secrets get stripe-key")).stdout).toContain(`nightly (${idOf("job", 1)})`);
  });

  it("rename and delete, by force where it is said", async () => {
    answer({ updateSecret: () => aSecret({ name: "new" }), deleteSecret: () => undefined });
    await type("secrets rename stripe-key new");
    await type("secrets rename stripe-key new --force");
    const bodies = suite.server.of("updateSecret").map(({ body }) => body);
    expect(bodies).toEqual([
      { name: "new", force: false },
      { name: "new", force: true },
    ]);
    expect((await type("secrets delete stripe-key")).stdout).toBe("Deleted secret stripe-key.\n");
    await type("secrets delete stripe-key --force");
    expect(suite.server.of("deleteSecret").map(({ query }) => query)).toEqual([
      { force: "false" },
      { force: "true" },
    ]);
  });
});

describe("a warning", () => {
  it("is shown with the job and with the execution", async () => {
    const warnings = ['There is no secret "gone": "secret://gone" was sent as it is written.'];
    answer({
      getJob: () => aJob({ warnings }),
      getExecution: () => ({ ...anEndedExecution(), warnings }),
    });
    const job = await type(`jobs get ${idOf("job", 1)}`);
    expect(job.stdout).toMatch(/Warning +There is no secret "gone"/);
    const execution = await type(`executions get ${idOf("exec", 1)}`);
    expect(execution.stdout).toMatch(/Warning +There is no secret "gone"/);
  });
});
