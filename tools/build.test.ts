// The build on a small project of the same shape: what is bundled, what stays outside, when again.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build, isBuilt } from "./build.mjs";
import { root as home } from "./repository.ts";

let root: string;

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function run(path: string): string {
  return spawnSync(process.execPath, [join(root, path)], { encoding: "utf8" }).stdout;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "build-test-"));
  write("package-lock.json", "{}");
  for (const name of ["contract", "server", "cli", "dashboard"]) {
    write(`packages/${name}/package.json`, `{ "name": "@trigrun/${name}", "type": "module" }`);
  }
  write("packages/contract/package.json", '{ "exports": "./src/index.ts", "type": "module" }');
  write("packages/contract/openapi.json", '{ "openapi": "3.1.0" }');
  write("packages/contract/src/index.ts", 'export const word: string = "contract";');
  write(
    "packages/server/src/main.ts",
    'import { word } from "@trigrun/contract";\nimport colours from "picocolors";\n' +
      "process.stdout.write(`${word} ${typeof colours.red}`);",
  );
  write("packages/server/src/store/migrations/0001_first.sql", "-- First.");
  write(
    "packages/cli/src/main.ts",
    'import { word } from "@trigrun/contract";\nimport { Command } from "commander";\n' +
      'const { late } = await import("./late.ts");\n' +
      'process.stdout.write(`${word} ${new Command("x").name()} ${late}`);',
  );
  write(
    "packages/cli/src/late.ts",
    'import { z } from "zod";\n' +
      "export const late: string = z.string().safeParse(1).error?.issues[0]?.message;",
  );
  write(
    "packages/dashboard/src/index.html",
    '<link href="%BASE%/assets/%STYLE%"><script src="%BASE%/assets/%THEME%"></script>' +
      '<script src="%BASE%/assets/%MAIN%"></script>',
  );
  write("packages/dashboard/src/shell/early-theme.ts", "document.title = '';");
  write("packages/dashboard/src/style.css", "body { margin: 0 }");
  write(
    "packages/dashboard/src/main.tsx",
    'import { word } from "@trigrun/contract";\nimport "./style.css";\ndocument.title = word;',
  );
  mkdirSync(join(root, "node_modules/@trigrun"), { recursive: true });
  symlinkSync(join(root, "packages/contract"), join(root, "node_modules/@trigrun/contract"));
  for (const name of ["commander", "picocolors", "zod"]) {
    symlinkSync(join(home, "node_modules", name), join(root, "node_modules", name));
  }
  await build(root);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("build", () => {
  it("bundles our own workspaces into the server and leaves packages outside", () => {
    expect(run("packages/server/dist/trigrun.js")).toBe("contract function");
    const bundle = readFileSync(join(root, "packages/server/dist/trigrun.js"), "utf8");
    expect(bundle).toContain('from "picocolors"');
    expect(bundle).not.toContain("@trigrun/");
  });

  it("puts migrations and document where the bundle looks for them", () => {
    expect(existsSync(join(root, "packages/server/dist/migrations/0001_first.sql"))).toBe(true);
    const document = readFileSync(join(root, "packages/server/dist/openapi.json"), "utf8");
    expect(document).toBe('{"openapi":"3.1.0"}');
  });

  it("bundles everything into the client, which then needs no node_modules", () => {
    renameSync(join(root, "node_modules"), join(root, "aside"));
    expect(run("packages/cli/dist/cronctl.js")).toBe(
      "contract x Invalid input: expected string, received number",
    );
    renameSync(join(root, "aside"), join(root, "node_modules"));
  });

  it("leaves the languages out that the client does not speak", () => {
    const chunks = join(root, "packages/cli/dist/chunks");
    const scripts = readdirSync(chunks).filter((name) => name.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(0);
    const german = scripts.filter((name) =>
      readFileSync(join(chunks, name), "utf8").includes("Ungültige Eingabe"),
    );
    expect(german).toEqual([]);
  });

  it("brings the licences of what it bundled, and a map to the sources", () => {
    const licenses = readFileSync(join(root, "packages/cli/dist/LICENSES.txt"), "utf8");
    expect(licenses).toMatch(/^commander \S+ \(MIT\)\n/);
    expect(licenses).toContain("Permission is hereby granted");
    expect(existsSync(join(root, "packages/cli/dist/cronctl.js.map"))).toBe(true);
  });
});

describe("the built dashboard", () => {
  const folder = "packages/server/dist/dashboard";

  it("is a page that names files which are there, by their hashes", () => {
    const page = readFileSync(join(root, folder, "index.html"), "utf8");
    const names = [...page.matchAll(/%BASE%\/assets\/([^"]+)"/g)].map(([, name = ""]) => name);
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(name).toMatch(/^(?:main|theme)-[A-Z0-9]{8}\.(?:js|css)$/);
      expect(existsSync(join(root, folder, "assets", name))).toBe(true);
    }
    const main = names.find((name) => /^main.*js$/.test(name)) ?? "";
    expect(readFileSync(join(root, folder, "assets", main), "utf8")).toContain('"contract"');
  });

  it("has each file packed in two ways, to the same bytes", () => {
    const assets = join(root, folder, "assets");
    const plain = readdirSync(assets).filter((name) => /\.(?:js|css)$/.test(name));
    expect(plain).toHaveLength(3);
    for (const name of plain) {
      const bytes = readFileSync(join(assets, name));
      expect(brotliDecompressSync(readFileSync(join(assets, `${name}.br`)))).toEqual(bytes);
      expect(gunzipSync(readFileSync(join(assets, `${name}.gz`)))).toEqual(bytes);
    }
  });
});

describe("a build that fails", () => {
  it("says so and leaves the programs as they were", async () => {
    const main = "packages/server/src/main.ts";
    const text = readFileSync(join(root, main), "utf8");
    write(main, 'import "./gone.ts";');
    expect(await build(root)).toBe(false);
    expect(isBuilt(root)).toBe(false);
    expect(run("packages/server/dist/trigrun.js")).toBe("contract function");
    write(main, text);
    expect(isBuilt(root)).toBe(true);
  });
});

describe("isBuilt", () => {
  it("is true until a source changes, and again when it changes back", () => {
    const late = "packages/cli/src/late.ts";
    const text = readFileSync(join(root, late), "utf8");
    expect(isBuilt(root)).toBe(true);
    write(late, 'export const late = "later";');
    expect(isBuilt(root)).toBe(false);
    write(late, text);
    expect(isBuilt(root)).toBe(true);
  });

  it("overlooks tests and sees new files and migrations", () => {
    write("packages/cli/src/late.test.ts", "");
    expect(isBuilt(root)).toBe(true);
    write("packages/server/src/store/migrations/0002_second.sql", "-- Second.");
    expect(isBuilt(root)).toBe(false);
  });
});
