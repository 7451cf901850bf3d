// Previews over the API: what would be sent is shown, nothing is sent, no credential is told.
import { channelTypeNames, channelTypes } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";
import { refusalOf } from "../support/refusal.ts";
import { insertExecutionRow, insertJobRow } from "../support/rows.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const secret = "whsec_c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU";
const config = {
  url: "https://api.example.com/hook",
  secret,
  headers: { authorization: "Bearer tok_abcdefgh12345678" },
};

describe("a preview of a channel that is not there yet", () => {
  it.each(channelTypeNames)("shows what %s would send", async (type) => {
    const body = { type, config: channelTypes[type].example, event: "on_failure" };
    const { status, body: shown } = await api.call({
      path: "/v1/notification-channels/preview",
      body,
    });
    expect(status).toBe(200);
    expect(JSON.stringify(shown)).toContain("example-job");
    expect(shown.kind).toBe(type === "email" ? "mail" : "http");
  });

  it("hides credentials, and signs nothing", async () => {
    const shown = await api.client.previewMessage({ body: { type: "webhook", config } });
    const text = JSON.stringify(shown);
    expect(text).not.toContain("c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU");
    expect(text).not.toContain("tok_abcdefgh12345678");
    expect(text).not.toContain("webhook-signature");
    expect(api.tests).toEqual([]);
  });

  it("refuses a config that the type refuses", async () => {
    const body = { type: "webhook" as const, config: { url: "nowhere" } };
    expect(await refusalOf(api.client.previewMessage({ body }))).toMatch("validation_failed");
  });
});

describe("a preview of a channel", () => {
  it("tells of a past execution, with its credentials hidden", async () => {
    const body = { name: "previewed", type: "webhook" as const, config };
    const channel = await api.client.createChannel({ body });
    const { workspaceId, db } = api;
    const jobId = await insertJobRow(db, { workspaceId, name: "really-ran" });
    const execution_id = await insertExecutionRow(db, { workspaceId, jobId, status: "failed" });
    const params = { id: channel.id };
    const shown = JSON.stringify(
      await api.client.previewChannel({ params, body: { execution_id } }),
    );
    expect(shown).toContain("really-ran");
    expect(shown).not.toContain("c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU");
    expect(shown).not.toContain("tok_abcdefgh12345678");
    expect(JSON.stringify(await api.client.previewChannel({ params }))).toContain("example-job");
  });

  it("is nobody else's", async () => {
    const body = { name: "mine", type: "webhook" as const, config };
    const { id } = await api.client.createChannel({ body });
    const other = await api.addTenant();
    expect(await refusalOf(other.client.previewChannel({ params: { id } }))).toMatch("not_found");
  });
});
