// What the guide and the help say must be true: every line with cronctl in it is a command line
// that the program takes, and the table of exit codes is the program's.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { entries } from "../src/entries.ts";
import { exitCodeMeanings, exitCodes } from "../src/exit-codes.ts";
import type { Run } from "../src/leaf.ts";
import { buildTree, loadEntry } from "../src/tree.ts";
import { runInTest } from "./support/cronctl.ts";
import { now } from "./support/fixtures.ts";

const guide = readFileSync(new URL("../../../docs/guides/cronctl.md", import.meta.url), "utf8");

const run: Run = {
  surroundings: {
    env: {},
    homeDir: "/nowhere",
    platform: "linux",
    stdin: process.stdin,
    stdout: { write: () => undefined, columns: 1000 },
    stderr: { write: () => undefined },
    signal: new AbortController().signal,
    timeZone: "UTC",
    now: () => now,
    pause: async () => undefined,
  },
};

/** The command lines of a text, joined where they are continued, without what follows in a pipe. */
function commandLinesOf(text: string): string[] {
  return text
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .flatMap((line) => /^\s*(?:id=\$\(|eval "\$\()?(cronctl .*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.replace(/\s(?:\||&&|>|<|#).*$/, "").replace(/\)"?.*$/, ""));
}

function toWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}

const reached = new Error("the line was understood");

/** Takes a line up to its action. Fails with what the program says against it. */
async function understand(line: string): Promise<void> {
  const refusal: string[] = [];
  const tree = buildTree(run, refusal).hook("preAction", () => {
    throw reached;
  });
  const parsed = tree.parseAsync(toWords(line).slice(1), { from: "user" });
  await expect(parsed, refusal.join("")).rejects.toBe(reached);
}

describe("the guide", () => {
  const lines = commandLinesOf(guide);

  it("has lines to check", () => {
    expect(lines.length).toBeGreaterThan(50);
  });

  it.each(lines)("is right about `%s`", async (line) => {
    await understand(line);
  });

  it("lists the exit codes of the program", () => {
    const section = guide.slice(guide.indexOf("### Exit codes"));
    const rows = [...section.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [
      Number(code),
      meaning,
    ]);
    const codes = Object.entries(exitCodes).map(([key, code]) => [
      code,
      // The keys are those of `exitCodes`.
      exitCodeMeanings[key as keyof typeof exitCodes],
    ]);
    expect(rows).toEqual(codes);
  });

  it("names every command", async () => {
    const tree = buildTree(run);
    for (const command of tree.commands) {
      await loadEntry(command, run);
      const leaves = command.commands.length === 0 ? [command] : command.commands;
      for (const leaf of leaves) {
        const path = leaf === command ? leaf.name() : `${command.name()} ${leaf.name()}`;
        expect(guide).toContain(`cronctl ${path}`);
      }
    }
  });
});

describe("the help", () => {
  it.each(entries)("of $name has examples that work", async ({ name }) => {
    const tree = buildTree(run);
    const group = tree.commands.find((command) => command.name() === name);
    if (group === undefined) throw new Error(`${name} is in the tree`);
    await loadEntry(group, run);
    const paths = group.commands.length === 0 ? [[]] : group.commands.map((leaf) => [leaf.name()]);
    for (const path of paths) {
      const { stdout } = await runInTest([name, ...path, "--help"], {});
      const examples = commandLinesOf(stdout.slice(stdout.indexOf("Examples:")));
      expect(examples).not.toEqual([]);
      for (const line of examples) await understand(line);
    }
  });

  it("of the program has examples that work", async () => {
    const { stdout } = await runInTest(["--help"]);
    const examples = commandLinesOf(stdout.slice(stdout.indexOf("Examples:")));
    expect(examples.length).toBeGreaterThan(3);
    for (const line of examples) await understand(line);
  });
});
