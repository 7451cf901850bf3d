// Set-up on a folder made for the test. npm is replaced: it is the one door of this program.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isInstalled, refuseNode, setUp } from "./setup.mjs";

let root: string;
let installs: number;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "setup-test-"));
  installs = 0;
  write("package.json", { engines: { node: ">=20.0.0" } });
  write("package-lock.json", { packages: { "": {}, "node_modules/a": { version: "1.0.0" } } });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
}

/** What npm ci does, as far as set-up sees it. */
async function install(): Promise<boolean> {
  installs++;
  await new Promise(setImmediate);
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  mkdirSync(join(root, "node_modules"));
  return true;
}

const run = () => setUp(root, { mustBuild: false, install });

describe("setUp", () => {
  it("installs once, and again only when the lock file has changed", async () => {
    expect(await run()).toBe(true);
    expect(await run()).toBe(true);
    expect(installs).toBe(1);
    write("package-lock.json", { packages: { "": {}, "node_modules/a": { version: "1.0.1" } } });
    expect(await run()).toBe(true);
    expect(installs).toBe(2);
  });

  it("installs once when two are started at the same moment", async () => {
    expect(await Promise.all([run(), run(), run()])).toEqual([true, true, true]);
    expect(installs).toBe(1);
  });

  it("says so when npm fails, and tries again the next time", async () => {
    expect(await setUp(root, { mustBuild: false, install: async () => false })).toBe(false);
    expect(await run()).toBe(true);
    expect(installs).toBe(1);
  });

  it("refuses a Node.js outside engines before it installs anything", async () => {
    write("package.json", { engines: { node: ">=99.0.0" } });
    expect(await run()).toBe(false);
    expect(installs).toBe(0);
  });
});

describe("isInstalled", () => {
  const record = "node_modules/.package-lock.json";

  it("believes npm's own record, so that nobody installs twice", () => {
    expect(isInstalled(root)).toBe(false);
    write(record, { packages: { "node_modules/a": { version: "1.0.0" } } });
    expect(isInstalled(root)).toBe(true);
  });

  it("does not believe a record with another version, too little or too much", () => {
    write(record, { packages: { "node_modules/a": { version: "1.0.1" } } });
    expect(isInstalled(root)).toBe(false);
    write(record, { packages: {} });
    expect(isInstalled(root)).toBe(false);
    write(record, {
      packages: { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "1.0.0" } },
    });
    expect(isInstalled(root)).toBe(false);
  });

  it("does not ask for optional packages of other platforms", () => {
    write("package-lock.json", {
      packages: { "node_modules/b": { version: "1.0.0", optional: true } },
    });
    write(record, { packages: {} });
    expect(isInstalled(root)).toBe(true);
  });
});

describe("refuseNode", () => {
  const engines = { node: "^20.19.0 || >=22.12.0" };

  it.each(["20.19.0", "20.20.2", "22.12.0", "23.0.0", "24.1.0"])("takes %s", (version) => {
    expect(refuseNode(version, engines)).toBeUndefined();
  });

  it.each(["18.20.0", "20.18.9", "21.7.0", "22.11.9"])("refuses %s with a sentence", (version) => {
    expect(refuseNode(version, engines)).toContain(`This is Node.js ${version}; TrigRun needs ^20`);
  });

  it("takes any when nothing is asked", () => {
    expect(refuseNode("1.0.0", undefined)).toBeUndefined();
  });
});
