// cronctl with people: signing in and out, members, workspaces and API tokens, on the real API.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../server/src/config.ts";
import { createTestApi, personPassword, type TestApi } from "../../server/test/support/api.ts";
import { type Circumstances, makeHome, runInTest } from "./support/cronctl.ts";

let testApi: TestApi;
let url: string;
let home: ReturnType<typeof makeHome>;
let stored: string;
beforeAll(async () => {
  const config = readConfig({ TRIGRUN_SIGNUP: "invite" });
  testApi = await createTestApi({ services: { config } });
  url = await testApi.app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => testApi.close());
beforeEach(() => {
  home = makeHome();
  stored = join(home.path, ".trigrun", "config.json");
});
afterEach(() => home.remove());

async function cronctl(argv: readonly string[], more: Circumstances = {}, exitCode = 0) {
  const outcome = await runInTest(argv, {
    ...{ homeDir: home.path, now: () => testApi.clock.now() },
    ...more,
  });
  expect({ argv, exitCode: outcome.exitCode, stderr: outcome.stderr }).toMatchObject({ exitCode });
  return outcome;
}

const storedToken = (): string => JSON.parse(readFileSync(stored, "utf8")).token;

/** A person who is signed in on this machine. */
async function logIn(role: "owner" | "admin" | "member" = "owner") {
  const person = await testApi.addPerson(role);
  const argv = ["login", "--url", url, "--email", person.email, "--password", "-"];
  await cronctl(argv, { input: `${personPassword}\n` });
  return person;
}

describe("signing in", () => {
  it("asks for address and password, shows neither password nor token", async () => {
    const { email } = await testApi.addPerson("admin");
    const { stdout, stderr } = await cronctl(["login", "--url", url], {
      terminal: 200,
      env: { NO_COLOR: "1" },
      answers: [email, personPassword],
    });
    expect(stdout).toContain(email);
    expect(stdout).toMatch(/Role +admin/);
    expect(stderr).toContain(`Password of ${email}`);
    expect(stdout + stderr).not.toContain(personPassword);
    expect(stdout + stderr).not.toContain(storedToken());
    expect(storedToken()).toMatch(/^cron_ses_/);
  });

  it("takes the password from a file or a pipe", async () => {
    const { email } = await testApi.addPerson("member");
    const file = join(home.path, "password");
    writeFileSync(file, `${personPassword}\n`);
    const argv = ["login", "--url", url, "-e", email];
    await cronctl([...argv, "--password-file", file]);
    await cronctl([...argv, "-p", "-"], { input: `${personPassword}\n` });
    await cronctl([...argv, "-p", personPassword]);
    expect((await cronctl(["whoami"])).stdout).toContain(email);
  });

  it("stores nothing after a wrong password", async () => {
    const { email } = await testApi.addPerson("member");
    const argv = ["login", "--url", url, "-e", email, "-p", "-"];
    const { stdout, stderr } = await cronctl(argv, { input: "wrong\n" }, 3);
    expect(stderr).toContain("password is wrong");
    expect(stdout + stderr).not.toContain("wrong\n\n");
    expect(existsSync(stored)).toBe(false);
  });

  it.each([
    [["--email", "a@example.com", "--token", "x"]],
    [["--password", "x"]],
    [["--email", "a@example.com"]],
    [["--email", "a@example.com", "--password", "x", "--password-file", "y"]],
  ])("refuses %j", async (flags) => {
    await cronctl(["login", "--url", url, ...flags], {}, 2);
  });

  it("ends on the server with logout", async () => {
    await logIn();
    const token = storedToken();
    const { stderr } = await cronctl(["logout"]);
    expect(stderr).not.toContain("stays valid");
    expect(existsSync(stored)).toBe(false);
    expect((await testApi.call({ path: "/v1/auth/me", token })).status).toBe(401);
  });
});

describe("whoami", () => {
  it("says the person, the role and the workspace", async () => {
    const { email } = await logIn("member");
    const { stdout } = await cronctl(["whoami"]);
    expect(stdout).toContain(email);
    expect(stdout).toMatch(/Role +member/);
    expect(stdout).toContain(testApi.workspaceId);
  });
});

describe("tokens", () => {
  it("are made, used, listed and revoked by name", async () => {
    await logIn();
    const flags = ["--name", "deploy", "--role", "admin", "--scope", "read,jobs:write"];
    const made = await cronctl(["tokens", "create", ...flags, "--expires", "30d"]);
    expect(made.stdout).toMatch(/^cron_pat_[\w-]{43}\n$/);
    const env = { CRON_API_URL: url, CRON_TOKEN: made.stdout.trim() };
    const me = await cronctl(["whoami"], { env });
    expect(me.stdout).toMatch(/Scopes +read, jobs:write/);
    const list = await cronctl(["tokens", "list"]);
    expect(list.stdout).toMatch(/deploy +admin +read, jobs:write/);
    expect(list.stdout).not.toContain(made.stdout.trim());
    await cronctl(["tokens", "revoke", "deploy"]);
    await cronctl(["whoami"], { env }, 3);
    await cronctl(["tokens", "revoke", "deploy"], {}, 4);
    await cronctl(["tokens", "create", "--name", "x", "--scope", "everything"], {}, 2);
  });
});

describe("members", () => {
  it("are invited, join, change their role and are removed by address", async () => {
    await logIn();
    const email = "guest@example.com";
    const invited = await cronctl(["members", "invite", email, "--role", "admin"]);
    expect((await cronctl(["members", "invitations"])).stdout).toContain(email);
    const token = invited.stdout.trim().split("#")[1];
    const body = { token, name: "Guest", password: personPassword };
    const joined = await testApi.call({ path: "/v1/invitations/accept", token: null, body });
    expect(joined.status).toBe(200);
    const list = await cronctl(["members", "list", "--role", "admin"]);
    expect(list.stdout).toMatch(/Guest +guest@example\.com +admin/);
    expect((await cronctl(["members", "role", email, "member"])).stdout).toContain("role member");
    await cronctl(["members", "remove", email]);
    await cronctl(["members", "remove", email], {}, 4);
  });

  it("are no longer invited when it is taken back", async () => {
    await logIn();
    await cronctl(["members", "invite", "late@example.com"]);
    await cronctl(["members", "uninvite", "LATE@example.com"]);
    await cronctl(["members", "uninvite", "late@example.com"], {}, 4);
  });

  it("take over when the owner hands over", async () => {
    const next = await testApi.addPerson("member");
    await logIn();
    await cronctl(["members", "transfer", next.email]);
    expect((await cronctl(["whoami"])).stdout).toMatch(/Role +admin/);
  });
});

describe("workspaces", () => {
  it("are made, switched to, renamed and left", async () => {
    await testApi.addPerson("owner");
    await logIn();
    const before = storedToken();
    const made = await cronctl(["workspaces", "create", "--name", "Staging", "--json"]);
    const { id } = JSON.parse(made.stdout);
    const switched = await cronctl(["workspaces", "switch", "Staging"]);
    expect(switched.stdout).toContain("Staging");
    expect(storedToken()).not.toBe(before);
    expect((await cronctl(["workspaces", "list"])).stdout).toMatch(new RegExp(`\\* +${id}`));
    await cronctl(["workspaces", "rename", "Production"]);
    expect((await cronctl(["whoami"])).stdout).toContain("Production");
    const kept = await cronctl(["workspaces", "history", "30"]);
    expect(kept.stdout).toContain("30 days");
    expect((await cronctl(["workspaces", "list"])).stdout).toContain("30 days");
    await cronctl(["workspaces", "history", "default"]);
    expect((await cronctl(["workspaces", "list"])).stdout).not.toContain("30 days");
    await cronctl(["workspaces", "history", "forever"], {}, 2);
    await cronctl(["workspaces", "leave"], {}, 5);
    await cronctl(["workspaces", "switch", testApi.workspaceId]);
    await cronctl(["workspaces", "leave"]);
    await cronctl(["whoami"], {}, 3);
  });

  it("are not switched where the new token would have no place", async () => {
    await logIn();
    const env = { CRON_API_URL: url, CRON_TOKEN: storedToken() };
    const refused = await cronctl(["workspaces", "switch", "x"], { env }, 2);
    expect(refused.stderr).toContain("CRON_TOKEN");
  });

  it("shows no token with --json", async () => {
    await logIn();
    const { stdout } = await cronctl(["workspaces", "switch", testApi.workspaceId, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ role: "owner" });
    expect(stdout).not.toContain("cron_ses_");
  });
});
