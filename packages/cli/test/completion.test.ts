// Completion: what is offered where, and the script of bash in a real bash.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scriptOf } from "../src/shell-scripts.ts";
import { aChannel, aDigest, aJob, aRule, onePage } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { run, answer } = suite;

const complete = async (...words: string[]) => {
  const { stdout, exitCode } = await run(["__complete", ...words]);
  expect(exitCode).toBe(0);
  return stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
};

describe("completion", () => {
  it("offers commands, and those below a command", async () => {
    expect(await complete("")).toContain("channels");
    expect(await complete("e")).toEqual(["executions", "explain"]);
    expect(await complete("--url", "http://x", "rules", "")).toEqual(["list", "add", "remove"]);
  });

  it("offers flags and their values", async () => {
    expect(await complete("jobs", "list", "--st")).toEqual(["--state"]);
    expect(await complete("jobs", "list", "--state", "")).toContain("paused");
    expect(await complete("jobs", "list", "--state=p")).toEqual(["--state=paused"]);
    expect(await complete("jobs", "create", "--timezone", "Europe/Ber")).toEqual(["Europe/Berlin"]);
    expect(await complete("channels", "create", "--include")).toEqual(["--include-output"]);
    expect(await complete("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  it("offers digests where one is asked for, and what no rule names", async () => {
    answer({ listDeliveries: () => onePage(aDigest()) });
    expect(await complete("deliveries", "list", "--digest", "")).toEqual([aDigest().id]);
    expect(suite.server.seen[0]?.query).toMatchObject({ event: "digest" });
    expect(await complete("deliveries", "list", "--event", "")).toContain("channel_disabled");
    expect(await complete("channels", "update", "ops", "--overflow", "d")).toEqual(["digest"]);
    expect(await complete("channels", "enable", "ops", "--d")).toEqual(["--discard"]);
  });

  it("offers names from the server", async () => {
    answer({
      listJobs: () => onePage(aJob(), aJob({ name: "with blank" }), aJob({ name: "bad\u202e" })),
      listChannels: () => onePage(aChannel()),
      listRules: () => onePage(aRule()),
    });
    expect(await complete("jobs", "get", "")).toEqual(["nightly-backup", "with blank"]);
    expect(await complete("executions", "list", "--job", "n")).toEqual(["nightly-backup"]);
    expect(await complete("rules", "add", "nightly-backup", "--channel", "")).toEqual(["ops"]);
    expect(await complete("rules", "remove", "nightly-backup", "")).toEqual([]);
    answer({ listJobs: () => onePage(aJob()), listRules: () => onePage(aRule()) });
    expect(await complete("rules", "remove", "nightly-backup", "")).toEqual(["ops:on_failure"]);
  });

  it("offers nothing, quietly, where the server is away", async () => {
    const { exitCode, stdout, stderr } = await run(["__complete", "jobs", "get", ""], {
      env: { CRON_API_URL: "http://127.0.0.1:1" },
    });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

/** Runs the script as bash calls it for a line whose words readline has divided. */
function completeInBash(line: string, words: readonly string[], answers: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "cronctl-bash-"));
  try {
    writeFileSync(join(folder, "answers"), answers.map((value) => `${value}\tabout it\n`).join(""));
    const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const script = `
      cronctl() { printf '%s\\n' "$@" > "${folder}/asked"; cat "${folder}/answers"; }
      ${scriptOf("bash")}
      COMP_LINE='${line.replaceAll("'", "'\\''")}'
      COMP_WORDS=(${quoted})
      COMP_CWORD=${words.length - 1}
      _cronctl
      cat "${folder}/asked"
      echo ---
      printf '%s\\n' "\${COMPREPLY[@]}"
    `;
    const output = execFileSync("bash", ["--norc", "-euc", script], { encoding: "utf8" });
    const [asked = "", replies = ""] = output.split("---\n");
    return {
      asked: asked.trimEnd().split("\n"),
      replies: replies.trimEnd().split("\n").filter(Boolean),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the script of bash", () => {
  it("passes the words on and offers what fits", () => {
    const { asked, replies } = completeInBash(
      "cronctl jobs get n",
      ["cronctl", "jobs", "get", "n"],
      ["nightly", "new", "other"],
    );
    expect(asked).toEqual(["__complete", "jobs", "get", "n"]);
    expect(replies).toEqual(["nightly", "new"]);
  });

  it("quotes blanks", () => {
    const words = ["cronctl", "jobs", "get", ""];
    expect(completeInBash("cronctl jobs get ", words, ["with blank"]).replies).toEqual([
      "with\\ blank",
    ]);
    const quoted = ["cronctl", "jobs", "get", '"with b'];
    expect(completeInBash('cronctl jobs get "with b', quoted, ["with blank"]).replies).toEqual([
      "with blank",
    ]);
  });

  it("puts together what bash divides at = and :", () => {
    const flag = ["cronctl", "jobs", "list", "--state", "=", "p"];
    const atFlag = completeInBash("cronctl jobs list --state=p", flag, ["--state=paused"]);
    expect(atFlag.asked).toEqual(["__complete", "jobs", "list", "--state=p"]);
    expect(atFlag.replies).toEqual(["paused"]);
    const rule = ["cronctl", "rules", "remove", "backup", "ops", ":", ""];
    const atRule = completeInBash("cronctl rules remove backup ops:", rule, ["ops:on_failure"]);
    expect(atRule.asked).toEqual(["__complete", "rules", "remove", "backup", "ops:"]);
    expect(atRule.replies).toEqual(["on_failure"]);
  });

  it("runs nothing of what was typed", () => {
    const words = ["cronctl", "jobs", "get", "$(echo pwned >&2; exit 9)"];
    const { asked } = completeInBash(words.join(" "), words, ["x"]);
    expect(asked.at(-1)).toBe("$(echo pwned >&2; exit 9)");
  });
});
