// The preview of schedules over the API.
import type { previewInput } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { createTestApi, type TestApi } from "../support/api.ts";
import { refusalOf } from "../support/refusal.ts";

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(async () => {
  await api.close();
});

const preview = (fields: object) =>
  // Where a test gives fields that do not fit, being refused is what it is about.
  api.client.previewSchedule({ body: fields as z.input<typeof previewInput> });

describe("previewing a schedule", () => {
  it("shows a run that a clock change moved, with the wall time and a note", async () => {
    const { items } = await preview({
      kind: "cron",
      schedule: { cron: "30 2 * * *", timezone: "America/New_York" },
      from: "2026-03-07T12:00:00Z",
      count: 2,
    });
    expect(items).toEqual([
      {
        run_at: "2026-03-08T07:00:00.000Z",
        local_time: "2026-03-08T03:00:00.000-04:00",
        note: expect.stringContaining("clocks go forward"),
      },
      {
        run_at: "2026-03-09T06:30:00.000Z",
        local_time: "2026-03-09T02:30:00.000-04:00",
        note: null,
      },
    ]);
  });

  it("counts the minutes of a recurring job from `from`, ten runs unless told", async () => {
    const { items } = await preview({
      kind: "recurring",
      schedule: { every_n_minutes: 90 },
      from: "2026-11-23T10:00:00Z",
    });
    expect(items).toHaveLength(10);
    expect(items.slice(0, 2).map(({ run_at }) => run_at)).toEqual([
      "2026-11-23T11:30:00.000Z",
      "2026-11-23T13:00:00.000Z",
    ]);
  });

  it("begins now unless told", async () => {
    const before = api.clock.now();
    const { items } = await preview({
      kind: "recurring",
      schedule: { every_n_minutes: 1 },
      count: 1,
    });
    const firstAt = Date.parse(items[0]?.run_at ?? "");
    expect(firstAt).toBeGreaterThan(before.getTime() + 60_000);
    expect(firstAt).toBeLessThan(api.clock.now().getTime() + 60_000);
  });

  it("shows the one run of a scheduled job, and none once it has passed", async () => {
    const schedule = { run_at: "2026-11-23T10:00:00+02:00" };
    const fields = { kind: "scheduled", schedule };
    const run_at = "2026-11-23T08:00:00.000Z";
    expect((await preview({ ...fields, from: "2026-11-23T07:59:59Z" })).items).toMatchObject([
      { run_at },
    ]);
    expect((await preview({ ...fields, from: run_at })).items).toEqual([]);
  });

  it("shows no run of a one_time job, which has no schedule", async () => {
    expect((await preview({ kind: "one_time" })).items).toEqual([]);
  });

  it.each([
    ["recurring", { every_n_minutes: 1 }],
    ["cron", { cron: "* * * * *" }],
  ])("ends a %s schedule with the calendar", async (kind, schedule) => {
    const from = "9999-12-31T23:57:30Z";
    const { items } = await preview({ kind, schedule, from, count: 100 });
    expect(items.length).toBeGreaterThan(0);
    for (const { run_at } of items) expect(run_at).toMatch(/^9999-12-31T23:5/);
    const beyond = { kind, schedule, from: "9999-12-31T23:59:30Z" };
    expect((await preview(beyond)).items).toEqual([]);
  });

  it("answers a hundred runs of a rare date", async () => {
    const { items } = await preview({
      kind: "cron",
      schedule: { cron: "0 0 29 2 *" },
      from: "2026-01-01T00:00:00Z",
      count: 100,
    });
    expect(items.at(-1)?.run_at).toBe("2436-02-29T00:00:00.000Z");
  });

  it.each([
    ["nonsense", { cron: "nonsense" }, /^validation_failed schedule\.cron: is not valid/],
    ["a date that never comes", { cron: "0 0 31 4 *" }, /schedule\.cron: .*can never fire/],
    ["an unknown zone", { cron: "@daily", timezone: "Utopia" }, /schedule\.timezone: is not valid/],
    ["an unknown field", { cron: "@daily", seconds: 5 }, /^validation_failed schedule\.seconds: /],
  ])("refuses %s", async (_, schedule, refusal) => {
    expect(await refusalOf(preview({ kind: "cron", schedule }))).toMatch(refusal);
  });

  it.each([0, 101, 1.5])("refuses a count of %s", async (count) => {
    const fields = { kind: "cron", schedule: { cron: "@daily" }, count };
    expect(await refusalOf(preview(fields))).toMatch(/^validation_failed count: /);
  });

  it("is open to every role", async () => {
    const token = await api.addToken("member");
    const body = { kind: "cron", schedule: { cron: "@daily" } };
    expect(await api.call({ path: "/v1/schedules/preview", body, token })).toMatchObject({
      status: 200,
    });
  });
});
