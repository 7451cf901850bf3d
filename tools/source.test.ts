// What the scanner must see and what it must overlook. No file is read here.
import { describe, expect, it } from "vitest";
import { lineAt, readSource } from "./source.ts";

const tokensOf = (text: string) =>
  readSource("a.ts", text).tokens.map((token) => [token.kind, token.text]);

describe("readSource", () => {
  it("tells comments, strings, templates and regular expressions from code", () => {
    expect(tokensOf(`// one\nconst a = "two"; /* three */ f(\`four\`, /fi"ve/g);`)).toEqual([
      ["comment", " one"],
      ["string", "two"],
      ["comment", " three "],
      ["template", "four"],
      ["regex", 'fi"ve'],
    ]);
  });

  it("keeps the code inside a template and puts a mark in its text", () => {
    const source = readSource("a.ts", 'const a = `x ${ f({ b: `in "${c}"` }) } y`; g("z");');
    expect(source.tokens.map((token) => token.text)).toEqual(['in "${}"', "x ${} y", "z"]);
    expect(source.code).toContain("f({ b: ");
    expect(source.code).toContain("c");
    expect(source.code).not.toContain("y`");
  });

  it("takes a slash after a value as a division", () => {
    expect(tokensOf("const half = total / 2; const third = (a + b) / 3; // end")).toEqual([
      ["comment", " end"],
    ]);
    expect(tokensOf("return /a/.test(b)")).toEqual([["regex", "a"]]);
    expect(tokensOf("const r = /[/]'/;")).toEqual([["regex", "[/]'"]]);
  });

  it("is not led astray by escapes", () => {
    expect(tokensOf(String.raw`f("a\"b", 'c\\', ${"`d\\`e`"})`)).toEqual([
      ["string", String.raw`a\"b`],
      ["string", String.raw`c\\`],
      ["template", "d\\`e"],
    ]);
  });

  it("blanks without moving a character", () => {
    const text = '#!/usr/bin/env node\nconst a = "🙂 b"; // c\nconst d = `e\nf`;\n';
    const { code } = readSource("a.ts", text);
    expect(code).toHaveLength(text.length);
    expect(code.indexOf("const d")).toBe(text.indexOf("const d"));
    expect(code.split("\n")).toHaveLength(text.split("\n").length);
    expect(code).not.toMatch(/[bcef]"|usr/);
  });

  it("finds every form of import with its line", () => {
    const { imports } = readSource(
      "a.ts",
      [
        'import "./side.ts";',
        'import a, { b } from "./ab.ts";',
        'import type { C } from "./c.ts";',
        'import { type D } from "./d.ts";',
        "import {",
        "  e,",
        '} from "./e.ts";',
        'export * from "./f.ts";',
        'export type { G } from "./g.ts";',
        'const h = await import("./h.ts");',
        'type I = import("./i.ts").I;',
        'const j = require("./j.ts");',
      ].join("\n"),
    );
    expect(imports.map((i) => `${i.line} ${i.specifier}${i.isTypeOnly ? " type" : ""}`)).toEqual([
      "1 ./side.ts",
      "2 ./ab.ts",
      "3 ./c.ts type",
      "4 ./d.ts",
      "7 ./e.ts",
      "8 ./f.ts",
      "9 ./g.ts type",
      "10 ./h.ts",
      "11 ./i.ts",
      "12 ./j.ts",
    ]);
  });

  it("sees no import in comments, strings and templates", () => {
    const text = [
      '// import a from "./a.ts"',
      "const b = 'import \"./b.ts\"';",
      'const c = `import "./c.ts"`;',
    ].join("\n");
    expect(readSource("a.ts", text).imports).toEqual([]);
  });

  it("does not take a string after an export for a specifier", () => {
    expect(
      readSource("a.ts", 'export const from = "x";\nexport const a = 1; f("y");').imports,
    ).toEqual([]);
  });
});

describe("lineAt", () => {
  it("counts from 1", () => {
    expect(lineAt("a\nb\nc", 0)).toBe(1);
    expect(lineAt("a\nb\nc", 2)).toBe(2);
    expect(lineAt("a\nb\nc", 4)).toBe(3);
  });
});
