// A request tried out, on real sockets: as an attempt would be made, shown whole, recorded nowhere,
// and without the secrets that it carried.

import { requestInput } from "@trigrun/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestRequest, type TestRequest } from "../../src/run/tester.ts";
import { sql } from "../../src/store/db.ts";
import { openSecretsIn } from "../../src/store/secrets.ts";
import { createHttpDoor, type HttpDoor } from "../../src/wire/http.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { refusalOf } from "../support/refusal.ts";

let api: TestApi;
let door: HttpDoor;
let target: Receiver;
let testRequest: TestRequest;
// For each test that was written down, how many calls had arrived by then.
let written: number[];

beforeEach(async () => {
  written = [];
  api = await createTestApi({ allowNetworks: ["127.0.0.1/32"] });
  const { db, services, clock } = api;
  target = await startReceiver();
  door = createHttpDoor({ guard: services.guard, clock });
  testRequest = createTestRequest({
    ...{ clock, call: door.call },
    openSecrets: (workspaceId, names) => openSecretsIn(db, services.vault, { workspaceId, names }),
  });
});
afterEach(async () => {
  await door.close();
  await target.stop();
  await api.close();
});

const test = (request: object = {}) =>
  testRequest({
    workspaceId: api.workspaceId,
    request: requestInput.parse({ url: target.url, ...request }),
    beforeSend: async () => {
      written.push(target.calls.length);
    },
  });

describe("a tested request", () => {
  it("leaves as an attempt would, says that it is a test, and is shown whole", async () => {
    target.answers({ status: 200, headers: { "x-own": "kept", "set-cookie": "a=b" }, body: "ok" });
    const shown = await test({ method: "POST", body: { full: true } });
    expect(target.calls).toMatchObject([
      { method: "POST", body: '{"full":true}', headers: { "x-cron-service-test": "true" } },
    ]);
    expect(written).toEqual([0]);
    expect(shown).toMatchObject({
      status: "SUCCESS",
      request: { method: "POST", body: '{"full":true}' },
      response: {
        status_code: 200,
        body: "ok",
        body_truncated: false,
        headers: { "x-own": "kept" },
      },
      error_class: null,
      warnings: [],
    });
    expect(shown.response?.headers).not.toHaveProperty("set-cookie");
    expect(await api.db.rows(sql`select id from executions`)).toEqual([]);
  });

  it("fills secrets in, and takes them out of what a target sends back", async () => {
    await api.client.createSecret({ body: { name: "key", value: "sk_live_12345678" } });
    target.echoes(500);
    const shown = await test({ headers: { authorization: "Bearer secret://key" } });
    expect(target.calls[0]?.headers.authorization).toBe("Bearer sk_live_12345678");
    expect(JSON.stringify(shown)).not.toContain("sk_live_12345678");
    expect(shown).toMatchObject({ status: "HTTP_ERROR", response: { status_code: 500 } });
    expect(shown.request.headers.authorization).toBe("Bearer secret://key");
  });

  it("fills in no secret of another workspace, and warns of the name", async () => {
    const other = await api.addTenant();
    await other.client.createSecret({ body: { name: "key", value: "sk_live_12345678" } });
    const { warnings } = await test({ headers: { authorization: "secret://key" } });
    expect(target.calls[0]?.headers.authorization).toBe("secret://key");
    expect(warnings).toHaveLength(1);
  });

  it("shows why there was no answer", async () => {
    target.answers("reset");
    expect(await test({ method: "POST" })).toMatchObject({
      ...{ status: "CONNECTION_ERROR", response: null, error_class: "connection_reset" },
    });
    expect(await test({ url: "http://10.1.2.3/" })).toMatchObject({
      ...{ response: null, error_class: "target_not_allowed" },
    });
  });

  it("is made five at a time in a workspace, and no more", async () => {
    target.answers("silence");
    const arrived = Promise.all(Array.from({ length: 5 }, () => target.nextCall()));
    const underWay = Array.from({ length: 5 }, () => test());
    await arrived;
    expect(await refusalOf(test())).toMatch("rate_limited");
    // What was refused is not written down as done.
    expect(written).toHaveLength(5);
    await door.close();
    for (const each of underWay) expect((await each).response).toBeNull();
  });
});

describe("POST /v1/jobs/test-request", () => {
  const call = (request: object) => api.call({ path: "/v1/jobs/test-request", body: { request } });

  it("refuses what the guard refuses, and a body that cannot be sent", async () => {
    expect((await call({ url: "http://169.254.169.254/" })).body.error.code).toBe(
      "target_not_allowed",
    );
    const { body } = await call({ url: target.url, method: "GET", body: "text" });
    expect(body.error.details).toMatchObject([{ path: "request.body" }]);
    expect(target.calls).toEqual([]);
  });

  it("answers the exchange", async () => {
    const { status, body } = await call({ url: target.url });
    expect([status, body.status, body.request.url]).toEqual([200, "SUCCESS", target.url]);
  });
});
