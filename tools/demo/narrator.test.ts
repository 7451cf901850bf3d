// The printing: when it is coloured, how lines are laid out, and that none is lost meanwhile.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createNarrator, formatMs, type Output } from "./narrator.ts";

function startNarrator(output: Partial<Output> = {}) {
  let text = "";
  const write = (piece: string) => {
    text += piece;
  };
  const narrator = createNarrator({ write, ...output }, () => 2_140);
  return { narrator, text: () => text };
}

afterEach(() => void vi.unstubAllEnvs());

describe("the narrator", () => {
  it("says when, who and what, and puts further lines below the first", () => {
    const { narrator, text } = startNarrator();
    narrator.tell("slack", "a message\nvalid");
    expect(text()).toBe("   2.1 s  slack      a message\n                     valid\n");
  });

  it("writes no colour where there is no terminal, or where none is wanted", () => {
    const outputs = [{}, { isTTY: false, hasColors: () => true }, { isTTY: true }];
    for (const output of [...outputs, { isTTY: true, hasColors: () => false }]) {
      const { narrator, text } = startNarrator(output);
      narrator.tell("slack", "refused", "bad");
      expect(text()).not.toContain("\u001b[");
    }
  });

  it("colours on a terminal that can", () => {
    vi.stubEnv("NO_COLOR", undefined);
    vi.stubEnv("FORCE_COLOR", "1");
    const { narrator } = startNarrator({ isTTY: true, hasColors: () => true });
    expect(narrator.paint("bad", "no")).toBe("\u001b[31mno\u001b[39m");
  });

  it("makes one blank line of several gaps", () => {
    const { narrator, text } = startNarrator();
    narrator.print("a");
    narrator.gap();
    narrator.gap();
    narrator.act("b");
    expect(text()).toMatch(/^a\n\n── b ─+\n$/);
  });

  it("keeps lines back while somebody else writes, and loses none", async () => {
    const { narrator, text } = startNarrator();
    const result = await narrator.makeRoomFor(async () => {
      narrator.tell("target", "called");
      return text();
    });
    expect(result).toBe("");
    expect(text()).toContain("called");
  });

  it("shows what it kept back when the other one fails", async () => {
    const { narrator, text } = startNarrator();
    const failing = narrator.makeRoomFor(async () => {
      narrator.print("kept");
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(text()).toBe("kept\n");
  });
});

describe("formatMs", () => {
  it("says milliseconds below a second, and tenths of seconds above", () => {
    expect([-2, 0.4, 999, 1_000, 4_449].map(formatMs)).toEqual([
      ...["0 ms", "0 ms", "999 ms", "1.0 s", "4.4 s"],
    ]);
  });
});
