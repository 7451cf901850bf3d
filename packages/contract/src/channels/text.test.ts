// Cleaning and cutting of foreign text, with what people and programs do to break it.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, escapeHtml, toBlock, toLine } from "./text.ts";

describe("toBlock", () => {
  it.each([
    ["keeps tabs and line breaks", "a\tb\nc", "a\tb\nc"],
    ["makes every line break the same", "a\r\nb\rc\u2028d\u2029e", "a\nb\nc\nd\ne"],
    ["drops what colours a terminal", "\u001b[1;31mred\u001b[0m \u001b]0;t\u0007!", "red !"],
    ["shows where a control character was", "a\u0000b\u0007c\u009bd\u001b", "a�b�c�d�"],
    ["shows where the order of letters would turn", "\u202egpj.exe\u202c\u2066x", "�gpj.exe��x"],
    ["shows where half a character was", "a\ud800b\udc00", "a�b�"],
    ["leaves whole characters of any script", "日本 😀 עברית é", "日本 😀 עברית é"],
    ["breaks up what rings everybody", "@everyone @Here @channel", "@​everyone @​Here @​channel"],
    [
      "leaves addresses alone",
      "a@allianz.example b@channels.example",
      "a@allianz.example b@channels.example",
    ],
    ["breaks up fences", "```a``` `b` ``c`` ````", "`​``a`​`` `b` ``c`` `​`​``"],
    ["drops blanks at the end", "a \n\n", "a"],
  ])("%s", (_rule, value, expected) => {
    expect(toBlock(value)).toBe(expected);
  });

  it("takes no longer for text made to slow it down", () => {
    for (const piece of ["\u001b[", "\u001b]", "`", "@", "\r", "\u001b[1;"]) {
      const startedAt = performance.now();
      toBlock(piece.repeat(100_000));
      // It takes some 20 ms; what grows with the square of the length takes minutes.
      expect(performance.now() - startedAt).toBeLessThan(3000);
    }
  });
});

describe("toLine", () => {
  it("makes one line, with one blank where any white space was", () => {
    expect(toLine("  a \r\n\tb\u00a0\u2028c ")).toBe("a b c");
  });
});

describe("cut", () => {
  it.each([
    ["leaves what fits", "abc", 3, "abc"],
    ["ends with an ellipsis inside the limit", "abcd", 3, "ab…"],
    ["never halves a character", "a😀😀", 4, "a😀…"],
    ["keeps nothing rather than half a character", "😀😀", 2, "…"],
    ["can be nothing but an ellipsis", "abc", 1, "…"],
    ["leaves the empty text", "", 1, ""],
  ])("%s", (_rule, value, max, expected) => {
    expect(cut(value, max)).toBe(expected);
  });

  it("counts what the escaping adds, and never halves an escape", () => {
    expect(cut("a & b & c", 9, escapeHtml)).toBe("a &amp; …");
    expect(cut("&&&", 15, escapeHtml)).toBe("&amp;&amp;&amp;");
    expect(cut("&&&", 14, escapeHtml)).toBe("&amp;&amp;…");
  });

  it("holds the limit, shows a beginning, and wastes less than one escaped character", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "&", '"', "😀", "é", " "), maxLength: 80 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 120 }), (value, max) => {
        const shown = cut(value, max, escapeHtml);
        expect(shown.length).toBeLessThanOrEqual(max);
        if (escapeHtml(value).length <= max) {
          expect(shown).toBe(escapeHtml(value));
          return;
        }
        expect(shown.endsWith("…")).toBe(true);
        expect(escapeHtml(value).startsWith(shown.slice(0, -1))).toBe(true);
        expect(shown).not.toMatch(/&(?!amp;|quot;)|[\ud800-\udbff](?![\udc00-\udfff])/);
        expect(shown.length).toBeGreaterThan(max - 12);
      }),
    );
  });
});

describe("escapeHtml", () => {
  it("escapes what ends a text or an attribute", () => {
    expect(escapeHtml(`<a href="x" id='y'>&amp;</a>`)).toBe(
      "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;",
    );
  });
});
