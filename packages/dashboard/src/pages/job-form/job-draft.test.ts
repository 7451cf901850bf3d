// The form of a job and the contract's own input: what goes in comes out, what is wrong is found.
import { ApiError, type Job } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { errorAt, findErrors, readRefusal, toDraft, toNewDraft, toNewJob } from "./job-draft.ts";

const typed = { ...toNewDraft("Europe/Berlin"), name: " backup ", url: "https://example.com/run" };

describe("the draft of a job", () => {
  it("is the input of the contract, for each kind", () => {
    expect(findErrors(typed)).toEqual({});
    expect(toNewJob(typed, "draft")).toMatchObject({
      ...{ name: "backup", kind: "cron", state: "draft" },
      schedule: { cron: "0 6 * * *", timezone: "Europe/Berlin" },
      request: { method: "GET", body: null, success_statuses: [200, 201, 202, 204] },
    });
    const once = { ...typed, kind: "scheduled", runAt: "2026-12-01T12:30" } as const;
    expect(toNewJob(once, "active").schedule).toEqual({ run_at: "2026-12-01T11:30:00.000Z" });
    expect(toNewJob({ ...typed, kind: "one_time" }, "active").schedule).toEqual({});
  });

  it("names each field that is wrong", () => {
    const bad = {
      ...{ ...typed, name: "", url: "ftp://example.com", body: "{" },
      bodyKind: "json",
      ...{ timeoutSeconds: "soon", successStatuses: "200, 9", maxAttempts: "0" },
    } as const;
    const errors = findErrors(bad);
    expect(errors.name).toBe("is required");
    expect(errors["request.body"]).toMatch(/^is not JSON: /);
    for (const field of ["request.url", "request.timeout_seconds", "request.success_statuses"]) {
      expect(errorAt(errors, field)).toBeDefined();
    }
    expect(errorAt(errors, "retry_policy.max_attempts")).toBeDefined();
    expect(errorAt(errors, "request.headers")).toBeUndefined();
  });

  it("comes from a job and goes back to it unchanged", () => {
    const request = {
      ...{ url: "https://example.com/run", method: "POST", headers: { "x-key": "secret://k" } },
      ...{ body: { full: [1, null] }, timeout_seconds: 60, success_statuses: [200] },
      follow_redirects: true,
    } as const;
    const job = {
      ...{ name: "backup", kind: "recurring", schedule: { every_n_minutes: 5 }, request },
      retry_policy: { max_attempts: 5, retry_on_statuses: [503] },
    } as const;
    // Only what the form shows of a job.
    const again = toNewJob(toDraft(job as unknown as Job, [], "UTC"), "active");
    expect(again).toEqual({ ...job, state: "active", notification_rules: [] });
  });

  it("says what is wrong with the moment of a job that runs once", () => {
    const once = { ...typed, kind: "scheduled", runAt: "2026-12-01T12:30" } as const;
    expect(findErrors(once)).toEqual({});
    expect(findErrors({ ...once, runAt: "" })).toEqual({ "schedule.run_at": "is required" });
    expect(findErrors({ ...once, runAt: "0002-12-01T12:30" })).toEqual({
      "schedule.run_at": expect.stringMatching(/^must be a date from 1970/),
    });
    expect(findErrors({ ...once, zone: "Mars/Olympus" })).toEqual({
      "schedule.timezone": expect.stringMatching(/^is not known/),
    });
  });

  it("puts what the API refuses at its field", () => {
    const details = [{ path: "schedule.cron", message: "is not valid" }];
    const refusal = new ApiError("validation_failed", "no", { details });
    expect(errorAt(readRefusal(refusal), "schedule.cron")).toBe("is not valid");
    const guarded = [{ path: "request.url", message: "127.0.0.1 is private." }];
    const guard = new ApiError("target_not_allowed", "127.0.0.1 is private.", { details: guarded });
    expect(errorAt(readRefusal(guard), "request.url")).toBe("127.0.0.1 is private.");
    expect(readRefusal(new Error("away"))).toEqual({});
  });
});
