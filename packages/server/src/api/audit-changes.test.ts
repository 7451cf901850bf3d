// What of a request's fields may stand in the audit log.
import { describe, expect, it } from "vitest";
import { toChanges } from "./audit-changes.ts";

const changesOf = (body: unknown, query: unknown = {}) =>
  toChanges({ body, query }, { body, query });

describe("toChanges", () => {
  it("names each field that was sent, those of a config and a request one by one", () => {
    const request = { url: "https://a.example", headers: { "x-secret-name": "v" } };
    const body = { name: "n", request, config: {}, notification_rules: [{ event: "on_failure" }] };
    expect(changesOf(body, { force: "true" }).fields).toEqual([
      ...["config", "force", "name", "notification_rules", "request.headers", "request.url"],
    ]);
  });

  it("names what was sent, and gives values also of what was left out", () => {
    const parsed = { body: { email: "a@example.com", role: "member" } };
    const changes = toChanges({ body: { email: "a@example.com" } }, parsed);
    expect(changes).toEqual({ fields: ["email"], values: { role: "member" } });
  });

  it("gives roles, states, times, numbers, ids and lists of such", () => {
    const at = new Date("2026-11-23T10:00:00.000Z");
    const shown = {
      ...{ role: "owner", scopes: ["read", "jobs:write"], expires_at: at, max_per_minute: 60 },
      ...{ dry_run: false, channel_id: `chan_${"0".repeat(32)}` },
    };
    expect(changesOf(shown).values).toEqual(shown);
  });

  it("gives the ids of a list that are some, whatever else was sent among them", () => {
    const id = `job_${"0".repeat(32)}`;
    expect(changesOf({ job_ids: ["s3cret", id, {}] }).values).toEqual({ job_ids: [id] });
  });

  it.each([
    ["a field that is not in the list", { password: "s3cret", value: "s3cret", url: "s3cret" }],
    ["an id that is none", { channel_id: "s3cret", job_id: `job_${"0".repeat(31)}` }],
    ["a word that is none of a list", { role: "S3cret!", state: "two words" }],
    ["an object, and a list that holds one", { event: { role: "owner" }, scopes: ["read", {}] }],
    ["what is no object", ["owner"]],
  ])("gives nothing of %s", (_what, body) => {
    expect(changesOf(body).values).toEqual({});
  });
});
