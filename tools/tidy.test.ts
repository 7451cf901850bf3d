// Every rule of tidy finds its fault in a small fixture and is silent on the mended one.
import { describe, expect, it } from "vitest";
import { tidy } from "./tidy.ts";

/** Findings as `path:line message`, for a repository that holds just these files. */
function found(files: Record<string, string>): string[] {
  return tidy(Object.entries(files).map(([path, text]) => ({ path, text }))).map(
    ({ path, line, message }) => `${path}:${line} ${message}`,
  );
}

/** Findings for one production file, which another one imports so that it is not dead. */
function foundInCode(body: string, path = "packages/server/src/run/retry.ts"): string[] {
  const name = path.split("/").at(-1) ?? "";
  return found({
    [path]: `// When to try again.\n${body}`,
    "packages/server/src/run/main.ts": `// Imports it.\nimport "./${name}";`,
    "packages/server/package.json": '{ "main": "src/run/main.ts" }',
  });
}

describe("text", () => {
  it("finds left-over markers", () => {
    for (const word of ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) {
      expect(found({ "a.md": `# A\n\n${word}: later` })).toEqual([
        `a.md:3 \`${word}\`: a left-over marker; do it now or file an issue`,
      ]);
    }
    expect(found({ "a.md": "# A\n\nA hacker's to-do list" })).toEqual([]);
  });

  it("finds paths of one machine, but not routes and URLs", () => {
    for (const path of ["/wo" + "rk/main", "/ro" + "ot/x", "/ho" + "me/ann", "/Us" + "ers/ann"]) {
      expect(found({ "a.md": `# A\n\nSee ${path}` }), path).toHaveLength(1);
    }
    expect(found({ "a.md": "# A\n\nhttps://a.example/work/x and /v1/jobs" })).toEqual([]);
  });

  it("finds hosts of package registries", () => {
    expect(found({ ".npmrc": "registry=https://registry." + "npmjs.org/" })).toHaveLength(1);
    expect(found({ ".npmrc": "fund=false" })).toEqual([]);
  });

  it("finds addresses in the lock file", () => {
    expect(found({ "package-lock.json": '{ "resolved": "http' + 's://a/b.tgz" }' })).toHaveLength(
      1,
    );
    expect(found({ "package-lock.json": '{ "resolved": "packages/cli", "link": true }' })).toEqual(
      [],
    );
  });

  it("overlooks files that are no text", () => {
    expect(found({ "a.png": `\0${"TO" + "DO"}` })).toEqual([]);
  });
});

describe("code", () => {
  it("wants a comment at the top", () => {
    const missing = expect.stringContaining("open with a comment");
    expect(found({ "a.config.ts": "export {};" })).toEqual([missing]);
    expect(found({ "a.config.ts": "const a = 1; // later" })).toEqual([missing]);
    expect(found({ "a.config.ts": "// biome-ignore lint/x: y\nf();" })).toEqual([missing]);
    expect(found({ "a.config.ts": "//\nf();" })).toEqual([missing]);
    expect(found({ "a.config.ts": "" })).toEqual([missing]);
    expect(found({ "a.config.ts": "#!/usr/bin/env node\n// What it is.\nf();" })).toEqual([]);
    expect(found({ "a.config.ts": "\n/** What it is. */\nf();" })).toEqual([]);
    expect(found({ "a.sql": "select 1;" })).toHaveLength(1);
    expect(found({ "a.sql": "-- What it is.\nselect 1;" })).toEqual([]);
  });

  it("finds lines over 100 columns, except those with an address", () => {
    expect(foundInCode(`// ${"a".repeat(97)}`)).toEqual([]);
    expect(foundInCode(`// ${"ä".repeat(97)}`)).toEqual([]);
    expect(foundInCode(`\n// ${"a".repeat(98)}`)).toEqual([
      "packages/server/src/run/retry.ts:3 101 columns, 100 are the limit",
    ]);
    expect(foundInCode(`// https://a.example/${"a".repeat(98)}`)).toEqual([]);
  });

  it("finds bags, as files and as folders", () => {
    expect(foundInCode("", "packages/server/src/run/utils.ts")).toHaveLength(1);
    expect(foundInCode("", "packages/server/src/run/types.test.ts")).toHaveLength(1);
    expect(foundInCode("", "packages/server/src/run/typesetting.ts")).toEqual([]);
    expect(found({ "common/a.test.ts": "// A." })).toHaveLength(1);
  });

  it("finds tests that do not run", () => {
    const inTest = (body: string) => foundInCode(body, "packages/server/src/run/retry.test.ts");
    for (const call of ["it.only", "describe.skip", "test.todo", "it.skipIf(a)", "it.each.only"]) {
      expect(inTest(`${call}("a", () => {});`), call).toHaveLength(1);
    }
    expect(inTest('it.each([1])("it.only is a word here", () => { query.skip(1); });')).toEqual([]);
  });

  it("finds casts without a reason", () => {
    const missing = "a cast needs a line above it with the reason";
    expect(foundInCode("const a = b as C;")).toEqual([]);
    expect(foundInCode("\nconst a = b as C;")).toEqual([
      `packages/server/src/run/retry.ts:3 ${missing}`,
    ]);
    expect(foundInCode("\nconst a = b as unknown as C;")).toHaveLength(1);
    expect(foundInCode("\nconst a = f(b) as [C, D];")).toHaveLength(1);
    expect(foundInCode("\n// The library types it too widely.\nconst a = b as C;")).toEqual([]);
    expect(foundInCode("\n// The list is never empty.\nconst a = f(\n  b as C,\n);")).toEqual([]);
    expect(foundInCode("\n// About the other.\nconst a = 1;\nconst b = c as D;")).toHaveLength(1);
    expect(foundInCode("\nconst a = [1] as const;")).toEqual([]);
    expect(foundInCode("\nexport { a as b };\ntype A = { [K in B as C<K>]: D };")).toEqual([]);
  });

  it("finds files that no file imports, or only tests", () => {
    const dead = "no file imports it: use it or delete it";
    const a = "// A.";
    expect(found({ "packages/server/src/run/a.ts": a })).toEqual([
      `packages/server/src/run/a.ts:0 ${dead}`,
    ]);
    expect(
      found({
        "packages/server/src/run/a.ts": a,
        "packages/server/src/run/a.test.ts": '// Tests it.\nimport "./a.ts";',
      }),
    ).toEqual([`packages/server/src/run/a.ts:0 ${dead}`]);
    expect(found({ "packages/server/test/support/a.ts": a })).toHaveLength(1);
    expect(
      found({
        "packages/server/test/support/a.ts": a,
        "packages/server/test/a.test.ts": '// Starts it.\nfork(new URL("./support/a.ts", here));',
      }),
    ).toEqual([]);
  });

  it("takes what a package.json or a config names for imported", () => {
    expect(
      found({
        "packages/cli/src/main.ts": "// A.",
        "packages/cli/package.json": '{ "exports": "./src/main.ts" }',
        "tools/b.ts": "// B.",
        "tools/c.ts": "// C.",
        "package.json": '{ "scripts": { "b": "tsx tools/b.ts" } }',
        "vitest.config.ts": '// D.\nexport default { setup: "tools/c.ts" };',
      }),
    ).toEqual([]);
  });
});

