// The linters of the files in deploy/, where the machine has them: each says what it finds, and one
// that is missing is named, with where it comes from. What needs none of them is tested by
// deploy.test.ts. It changes nothing.
//
//   npm run lint:deploy
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./repository.ts";

interface Linter {
  readonly program: string;
  readonly advice: string;
  /** Arguments of each call that has to end well; `folder` is for what it needs beside. */
  calls(folder: string): readonly (readonly string[])[];
}

const chart = "deploy/helm/trigrun";

/** The unit with a program that is there: what is looked at is the rest. */
function prepareUnit(folder: string): string {
  const unit = readFileSync(join(root, "deploy/systemd/trigrun.service"), "utf8");
  const file = join(folder, "trigrun.service");
  writeFileSync(file, unit.replace("/usr/bin/node", process.execPath));
  return file;
}

const linters: readonly Linter[] = [
  {
    program: "promtool",
    advice: "Debian: apt-get install prometheus",
    calls: () => [["check", "rules", "deploy/prometheus/alerts.yaml"]],
  },
  {
    program: "systemd-analyze",
    advice: "Debian: apt-get install systemd",
    calls: (folder) => [["verify", prepareUnit(folder)]],
  },
  {
    program: "helm",
    advice: "it is in no Debian package; see its own site",
    calls: () => [
      ["lint", "--strict", chart],
      ["template", "trigrun", chart, "--set", "work.replicas=2,ingress.enabled=true"],
    ],
  },
  {
    program: "hadolint",
    advice: "it is in no Debian package; see its own site",
    calls: () => [["deploy/docker/Dockerfile"]],
  },
];

// The slowest takes a second.
const limitMs = 60_000;

/** The words of a call that failed; undefined when all went well. */
function run({ program, calls }: Linter, folder: string): string | undefined {
  for (const words of calls(folder)) {
    const { status, stdout, stderr, error } = spawnSync(program, words, {
      ...{ cwd: root, encoding: "utf8", timeout: limitMs },
    });
    if (status !== 0) return `${stdout}${stderr}${error?.message ?? ""}`;
  }
  return undefined;
}

function isThere(program: string): boolean {
  return spawnSync("which", [program], { stdio: "ignore" }).status === 0;
}

const folder = mkdtempSync(join(tmpdir(), "trigrun-lint-"));
try {
  for (const linter of linters) {
    const { program, advice } = linter;
    if (!isThere(program)) {
      process.stdout.write(`--   ${program}: not run, as it is not on this machine (${advice})\n`);
      continue;
    }
    const words = run(linter, folder);
    process.stdout.write(`${words === undefined ? "ok  " : "FAIL"} ${program}\n${words ?? ""}`);
    if (words !== undefined) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
