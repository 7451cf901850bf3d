// A list in little room: what fits, and that the rest is counted.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as all from "./listing.ts";
import type { Listing } from "./summary.ts";

const bare = { toSign: () => "" };
const fitLines = (...[list, max, medium]: Parameters<typeof all.fitLines>) =>
  all.fitLines(list, max, { ...bare, ...medium });
const fitList = (...[list, max, medium]: Parameters<typeof all.fitList>) =>
  all.fitList(list, max, { ...bare, ...medium });

const listing = (texts: readonly string[], total = texts.length): Listing => ({
  lines: texts.map((text) => ({ text, standsFor: 1, tone: "failed" })),
  total,
});

describe("fitLines", () => {
  it("says all lines where there is room", () => {
    expect(fitLines(listing(["one", "two"]), 7)).toEqual(["one", "two"]);
  });

  it("counts what it leaves out, and what never had a line", () => {
    expect(fitList(listing(["one", "two", "a long third"]), 14)).toBe("one\nand 2 more");
    expect(fitList(listing(["one"], 38), 100)).toBe("one\nand 37 more");
  });

  it("begins each line with a sign for its outcome, in markup of the medium's own or not", () => {
    expect(all.fitList(listing(["one"]), 20)).toBe("❌ one");
    expect(all.fitList(listing(["one"]), 20, { toSign: (tone) => `<${tone}>` })).toBe(
      "<failed>one",
    );
  });

  it("counts notifications, not lines", () => {
    const lines: Listing["lines"] = [
      { text: "one", standsFor: 5, tone: "failed" },
      { text: "a longer one", standsFor: 7, tone: "failed" },
    ];
    expect(fitList({ lines, total: 20 }, 15)).toBe("one\nand 15 more");
  });

  it("is empty where not even one line fits", () => {
    expect(fitLines(listing(["a long line", "b"]), 10)).toEqual([]);
    expect(fitList(listing([]), 10)).toBe("");
  });

  it("measures the markup, with what stands between the lines", () => {
    const medium = { toMarkup: (line: string) => `<li>${line}`, joint: "</li>" };
    expect(fitList(listing(["a", "b"]), 15, medium)).toBe("<li>a</li><li>b");
    expect(fitLines(listing(["a", "b"]), 14, medium)).toEqual([]);
  });

  it("never is longer than it may, and never loses one", () => {
    const rule = fc.property(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 20 }),
      fc.nat(50),
      fc.nat(300),
      (texts, beyond, max) => {
        const lines = fitLines(listing(texts, texts.length + beyond), max);
        expect(lines.join("\n").length).toBeLessThanOrEqual(Math.max(max, 0));
        if (lines.length === 0) return;
        const more = /^and (\d+) more$/.exec(lines.at(-1) ?? "");
        const shown = lines.length - (more ? 1 : 0);
        expect(shown + Number(more?.[1] ?? 0)).toBe(texts.length + beyond);
      },
    );
    fc.assert(rule);
  });
});
