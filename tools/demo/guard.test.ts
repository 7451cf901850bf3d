// The guard over the demo's server: whatever happens, it ends the program and removes the folder.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const guard = fileURLToPath(new URL("./guard.mjs", import.meta.url));
const opened: ChildProcess[] = [];

/** A guard over a program of these lines, and what the program says first. */
async function startGuard(script: string) {
  const folder = mkdtempSync(join(tmpdir(), "trigrun-guard-"));
  writeFileSync(join(folder, "file"), "");
  const child = spawn(process.execPath, [guard, folder, "--eval", script]);
  opened.push(child);
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const exited = once(child, "close").then(([code]) => code);
  const [first] = await once(child.stdout, "data");
  return { child, folder, exited, pid: Number(first), errors: () => errors };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

afterEach(() => {
  for (const child of opened.splice(0)) child.kill("SIGKILL");
});

const sayPid = "console.log(process.pid);";
const live = "setInterval(() => {}, 1_000);";

describe("the guard", () => {
  it("ends its program and removes the folder when its input ends", async () => {
    const { child, folder, exited, pid } = await startGuard(sayPid + live);
    child.stdin.end();
    expect(await exited).toBe(0);
    expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]);
  });

  it("does the same when it is asked by a signal", async () => {
    const { child, folder, exited, pid } = await startGuard(sayPid + live);
    child.kill("SIGTERM");
    expect(await exited).toBe(0);
    expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]);
  });

  it("says so when its program has ended by itself, and removes the folder", async () => {
    const { folder, exited, errors } = await startGuard(`${sayPid} process.exitCode = 7;`);
    expect(await exited).toBe(1);
    expect(errors()).toContain("has ended by itself (exit code 7)");
    expect(existsSync(folder)).toBe(false);
  });

  it("ends what its program has started and left behind", async () => {
    // It writes to our pipe, which closes only when nobody is left to write.
    const orphan = `spawn(process.execPath, ["--eval", "${live}"], { stdio: "inherit" })`;
    const script = `const { spawn } = require("node:child_process");
      ${orphan}; ${sayPid} process.stdout.end(() => process.exit(7));`;
    const { exited } = await startGuard(script);
    expect(await exited).toBe(1);
  });

  it("ends the database that its program has left behind", async () => {
    const database = spawn(process.execPath, ["--eval", live], { stdio: "ignore" });
    opened.push(database);
    const ended = once(database, "exit");
    const { child, folder, exited } = await startGuard(sayPid + live);
    mkdirSync(join(folder, "data", "postgres"), { recursive: true });
    writeFileSync(join(folder, "data", "postgres", "postmaster.pid"), `${database.pid}\n`);
    child.stdin.end();
    expect(await exited).toBe(0);
    expect((await ended)[1]).toBe("SIGINT");
    expect(existsSync(folder)).toBe(false);
  });
});
