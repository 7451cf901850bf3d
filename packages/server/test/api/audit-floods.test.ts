// Entries of the audit log cannot be deleted, so nobody may write them without end: neither those
// who are not signed in, nor those who have no more than a sign-in.
import type { Route } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { limitsOfStrangersEntry } from "../../src/auth/limits.ts";
import { readConfig } from "../../src/config.ts";
import { sql } from "../../src/store/db.ts";
import { countTry } from "../../src/store/rate-windows.ts";
import { createTestApi, personPassword, type TestApi } from "../support/api.ts";
import { watchAudit } from "../support/audit.ts";

let test: TestApi;
beforeAll(async () => {
  const environment = {
    TRIGRUN_SMTP_URL: "smtp://127.0.0.1:9",
    TRIGRUN_SMTP_FROM: "c@example.com",
  };
  test = await createTestApi({ services: { config: readConfig(environment) } });
});
afterAll(() => test.close());

const post = (path: string, body: unknown, token: string | null, address?: string) =>
  test.call({
    ...{ method: "POST" as Route["method"], path, token },
    ...(body === undefined ? {} : { body }),
    ...(address === undefined ? {} : { address }),
  });

/** What so many of the same call are answered, and the entries that they leave. */
async function flood(times: number, ask: (time: number) => ReturnType<typeof post>) {
  const { made, answer } = await watchAudit(test.db, async () => {
    const statuses: number[] = [];
    for (let time = 0; time < times; time += 1) statuses.push((await ask(time)).status);
    return statuses;
  });
  return { made, statuses: answer };
}

const fill = async (what: "logIn" | "forgotPassword", userId: string | null) => {
  const limits = limitsOfStrangersEntry(what, userId);
  while ((await countTry(test.db, limits, test.clock.now())) === undefined);
};

describe("of strangers", () => {
  const logIn = (email: string, password = "wrong") =>
    post("/v1/auth/login", { email, password }, null);
  const forget = (email: string, address?: string) =>
    post("/v1/auth/forgot-password", { email }, null, address);

  it("failed sign-ins are bounded, and a flood of one hides nothing of another", async () => {
    const [flooded, other] = [await test.addPerson("member"), await test.addPerson("member")];
    await fill("logIn", flooded.userId);
    await fill("logIn", null);
    const { made } = await watchAudit(test.db, async () => {
      await logIn(flooded.email);
      await logIn("nobody.else@example.com");
      await logIn(other.email);
    });
    expect(made.map((row) => row.resource_id)).toEqual([other.userId]);
    test.clock.advance(3_600_000);
    const later = await watchAudit(test.db, () => logIn(flooded.email));
    expect(later.made).toMatchObject([{ resource_id: flooded.userId }]);
  });

  it("lost passwords of addresses that nobody has leave a hundred an hour", async () => {
    const { email, userId } = await test.addPerson("member");
    const ask = (time: number) => forget(`nobody-${time}@example.com`, `203.0.113.${time % 250}`);
    const { made, statuses } = await flood(120, ask);
    // What is not written down is answered and done like the rest.
    expect(new Set(statuses)).toEqual(new Set([204]));
    expect(made).toHaveLength(100);
    const [mails] = await test.db.rows<{ count: number }>(sql`
      select count(*)::int as count from account_mails where email like 'nobody-%'`);
    expect(mails?.count).toBe(120);
    const known = await watchAudit(test.db, () => forget(email));
    expect(known.made).toMatchObject([{ action: "forgotPassword", resource_id: userId }]);
    test.clock.advance(3_600_000);
    const later = await watchAudit(test.db, () => forget("nobody@example.com"));
    expect(later.made).toMatchObject([{ action: "forgotPassword", resource_id: null }]);
  });
});

describe("of people", () => {
  it("asking again for a mail that is not needed is bounded as one that is sent", async () => {
    const { token } = await test.addPerson("member");
    const ask = () => post("/v1/auth/resend-verification", undefined, token);
    const { made, statuses } = await flood(10, ask);
    expect(statuses).toEqual([...Array(5).fill(202), ...Array(5).fill(429)]);
    expect(made).toHaveLength(5);
  });

  it("going where one is leaves none, and still answers a new token", async () => {
    const { token, userId } = await test.addPerson("member");
    let current = token;
    const { made } = await flood(3, async () => {
      const body = { workspace_id: test.workspaceId };
      const answer = await post("/v1/auth/switch-workspace", body, current);
      expect(answer.body).toMatchObject({ user: { id: userId } });
      expect((await test.call({ path: "/v1/auth/me", token: current })).status).toBe(401);
      current = answer.body.token;
      return answer;
    });
    expect(made).toEqual([]);
  });

  it("going to and fro, and making workspaces, come to an end for the hour", async () => {
    const { token, email } = await test.addPerson("owner");
    const made = await flood(25, (time) => post("/v1/workspaces", { name: `W${time}` }, token));
    expect(made.statuses).toEqual([...Array(20).fill(201), ...Array(5).fill(429)]);
    expect(made.made).toHaveLength(20);
    const rooms = [made.made[0]?.resource_id, test.workspaceId];
    let current = token;
    const moved = await flood(130, async () => {
      const body = { workspace_id: rooms[0] };
      const answer = await post("/v1/auth/switch-workspace", body, current);
      if (answer.status === 200) rooms.reverse();
      current = answer.body.token ?? current;
      return answer;
    });
    expect(moved.statuses).toEqual([...Array(120).fill(200), ...Array(10).fill(429)]);
    expect(moved.made).toHaveLength(120);
    // The sign-in that was refused goes on, and others are not held up.
    expect((await test.call({ path: "/v1/auth/me", token: current })).status).toBe(200);
    const body = { email, password: personPassword };
    expect((await post("/v1/auth/login", body, null)).status).toBe(200);
  });
});