describe("documents", () => {
  it("wants exactly one title", () => {
    expect(found({ "a.md": "## A" })).toHaveLength(1);
    expect(found({ "a.md": "# A\n\n# B" })).toHaveLength(1);
    expect(found({ "a.md": "# A\n\n```sh\n# a comment\n```\n" })).toEqual([]);
  });

  it("finds paths that do not exist", () => {
    const files = { "docs/a.md": "# A", "packages/server/src/store/jobs.sql": "-- Jobs." };
    const foundIn = (line: string) => found({ ...files, "b.md": `# B\n\n${line}` });
    for (const path of ["docs/b.md", "packages/x", "wire/", "store/b.sql", "gone.ts"]) {
      expect(foundIn(`See \`${path}\`.`)).toEqual([`b.md:3 \`${path}\` does not exist`]);
    }
    for (const path of ["docs/a.md", "packages/server", "store/", "store/jobs.sql", "jobs.sql"]) {
      expect(foundIn(`See \`${path}\`.`), path).toEqual([]);
    }
    for (const text of ["text/plain", "/v1/jobs", "channels/<type>.ts", "data/", "a.b", "2 / 3"]) {
      expect(foundIn(`See \`${text}\`.`), text).toEqual([]);
    }
    expect(foundIn("```\n`docs/b.md`\n```")).toEqual([]);
    expect(found({ ...files, "CHANGELOG.md": "# C\n\nRemoved `docs/b.md`." })).toEqual([]);
  });

  it("finds links that lead nowhere", () => {
    const files = { "docs/a.md": "# A", "docs/adr/0001-b.md": "# 0001: B" };
    const foundIn = (link: string) => found({ ...files, "docs/c.md": `# C\n\n[x](${link})` });
    expect(foundIn("b.md")).toEqual(["docs/c.md:3 the link to b.md leads nowhere"]);
    expect(foundIn("../adr/0001-b.md")).toHaveLength(1);
    for (const link of ["a.md", "adr/0001-b.md#context", "adr/", "#c", "https://a.example/"]) {
      expect(foundIn(link), link).toEqual([]);
    }
  });

  it("finds gaps and doubles among the decisions", () => {
    const one = { "docs/adr/0001-a.md": "# 0001: A" };
    expect(found({ ...one, "docs/adr/0002-b.md": "# 0002: B" })).toEqual([]);
    expect(found({ ...one, "docs/adr/0003-b.md": "# 0003: B" })).toHaveLength(1);
    expect(found({ ...one, "docs/adr/0001-b.md": "# 0001: B" })).toHaveLength(1);
    expect(found({ ...one, "docs/adr/0002-b.md": "# B" })).toHaveLength(1);
  });

  it("compares the error codes with their rows, both ways", () => {
    const codes = "packages/contract/src/api/errors.ts";
    const base = {
      [codes]:
        "// Codes.\nexport const errorTable = {\n  a_b: { status: 1 },\n  c: {\n  },\n} as const;",
      "packages/contract/src/index.ts": '// All.\nimport "./api/errors.ts";',
      "packages/contract/package.json": '{ "exports": "./src/index.ts" }',
    };
    const foundWith = (rows: string) =>
      found({ ...base, "docs/api/errors.md": `# Errors\n\n${rows}` });
    expect(found(base)).toEqual([]);
    expect(foundWith("| `a_b` | 1 |\n| `c` | 2 |")).toEqual([]);
    expect(foundWith("| `a_b` | 1 |")).toEqual(["docs/api/errors.md:0 no row for `c`"]);
    expect(foundWith("| `a_b` | 1 |\n| `c` | 2 |\n| `d` | 3 |")).toEqual([
      "docs/api/errors.md:0 `d` is no error code",
    ]);
  });
});
