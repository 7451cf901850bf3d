// Flags of a job, and what they make.
import type { Job } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { minutesFlag, toBody, toChange, toSchedule } from "./job-flags.ts";

const job: Job = {
  id: `job_${"0".repeat(32)}`,
  name: "backup",
  kind: "cron",
  state: "active",
  schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
  request: {
    url: "https://example.com/",
    method: "GET",
    headers: {},
    body: null,
    timeout_seconds: 30,
    success_statuses: [200],
    follow_redirects: false,
  },
  retry_policy: { max_attempts: 3, retry_on_statuses: [503] },
  next_run_at: null,
  last_execution: null,
  warnings: [],
  created_at: "2026-11-24T10:00:00.000Z",
  updated_at: "2026-11-24T10:00:00.000Z",
};

describe("minutesFlag", () => {
  it.each([
    ["15", 15],
    ["15m", 15],
    ["2h", 120],
    ["1d", 1440],
  ])("reads %s as %i", (text, minutes) => {
    expect(minutesFlag(text)).toBe(minutes);
  });

  it.each(["", "h", "1.5", "-5", "10s"])("refuses %j", (text) => {
    expect(() => minutesFlag(text)).toThrow("15m");
  });
});

describe("toSchedule", () => {
  it.each([
    [{ every: 15 }, { kind: "recurring", schedule: { every_n_minutes: 15 } }],
    [{ cron: "@hourly" }, { kind: "cron", schedule: { cron: "@hourly" } }],
    [{ at: "x" }, { kind: "scheduled", schedule: { run_at: "x" } }],
    [{ kind: "one_time" as const }, { kind: "one_time", schedule: {} }],
    [{}, undefined],
  ])("makes of %j the kind it tells of", (flags, schedule) => {
    expect(toSchedule(flags)).toEqual(schedule);
  });
});

describe("toBody", () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    [" [1]", [1]],
    ["plain", "plain"],
    ["42", "42"],
    ['"quoted"', '"quoted"'],
    ["", ""],
  ])("reads %j as %j", (text, body) => {
    expect(toBody(text)).toEqual(body);
  });
});

describe("toChange", () => {
  it("keeps the zone of a cron job that gets another expression", () => {
    expect(toChange({ cron: "@daily" }, undefined, job)).toEqual({
      kind: "cron",
      schedule: { cron: "@daily", timezone: "America/New_York" },
    });
  });

  it("gives a job of another kind no zone that nobody named", () => {
    const recurring: Job = { ...job, kind: "recurring", schedule: { every_n_minutes: 5 } };
    expect(toChange({ cron: "@daily" }, undefined, recurring)).toEqual({
      kind: "cron",
      schedule: { cron: "@daily" },
    });
    expect(() => toChange({ timezone: "UTC" }, undefined, recurring)).toThrow("--cron");
  });

  it("tells a body that is taken away from one that is not named", () => {
    expect(toChange({ timeout: 5 }, undefined, job)).toEqual({ request: { timeout_seconds: 5 } });
    expect(toChange({}, null, job)).toEqual({ request: { body: null } });
  });
});
