// The request that leaves for a job.
import { describe, expect, it } from "vitest";
import type { Execution } from "./execution.ts";
import { toCall } from "./request.ts";

function execution(request: Partial<Execution["job"]["request"]>): Execution {
  return {
    id: "exec_1",
    workspaceId: "ws_1",
    trigger: "schedule",
    scheduledFor: new Date("2026-03-01T10:00:00.000Z"),
    dueAt: new Date("2026-03-01T10:00:00.000Z"),
    startedAt: null,
    attemptCount: 0,
    interruptions: 0,
    nodeId: "node_1",
    job: {
      id: "job_1",
      name: "job",
      kind: "cron",
      nextRunAt: null,
      retryPolicy: { max_attempts: 3, retry_on_statuses: [] },
      request: {
        url: "https://example.com",
        method: "POST",
        headers: {},
        body: null,
        timeout_seconds: 30,
        success_statuses: [200],
        follow_redirects: false,
        ...request,
      },
    },
  };
}

function callOf(request: Partial<Execution["job"]["request"]>, number: number) {
  const made = execution(request);
  return toCall(made, number, made.job.request);
}

describe("toCall", () => {
  it("names job, execution, slot and attempt, whatever the user's headers say", () => {
    const headers = { "X-Cron-Service-Job-Id": "mine", "x-own": "kept" };
    expect(callOf({ headers }, 2).headers).toMatchObject({
      "x-cron-service-job-id": "job_1",
      "x-cron-service-execution-id": "exec_1",
      "x-cron-service-scheduled-for": "2026-03-01T10:00:00.000Z",
      "x-cron-service-attempt": "2",
      "x-own": "kept",
    });
  });

  it.each([
    [null, null, undefined],
    [{ a: 1 }, '{"a":1}', "application/json"],
    [[1], "[1]", "application/json"],
    [false, "false", "application/json"],
    ["plain", "plain", "text/plain; charset=utf-8"],
  ])("sends the body %j as %j", (body, sent, type) => {
    const call = callOf({ body }, 1);
    expect(call.body).toBe(sent);
    expect(call.headers["content-type"]).toBe(type);
  });

  it("lets the user choose the content type", () => {
    const headers = { "Content-Type": "application/xml" };
    const call = callOf({ body: "<a/>", headers }, 1);
    expect(call.headers["content-type"]).toBe("application/xml");
  });
});
