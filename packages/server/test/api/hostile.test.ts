// No request makes the server fail: every field of every route is given what it does not expect,
// and the answer is always one that the contract declares.
import { api, type Route } from "@trigrun/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
let ids: Record<string, string>;
beforeAll(async () => {
  test = await createTestApi();
  const channel = await test.client.createChannel({
    body: { name: "c", type: "webhook", config: { url: "https://example.com/x", secret: "one" } },
  });
  const job = await test.client.createJob({
    body: {
      name: "j",
      kind: "cron",
      schedule: { cron: "0 2 * * *" },
      request: { url: "https://example.com/x", method: "POST" },
    },
  });
  const run = await test.client.runJobNow({ params: { id: job.id } });
  ids = { Jobs: job.id, "Notification channels": channel.id, Executions: run.id };
});
afterAll(() => test.close());

const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  "",
  " ",
  "'; drop table jobs; --",
  "\ufffd\u202e\u{1f4a9}",
  "9".repeat(400),
  "x".repeat(10_000),
  "-271821-04-20T00:00:00.000Z",
  "9999-12-31T23:59:59.999+00:00",
  "0000-01-01T00:00:00Z",
  "http://[::1",
  "https://example.com:99999/",
  [],
  [[]],
  {},
  { toString: 1, constructor: { prototype: 1 }, valueOf: null },
  Array.from({ length: 300 }, () => 1),
];

function pathOf(route: Route): string {
  const own = ids[route.tag] ?? ids.Jobs ?? "x";
  return route.path.replace(":id", own).replace(":rule_id", "rule_x");
}

/** Copies of a value, each with one of its parts replaced. */
function* variants(value: unknown, replacement: unknown): Generator<unknown> {
  yield replacement;
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    for (const variant of variants(child, replacement)) yield { ...value, [key]: variant };
  }
}

const withBody = Object.entries<Route>(api).filter(([, { body }]) => body !== undefined);
const withQuery = Object.entries<Route>(api).filter(([, { query }]) => query !== undefined);

// Kinds and types that the one example of a route does not show.
const more: Readonly<Record<string, readonly unknown[]>> = {
  createJob: [
    {
      name: "s",
      kind: "scheduled",
      schedule: { run_at: "2999-01-01T00:00:00Z" },
      request: { url: "https://example.com/x", headers: { a: "b" }, success_statuses: [200] },
      retry_policy: { max_attempts: 1, retry_on_statuses: [500] },
    },
    {
      name: "r",
      kind: "recurring",
      schedule: { every_n_minutes: 5 },
      request: { url: "https://example.com/x" },
      state: "draft",
      notification_rules: [{ channel_id: "c", event: "on_failure" }],
    },
  ],
  updateJob: [{ kind: "cron", schedule: { cron: "0 2 * * *", timezone: "UTC" } }],
  createChannel: [
    { name: "s", type: "slack", config: { webhook_url: "https://hooks.slack.com/services/T/B/x" } },
    { name: "d", type: "discord", config: { url: "https://discord.com/api/webhooks/1/x" } },
    { name: "e", type: "email", config: { email: ["a@example.com"] } },
  ],
  updateChannel: [{ config: { url: "https://example.com/y", secret: "x", headers: { a: "b" } } }],
  previewSchedule: [
    { kind: "recurring", schedule: { every_n_minutes: 7 }, from: "2026-01-01T00:00:00Z", count: 3 },
    { kind: "scheduled", schedule: { run_at: "2026-01-01T00:00:00Z" } },
  ],
  retryDeliveries: [{ channel_id: "c", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }],
};

it.each(withBody)("%s refuses or does whatever its body says", async (key, route) => {
  const bodies = [route.example?.body ?? {}, ...(more[key] ?? [])];
  const token = route.needsSession ? (await test.addPerson("owner")).token : test.token;
  const seen = new Set<number>();
  for (const body of bodies) {
    for (const value of hostile) {
      for (const variant of variants(body, value)) {
        const { method } = route;
        const call = { method, path: pathOf(route), token, body: JSON.stringify(variant) };
        const { status } = await test.call(call);
        expect(status, JSON.stringify(variant).slice(0, 500)).toBeLessThan(500);
        seen.add(status);
      }
    }
  }
  expect([...seen]).toContain(400);
  expect(test.logged.filter(({ level }) => level === "error")).toEqual([]);
});

it.each(withQuery)("%s refuses or does whatever its query says", async (_key, route) => {
  const values = hostile.map((value) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  for (const name of Object.keys(route.query?.shape ?? {})) {
    for (const value of [...values, "%00", "%ff", "%"]) {
      const text = value.startsWith("%") ? value : encodeURIComponent(value);
      const path = `${pathOf(route)}?${name}=${text}`;
      const { status } = await test.call({ path });
      expect(status, path.slice(0, 500)).toBeLessThan(500);
    }
  }
  expect(test.logged.filter(({ level }) => level === "error")).toEqual([]);
});
