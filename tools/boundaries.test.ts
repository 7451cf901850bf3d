// Each rule of the boundaries fails on a fixture and passes on its nearest lawful neighbour.
import { describe, expect, it } from "vitest";
import { checkBoundaries } from "./boundaries.ts";
import { readSource } from "./source.ts";

const check = (path: string, text: string): string[] =>
  checkBoundaries([readSource(path, text)]).map((finding) => finding.message);

const server = (path: string) => `packages/server/src/${path}`;
const importing = (specifier: string) => `import { a } from "${specifier}";`;
const importingType = (specifier: string) => `import type { A } from "${specifier}";`;

describe("import rules", () => {
  const forbidden: [from: string, specifier: string, rule: string][] = [
    ["packages/contract/src/api/jobs.ts", "node:crypto", "contract is pure"],
    ["packages/contract/src/api/jobs.ts", "crypto", "contract is pure"],
    ["packages/contract/src/api/jobs.ts", "commander", "contract is pure"],
    ["packages/contract/src/api/jobs.ts", "@trigrun/server", "contract is pure"],
    ["packages/cli/src/main.ts", "@trigrun/server", "clients see the wire only"],
    ["packages/cli/src/main.ts", "../../server/src/config.ts", "clients see the wire only"],
    ["packages/cli/src/main.ts", "../../contract/src/index.ts", "workspaces meet by name"],
    ["packages/cli/src/main.ts", "../../../tools/source.ts", "workspaces meet by name"],
    [server("config.ts"), "@trigrun/cli", "shares through the contract only"],
    [server("store/db.ts"), "../../test/support/db.ts", "never imports tests"],
    [server("api/jobs.ts"), "pg", "one door to PostgreSQL"],
    [server("run/runner.ts"), "sql-template-tag", "one door to PostgreSQL"],
    ["packages/cli/src/main.ts", "pg", "one door to PostgreSQL"],
    [server("run/runner.ts"), "undici", "one door to the world"],
    [server("store/db.ts"), "node:https", "one door to the world"],
    [server("send/sender.ts"), "nodemailer", "one door to the world"],
    [server("api/server.ts"), "net", "one door to the world"],
    [server("main.ts"), "node:dns/promises", "one door to the world"],
    [server("wire/mail.ts"), "node:child_process", "only store/ starts processes"],
    [server("run/runner.ts"), "../send/delivery.ts", "stages do not call each other"],
    [server("plan/schedule.ts"), "../run/retry.ts", "stages do not call each other"],
    [server("auth/tokens.ts"), "../api/server.ts", "adapters are leaves"],
    [server("config.ts"), "./api/server.ts", "adapters are leaves"],
    [server("run/retry.ts"), "../store/executions.ts", "nouns decide"],
    [server("run/retry.ts"), "../wire/http.ts", "nouns decide"],
    [server("run/retry.ts"), "../auth/roles.ts", "nouns decide"],
    [server("run/retry.ts"), "../config.ts", "nouns decide"],
    [server("run/retry.ts"), "./runner.ts", "nouns decide"],
    [server("run/retry.ts"), "node:fs", "nouns decide"],
    [server("run/retry.ts"), "pino", "nouns decide"],
    [server("run/runner.ts"), "./rescuer.ts", "-ers act"],
    [server("run/runner.ts"), "../auth/roles.ts", "-ers act"],
    [server("run/retry.ts"), "../id.ts", "nouns decide"],
    [server("retry.ts"), "./id.ts", "nouns decide"],
    [server("api/channels.ts"), "../wire/http.ts", "api/ is given"],
    [server("api/jobs.ts"), "../run/runner.ts", "api/ is given"],
    [server("loop.ts"), "./store/db.ts", "are the ground"],
    [server("worker.ts"), "./run/retry.ts", "are the ground"],
    [server("store/jobs.ts"), "../plan/planner.ts", "the doors know no one"],
    [server("wire/http.ts"), "../store/db.ts", "do not know each other"],
    [server("store/db.ts"), "../wire/http.ts", "do not know each other"],
    [server("config.ts"), "./main.ts", "no part imports them"],
    [server("api/server.ts"), "../serve.ts", "no part imports them"],
    [server("heartbeater.ts"), "./wire/../api/server.ts", "adapters are leaves"],
  ];

  it.each(forbidden)("forbids %s to import %s", (from, specifier, rule) => {
    expect(check(from, importing(specifier))).toEqual([expect.stringContaining(rule)]);
  });

  const allowed: [from: string, specifier: string][] = [
    ["packages/contract/src/api/jobs.ts", "zod"],
    ["packages/contract/src/api/jobs.ts", "zod/v4/core"],
    ["packages/contract/src/api/jobs.ts", "./errors.ts"],
    ["packages/contract/src/api/route.test.ts", "node:fs"],
    ["packages/cli/src/main.ts", "@trigrun/contract"],
    ["packages/cli/src/main.ts", "./render.ts"],
    ["packages/server/test/store/claims.test.ts", "pg"],
    ["packages/server/test/support/receiver.ts", "node:http"],
    [server("main.ts"), "./api/server.ts"],
    [server("main.ts"), "./serve.ts"],
    [server("serve.ts"), "./api/server.ts"],
    [server("engine.ts"), "./send/sender.ts"],
    [server("heartbeater.ts"), "./store/nodes.ts"],
    [server("api/server.ts"), "fastify"],
    [server("api/jobs.ts"), "./lists.ts"],
    [server("api/jobs.ts"), "../plan/schedule.ts"],
    [server("api/jobs.ts"), "../store/jobs.ts"],
    [server("api/executions.ts"), "../run/canceller.ts"],
    [server("plan/cron.ts"), "croner"],
    [server("run/retry.ts"), "./attempt.ts"],
    [server("send/signature.ts"), "node:crypto"],
    [server("run/runner.ts"), "./retry.ts"],
    [server("run/runner.ts"), "../store/executions.ts"],
    [server("run/runner.ts"), "../wire/http.ts"],
    [server("run/runner.ts"), "../config.ts"],
    [server("run/runner.ts"), "../settler.ts"],
    [server("run/retry.ts"), "../retry.ts"],
    [server("worker.ts"), "./loop.ts"],
    [server("store/jobs.ts"), "../id.ts"],
    [server("store/jobs.ts"), "../run/execution.ts"],
    [server("store/db.ts"), "pg"],
    [server("store/embedded.ts"), "node:child_process"],
    [server("store/embedded.ts"), "node:net"],
    [server("wire/http.ts"), "undici"],
    ["tools/generate.ts", "../packages/contract/src/index.ts"],
  ];

  it.each(allowed)("lets %s import %s", (from, specifier) => {
    expect(check(from, importing(specifier))).toEqual([]);
  });

  it("lets nouns, api/ and -ers know the shapes of what they are given", () => {
    expect(check(server("run/attempt.ts"), importingType("../wire/http-call.ts"))).toEqual([]);
    expect(check(server("api/context.ts"), importingType("../wire/address-guard.ts"))).toEqual([]);
    expect(check(server("api/context.ts"), importingType("../send/sender.ts"))).toEqual([]);
    expect(check(server("run/rescuer.ts"), importingType("./runner.ts"))).toEqual([]);
  });

  it("counts type imports, except those of socket modules: a type opens no socket", () => {
    expect(check(server("run/retry.ts"), importingType("../store/db.ts"))).toHaveLength(1);
    expect(check(server("api/server.ts"), importingType("pg"))).toHaveLength(1);
    expect(check(server("api/server.ts"), importingType("node:net"))).toEqual([]);
  });

  it("counts re-exports and dynamic imports, and tells the line", () => {
    const text = '// A noun.\nexport * from "../store/db.ts";\nawait import("../wire/http.ts");\n';
    const findings = checkBoundaries([readSource(server("run/retry.ts"), text)]);
    expect(findings.map((finding) => finding.line)).toEqual([2, 3]);
  });
});

