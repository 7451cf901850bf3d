// Plain text: what is broken up, and what is left as it was written.
import { describe, expect, it } from "vitest";
import { toPlain, toPlainLine } from "./plain-text.ts";

describe("toPlain", () => {
  it.each(["<script>", "</b>", "<!channel>", "<@U1>", "<#C1>", "<https://a.example|x>", "<?php"])(
    "breaks up what could be a tag, a mention or a link: %s",
    (text) => {
      expect(toPlain(text)).toBe(`<\u200b${text.slice(1)}`);
    },
  );

  it.each(["1 < 2", "a <= b", "x<<3", "a > b & c", "&lt;b&gt;", 'say "hi"'])(
    "leaves %s",
    (text) => {
      expect(toPlain(text)).toBe(text);
    },
  );
});

describe("toPlainLine", () => {
  it("cleans a name and cuts it to one line", () => {
    expect(toPlainLine("a\u0000b\r\n<b>c", 20)).toBe("a\ufffdb <\u200bb>c");
    expect(toPlainLine("x".repeat(1e6), 5)).toBe("xxxx…");
  });
});
