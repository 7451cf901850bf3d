// The words about one execution: one line for every way it can end.
import { describe, expect, it } from "vitest";
import { makeNotice } from "../../test/notices.ts";
import { summarizeExecution as summarize } from "./execution-summary.ts";

const leadOf = (...parts: Parameters<typeof makeNotice>) => summarize(makeNotice(...parts)).lead;
const factOf = (label: string, ...parts: Parameters<typeof makeNotice>) =>
  summarize(makeNotice(...parts)).facts.find((fact) => fact.label === label)?.value;

describe("the lead", () => {
  it.each([
    ["succeeded", {}, "nightly-backup succeeded on attempt 1 of 3."],
    ["succeeded", { attempts: 2 }, "nightly-backup succeeded on attempt 2 of 3."],
    ["succeeded", { maxAttempts: null }, "nightly-backup succeeded after 1 attempt."],
    ["succeeded", { attempts: 4 }, "nightly-backup succeeded after 4 attempts."],
    [
      "cancelled",
      {},
      "nightly-backup was cancelled before the first attempt: The job was deleted.",
    ],
    [
      "cancelled",
      { attempts: 2 },
      "nightly-backup was cancelled after 2 of 3 attempts: The job was deleted.",
    ],
    [
      "failed",
      {},
      "nightly-backup failed after 3 of 3 attempts with HTTP 503: " +
        "The backup service is down for maintenance.",
    ],
    [
      "failed",
      { attempts: 1, lastAttempt: { status_code: 404, error_message: null } },
      "nightly-backup failed after 1 of 3 attempts with HTTP 404.",
    ],
    [
      "failed",
      {
        lastAttempt: { status: "TIMEOUT", status_code: null, error_message: "No answer in 30 s." },
      },
      "nightly-backup failed after 3 of 3 attempts by timeout: No answer in 30 s.",
    ],
    [
      "failed",
      { lastAttempt: { status: "TIMEOUT", error_message: null, error_class: null } },
      "nightly-backup failed after 3 of 3 attempts by timeout.",
    ],
    [
      "failed",
      { lastAttempt: { status: "CONNECTION_ERROR", error_message: "db refused the connection." } },
      "nightly-backup failed after 3 of 3 attempts: db refused the connection.",
    ],
    [
      "failed",
      { lastAttempt: { status: "CONNECTION_ERROR", error_message: "", error_class: "dns_error" } },
      "nightly-backup failed after 3 of 3 attempts without a connection: dns_error",
    ],
    [
      "failed",
      { lastAttempt: null, attempts: 0 },
      "nightly-backup failed before the first attempt.",
    ],
  ] as const)("tells the whole story: %s %j", (status, changes, expected) => {
    expect(leadOf(status, changes)).toBe(expected);
  });

  it("says that a test is no alarm before anything else", () => {
    expect(leadOf("failed", { isTest: true })).toMatch(/^This is a test of the channel/);
    expect(summarize(makeNotice("failed", { isTest: true })).title).toBe(
      "[Test] Failed: nightly-backup",
    );
  });

  it("keeps a long error to a line", () => {
    const lead = leadOf("failed", { lastAttempt: { error_message: "long\nerror ".repeat(1e5) } });
    expect(lead.length).toBeLessThan(400);
    expect(lead).toMatch(/^nightly-backup failed [^\n]*…$/);
  });
});

describe("the facts", () => {
  it("names the zone of every time", () => {
    expect(factOf("Scheduled for", "failed")).toBe("2026-11-23 10:00:00 UTC");
    expect(factOf("Finished", "failed")).toBe("2026-11-23 10:00:04 UTC");
    expect(factOf("Next run", "failed")).toBe("2026-11-24 10:00:00 UTC");
  });

  it("says in words what is not there", () => {
    expect(factOf("Next run", "cancelled")).toBe("none planned");
    expect(factOf("Duration", "cancelled")).toBe("not started");
    expect(factOf("Last response", "cancelled")).toBe("none");
  });

  it.each([
    [4210, 1100, "4.2 s, usually 1.1 s"],
    [4210, 60_000, "4.2 s, usually 1 min 0 s"],
    [4210, null, "4.2 s"],
    [4210, 3000, "4.2 s"],
    [4210, 4210, "4.2 s"],
    [90, 10, "90 ms"],
    [null, 1100, "not started"],
  ])("compares %s ms with the usual %s ms where it tells something", (ms, usual, said) => {
    expect(factOf("Duration", "failed", { durationMs: ms, usualDurationMs: usual })).toBe(said);
  });

  it.each([
    [3, 3, "3 of 3"],
    [1, null, "1"],
    // Tries that a dying node cut do not count against the policy.
    [4, 3, "4"],
  ])("counts %i attempts of %s", (attempts, maxAttempts, said) => {
    expect(factOf("Attempts", "failed", { attempts, maxAttempts })).toBe(said);
  });

  it("tells an answer from silence", () => {
    expect(factOf("Last response", "succeeded")).toBe("HTTP 200 after 120 ms");
    const lastAttempt = { status: "TIMEOUT", status_code: null, latency_ms: 30_000 } as const;
    expect(factOf("Last response", "failed", { lastAttempt })).toBe("none after 30 s");
  });
});

describe("the link", () => {
  const linkOf = (url: string) => summarize(makeNotice("failed", { url })).link;

  it.each([
    "",
    "/executions/1",
    "javascript:alert(1)",
    "http://",
    `https://a.example/${"x".repeat(1000)}`,
  ])("is left out where there is no web address: %.30s", (url) => {
    expect(linkOf(url)).toBeNull();
  });

  it("holds nothing that ends a link", () => {
    expect(linkOf('https://a.example/ x"<y>')).toBe("https://a.example/%20x%22%3Cy%3E");
  });

  it("works on a machine without a name", () => {
    expect(linkOf("http://127.0.0.1:7400/e")).toBe("http://127.0.0.1:7400/e");
  });
});

describe("the output", () => {
  const outputOf = (output: string | null) => summarize(makeNotice("failed", { output })).output;

  it("is there only for a channel that wants it", () => {
    expect(outputOf(null)).toBeNull();
    expect(outputOf("a\nb")).toBe("a\nb");
  });

  it("says so when it is empty", () => {
    expect(outputOf("")).toBe("(empty)");
    expect(outputOf(" \n")).toBe("(empty)");
  });

  it("shows that it goes on", () => {
    expect(outputOf("x".repeat(70_000))).toBe(`${"x".repeat(65_536)}…`);
  });
});
