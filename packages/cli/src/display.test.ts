// Text as a terminal may show it.
import { describe, expect, it } from "vitest";
import { cut, neutralise, pad, toLines, widthOf } from "./display.ts";

describe("neutralise", () => {
  it.each([
    ["plain text, ünïcode, 日本語, 👨‍👩‍👧", "plain text, ünïcode, 日本語, 👨‍👩‍👧"],
    ["\u001b[31mred", "\\x1b[31mred"],
    ["a\nb\r\tc", "a\\nb\\r\\tc"],
    ["\u009b2J", "\\x9b2J"],
    ["\u202egpj.exe", "\\u{202e}gpj.exe"],
    ["\u2066hidden\u2069", "\\u{2066}hidden\\u{2069}"],
    ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
    ["line\u2028break", "line\\u{2028}break"],
    ["\u{e0041}tag", "\\u{e0041}tag"],
    ["half \ud800", "half \\u{d800}"],
    ["\u0000\u007f", "\\x00\\x7f"],
  ])("shows %j as %j", (text, shown) => {
    expect(neutralise(text)).toBe(shown);
  });
});

describe("toLines", () => {
  it("divides at line breaks and neutralises each line", () => {
    expect(toLines("a\r\nb\tc\n\u001b[1m")).toEqual(["a", "b    c", "\\x1b[1m"]);
  });
});

describe("widthOf", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["한글", 4],
    ["ｆｕｌｌ", 8],
    ["👍", 2],
    ["👨‍👩‍👧", 2],
    ["❤️", 2],
    ["…", 1],
  ])("of %j is %i", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe("cut", () => {
  it("marks what it cut off and never exceeds the width", () => {
    expect(cut("abcdef", 6)).toBe("abcdef");
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("日本語", 4)).toBe("日…");
    expect(cut("日本語", 1)).toBe("…");
    expect(cut("abc", 0)).toBe("");
  });

  it("never divides what a reader takes for one character", () => {
    expect(cut("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301…");
    expect(cut("👨‍👩‍👧👨‍👩‍👧", 3)).toBe("👨‍👩‍👧…");
  });
});

describe("pad", () => {
  it("counts columns, not characters", () => {
    expect(pad("日本", 6)).toBe("日本  ");
    expect(pad("abc", 2)).toBe("abc");
  });
});
