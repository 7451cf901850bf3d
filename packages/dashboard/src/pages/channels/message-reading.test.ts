// The messages of the services, as the server makes them, read for their drawing.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readMessage } from "./message-reading.ts";

function golden(type: string): string {
  const file = new URL(`../../../../contract/src/channels/golden/${type}.json`, import.meta.url);
  return JSON.stringify(JSON.parse(readFileSync(file, "utf8"))["on_success succeeded"].body);
}

describe("a message that is drawn", () => {
  it.each(["slack", "discord"])("has its title, its text and its fields on %s", (type) => {
    const drawing = readMessage(type, golden(type));
    expect(drawing?.title).toBe("✅ Succeeded: nightly-backup");
    expect(drawing?.text).toContain("nightly-backup succeeded on attempt 1 of 3.");
    expect(drawing?.text).toContain("Open the execution");
    expect(drawing?.fields[0]).toEqual({ name: "Status", value: "succeeded" });
    expect(drawing?.fields).toHaveLength(9);
  });

  it("has the mention of Slack and the colour of Discord", () => {
    expect(readMessage("slack", golden("slack"))?.text[0]).toBe("@here");
    expect(readMessage("discord", golden("discord"))?.color).toBe("#2e7d32");
  });

  it("is nothing where the type is not drawn or the body is not its own", () => {
    expect(readMessage("webhook", golden("webhook"))).toBeNull();
    expect(readMessage("slack", "no json")).toBeNull();
    expect(
      readMessage("slack", '{"blocks":[{"text":{"text":"&lt;b&gt;&amp;lt;"}}]}')?.text,
    ).toEqual(["<b>&lt;"]);
  });
});
