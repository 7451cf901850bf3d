// The words of a digest: what counts, in which order, and what a line stands for.
import { describe, expect, it } from "vitest";
import { makeDigest } from "../../test/notices.ts";
import type { DigestDelivery } from "../events/index.ts";
import { summarizeDigest } from "./digest-summary.ts";

const hex = (digit: string) => digit.repeat(32);

function told(
  name: string,
  status: DigestDelivery["execution"]["status"],
  second: number,
  changes: Partial<DigestDelivery> = {},
): DigestDelivery {
  return {
    id: `dlv_${hex("0")}`,
    event: "on_completion",
    job: { id: `job_${name}`, name, kind: "cron" },
    execution: {
      id: `exec_${name}_${second}`,
      status,
      finished_at: `2026-11-23T10:00:${String(second).padStart(2, "0")}.000Z`,
    },
    error_message: null,
    ...changes,
  };
}

const linesOf = (deliveries: DigestDelivery[]) =>
  summarizeDigest(makeDigest({ deliveries })).list?.lines.map(({ text }) => text);

describe("the counts", () => {
  it.each([
    [{ failed: 2, succeeded: 1, cancelled: 0 }, "3 notifications: 2 failed, 1 succeeded", "failed"],
    [
      { failed: 0, succeeded: 1, cancelled: 2 },
      "3 notifications: 1 succeeded, 2 cancelled",
      "succeeded",
    ],
    [{ failed: 0, succeeded: 0, cancelled: 3 }, "3 notifications: 3 cancelled", "cancelled"],
  ] as const)(
    "leave out what there is none of, and a failure decides: %j",
    (counts, title, tone) => {
      expect(summarizeDigest(makeDigest({ total: 3, ...counts }))).toMatchObject({ title, tone });
    },
  );

  it("are part of the story, which says why it is one message", () => {
    const { lead } = summarizeDigest(makeDigest());
    expect(lead).toMatch(
      /^42 notifications came faster .*: 14 failed, 14 succeeded, 14 cancelled\.$/,
    );
  });
});

describe("the lines", () => {
  it("begin with the failures, and are as new as they came", () => {
    expect(
      linesOf([
        told("a", "succeeded", 9),
        told("b", "failed", 8, { error_message: "It broke." }),
        told("c", "cancelled", 7),
        told("d", "failed", 6),
      ]),
    ).toEqual([
      "b failed at 10:00:08 UTC: It broke.",
      "d failed at 10:00:06 UTC",
      "a succeeded at 10:00:09 UTC",
      "c was cancelled at 10:00:07 UTC",
    ]);
  });

  it("tell a flood of one job as one, with its latest error", () => {
    const lines = summarizeDigest(
      makeDigest({
        deliveries: [
          told("a", "failed", 9, { error_message: "new" }),
          told("b", "failed", 8),
          told("a", "failed", 7, { error_message: "old" }),
        ],
      }),
    ).list?.lines;
    expect(lines).toEqual([
      { tone: "failed", text: "a failed 2 times, last at 10:00:09 UTC: new", standsFor: 2 },
      { tone: "failed", text: "b failed at 10:00:08 UTC", standsFor: 1 },
    ]);
  });

  it("count an execution once that was told as two events", () => {
    const twice = [told("a", "failed", 9, { event: "on_failure" }), told("a", "failed", 9)];
    const { list } = summarizeDigest(makeDigest({ deliveries: twice }));
    expect(list?.lines).toEqual([
      { tone: "failed", text: "a failed at 10:00:09 UTC", standsFor: 2 },
    ]);
  });

  it("keep apart jobs of one name", () => {
    const job = { id: "job_other", name: "a", kind: "cron" } as const;
    expect(linesOf([told("a", "failed", 9), told("a", "failed", 8, { job })])).toHaveLength(2);
  });

  it("stay short, whatever a name or an error is", () => {
    const line = linesOf([
      told("x".repeat(1e6), "failed", 9, { error_message: "y\n".repeat(1e5) }),
    ]);
    expect(line?.[0]?.length).toBeLessThan(250);
    expect(line?.[0]).not.toContain("\n");
  });
});
