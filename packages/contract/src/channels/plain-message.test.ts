// The story in plain lines: its order, and what gives way when room is short.
import { describe, expect, it } from "vitest";
import { makeNotice } from "../../test/notices.ts";
import { toPlainMessage } from "./plain-message.ts";
import { characters } from "./ruler.ts";
import { summarize } from "./summarize.ts";

const summary = summarize(makeNotice("failed", { output: `${"o".repeat(500)}\nend` }));
const room = { lead: 500, ruler: characters, hasLink: true };

describe("toPlainMessage", () => {
  it("says the story, the facts, the link and the output, in this order", () => {
    const parts = toPlainMessage(summary, { ...room, max: 5000 }).split("\n\n");
    expect(parts).toEqual([
      summary.lead,
      expect.stringMatching(/^Status: failed\n.*\nNext run: 2026-11-24 10:00:00 UTC$/s),
      summary.link,
      `Output:\n${"o".repeat(500)}\nend`,
    ]);
  });

  it("gives the output what is left, to the last character", () => {
    const text = toPlainMessage(summary, { ...room, max: 700 });
    expect(text).toHaveLength(700);
    expect(text).toMatch(/\n\nOutput:\no+…$/);
  });

  it("leaves out an output that there is no room for, and a link that has its own place", () => {
    const text = toPlainMessage(summary, { ...room, hasLink: false, max: 380 });
    expect(text).toMatch(/Next run: 2026-11-24 10:00:00 UTC$/);
  });
});
