// The demo's target: it fails until it is mended, and misses headers that TrigRun should send.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNarrator } from "./narrator.ts";
import { startTarget, type Target } from "./target.ts";

let target: Target;

beforeEach(async () => {
  target = await startTarget(createNarrator({ write: () => undefined }, () => 0));
});
afterEach(() => target.close());

const promised = {
  "x-cron-service-job-id": "job_1",
  "x-cron-service-execution-id": "exec_1",
  "x-cron-service-scheduled-for": "2026-11-23T10:00:00.000Z",
  "x-cron-service-attempt": "1",
};
const call = async (headers: Record<string, string> = promised) =>
  (await fetch(target.url, { method: "POST", headers })).status;

describe("the target", () => {
  it("fails until it is mended, and then as often as it is told", async () => {
    expect([await call(), await call()]).toEqual([503, 503]);
    target.mend(1);
    expect([await call(), await call(), await call()]).toEqual([503, 200, 200]);
    expect(target.problems).toEqual([]);
  });

  it("can be broken and mended from outside", async () => {
    await fetch(new URL("/mend", target.url), { method: "POST" });
    expect(await call()).toBe(200);
    await fetch(new URL("/break", target.url), { method: "POST" });
    expect(await call()).toBe(503);
  });

  it("misses each header that TrigRun promises", async () => {
    await call({});
    expect(target.problems).toHaveLength(Object.keys(promised).length);
  });
});
