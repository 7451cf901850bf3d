// The words of the warning that a channel was disabled.
import { describe, expect, it } from "vitest";
import { makeWarning } from "../../test/notices.ts";
import { summarizeWarning } from "./warning-summary.ts";

const leadOf = (...changes: Parameters<typeof makeWarning>) =>
  summarizeWarning(makeWarning(...changes)).lead;

describe("the warning about a channel", () => {
  it("says which, why, and what waits", () => {
    expect(leadOf()).toBe(
      "The channel ops-slack was disabled: nothing is sent to it now. The receiver answered 410 " +
        "Gone: it wants no further calls. 12 notifications wait until it is enabled again.",
    );
  });

  it.each([
    [0, "What comes next waits until it is enabled again."],
    [1, "1 notification waits until it is enabled again."],
    [2, "2 notifications wait until it is enabled again."],
  ])("counts what waits: %i", (waiting, words) => {
    expect(leadOf({ waiting })).toMatch(new RegExp(`${words}$`));
  });

  it("makes a sentence of any reason", () => {
    expect(leadOf({ reason: "50 failures in a row" })).toContain(" 50 failures in a row. 12 ");
    expect(leadOf({ reason: "" })).toContain("to it now. 12 ");
  });

  it("has no foreign text among its facts", () => {
    const channel = { id: `chan_${"0".repeat(32)}`, name: "**x**", type: "[x](https://a.example)" };
    expect(summarizeWarning(makeWarning({ channel })).facts).toContainEqual({
      label: "Type",
      value: "unknown",
    });
  });
});