describe("text rules", () => {
  it.each([
    "const q = `select * from jobs where id = ${id}`;",
    "const q = sql`\n  insert into jobs (id) values (${id})`;",
    "const q = `UPDATE jobs SET name = ${name}`;",
    "const q = `update ${table} as j set name = 'x'`;",
    'const q = "delete from jobs";',
    "const q = `with due as (select 1) select * from due`;",
    "const q = `select now()`;",
    'const q = "listen jobs";',
  ])("finds SQL outside store/: %s", (text) => {
    expect(check(server("api/jobs.ts"), text)).toEqual(["SQL text outside store/"]);
    expect(check("packages/cli/src/main.ts", text)).toEqual(["SQL text outside store/"]);
    expect(check(server("store/jobs.ts"), text)).toEqual([]);
    expect(check("packages/server/test/flow/story.test.ts", text)).toEqual([]);
  });

  it.each([
    "const text = `Delete the channel ${name}?`;",
    'const text = "Select a job with --job.";',
    'const text = "Update available";',
    'const text = "with the name (as it is shown)";',
    "// select * from jobs",
  ])("takes no sentence for SQL: %s", (text) => {
    expect(check(server("api/jobs.ts"), text)).toEqual([]);
  });

  it.each(["Date.now()", "new Date()", "Math.random()", "performance.now()", "randomUUID()"])(
    "keeps %s out of nouns and the contract",
    (call) => {
      const text = `export const a = ${call};`;
      expect(check(server("run/retry.ts"), text)).toHaveLength(1);
      expect(check("packages/contract/src/events/index.ts", text)).toHaveLength(1);
      expect(check(server("run/runner.ts"), text)).toEqual([]);
      expect(check(server("run/retry.test.ts"), text)).toEqual([]);
    },
  );

  it("lets a noun build a date from a value", () => {
    expect(check(server("run/retry.ts"), "export const a = new Date(at.getTime() + 1);")).toEqual(
      [],
    );
  });

  it.each(["process.env.HOME", "console.log(1)", "setTimeout(f, 1)"])(
    "keeps %s out of nouns",
    (text) => {
      expect(check(server("plan/schedule.ts"), text)).toHaveLength(1);
      expect(check(server("plan/planner.ts"), text)).toEqual([]);
    },
  );

  it("keeps fetch and its like in wire/", () => {
    for (const call of ["await fetch(url)", "globalThis.fetch(url)", "new WebSocket(url)"]) {
      expect(check(server("api/jobs.ts"), call), call).toHaveLength(1);
      expect(check(server("wire/http.ts"), call), call).toEqual([]);
    }
    expect(check(server("api/jobs.ts"), "client.fetch(url); prefetch(url);")).toEqual([]);
  });
});

