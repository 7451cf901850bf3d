// The two ways to measure a text: what fits stays whole, and what does not is cut to the limit.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { characters, cutToJsonBytes, jsonBytes } from "./ruler.ts";
import { escapeHtml } from "./text.ts";

describe.each([
  ["characters", characters],
  ["jsonBytes", jsonBytes],
])("%s", (_, ruler) => {
  it("leaves a text that fits", () => {
    expect(ruler.cutTo("abc", 3)).toBe("abc");
    expect(ruler.cutTo("", 10)).toBe("");
  });

  it("cuts by no more than it must", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const max = ruler.sizeOf(ruler.cutTo(text, 1000));
        expect(ruler.cutTo(text, max)).toBe(ruler.cutTo(text, 1000));
      }),
    );
  });

  it("never exceeds the limit, and never cuts a character in half", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 3, max: 40 }), (text, max) => {
        const cutText = ruler.cutTo(text, max);
        expect(ruler.sizeOf(cutText)).toBeLessThanOrEqual(max);
        expect(cutText).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe("jsonBytes", () => {
  it("counts what a text becomes on its way", () => {
    expect(jsonBytes.sizeOf("ab")).toBe(2);
    expect(jsonBytes.sizeOf('"\n')).toBe(4);
    expect(jsonBytes.sizeOf("é€😀")).toBe(2 + 3 + 4);
  });

  it("fills the room that there is", () => {
    expect(jsonBytes.cutTo("é".repeat(50), 13)).toBe(`${"é".repeat(5)}…`);
    expect(jsonBytes.cutTo('"'.repeat(50), 13)).toBe(`${'"'.repeat(5)}…`);
  });
});

describe("cutToJsonBytes", () => {
  it("measures the markup and not the text", () => {
    expect(cutToJsonBytes("&&&&", 20, escapeHtml)).toBe("&amp;&amp;&amp;&amp;");
    expect(cutToJsonBytes("&&&&&", 20, escapeHtml)).toBe("&amp;&amp;&amp;…");
  });
});