describe("cycles", () => {
  const cyclesOf = (files: Record<string, string>) =>
    checkBoundaries(Object.entries(files).map(([path, text]) => readSource(path, text))).map(
      (finding) => finding.message,
    );

  it("tells a cycle once, type imports included", () => {
    expect(
      cyclesOf({
        [server("store/c.ts")]: importing("./a.ts"),
        [server("store/a.ts")]: importing("./b.ts"),
        [server("store/b.ts")]: importingType("./c.ts"),
      }),
    ).toEqual(["no cycles (type imports count): a.ts -> b.ts -> c.ts -> a.ts"]);
  });

  it("tells a file that imports itself", () => {
    expect(cyclesOf({ [server("store/a.ts")]: importing("./a.ts") })).toHaveLength(1);
  });

  it("does not take two ways to one file for a cycle", () => {
    expect(
      cyclesOf({
        [server("store/a.ts")]: `${importing("./b.ts")}${importing("./c.ts")}`,
        [server("store/b.ts")]: importing("./d.ts"),
        [server("store/c.ts")]: importing("./d.ts"),
        [server("store/d.ts")]: "",
      }),
    ).toEqual([]);
  });

  it("follows imports by workspace name", () => {
    expect(
      cyclesOf({
        "packages/contract/src/index.ts": importing("./a.ts"),
        "packages/contract/src/a.ts": importing("@trigrun/contract"),
      }),
    ).toHaveLength(1);
  });
});
