// Logging in, where the token goes, and what is never shown.
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiServer, goodToken, startApiServer } from "./support/api-server.ts";
import { loggedInTo, makeHome, runInTest } from "./support/cronctl.ts";
import { idOf } from "./support/fixtures.ts";

const me = {
  workspace: { id: idOf("ws", 1), name: "acme", timezone: "UTC" },
  role: "admin",
  user: null,
  session: null,
  token: { id: idOf("tok", 1), name: "laptop", scopes: null, expires_at: null },
};

let server: ApiServer;
let home: ReturnType<typeof makeHome>;
let stored: string;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.seen.length = 0;
  server.answers = { getMe: () => me };
  home = makeHome();
  stored = join(home.path, ".trigrun", "config.json");
});
afterEach(() => home.remove());

const logIn = (...argv: string[]) =>
  runInTest(["login", "--url", server.url, ...argv], { homeDir: home.path });

describe("login", () => {
  it("stores a token that the server accepts, for this user alone", async () => {
    const { exitCode, stdout, stderr } = await logIn("--token", goodToken);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("acme");
    expect(stdout + stderr).not.toContain(goodToken);
    expect(JSON.parse(readFileSync(stored, "utf8"))).toEqual({ url: server.url, token: goodToken });
    expect(statSync(stored).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.path, ".trigrun")).mode & 0o777).toBe(0o700);
  });

  it("narrows a folder and a file that were open to others", async () => {
    await logIn("--token", goodToken);
    chmodSync(join(home.path, ".trigrun"), 0o755);
    chmodSync(stored, 0o644);
    const warned = await runInTest(["whoami"], { homeDir: home.path });
    expect(warned.stderr).toContain(`chmod 600 ${stored}`);
    await logIn("--token", goodToken);
    expect(statSync(stored).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.path, ".trigrun")).mode & 0o777).toBe(0o700);
  });

  it("stores nothing that the server refuses, and does not repeat it", async () => {
    const { exitCode, stdout, stderr } = await logIn("--token", "cron_pat_wrong");
    expect(exitCode).toBe(3);
    expect(stdout + stderr).not.toContain("cron_pat_wrong");
    expect(existsSync(stored)).toBe(false);
  });

  it("does not repeat a text that cannot be a token", async () => {
    const { exitCode, stderr } = await logIn("--token", "two words");
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain("two words");
    expect(server.seen).toEqual([]);
  });

  it("reads the token from a file and from standard input", async () => {
    const file = join(home.path, "token.txt");
    writeFileSync(file, `${goodToken}\n`);
    expect((await logIn("--token-file", file)).exitCode).toBe(0);
    const piped = await runInTest(["login", "--url", server.url, "--token", "-"], {
      homeDir: home.path,
      input: `${goodToken}\n`,
    });
    expect(piped.exitCode).toBe(0);
  });

  it("asks at a terminal, without an echo", async () => {
    const { exitCode, stdout, stderr } = await runInTest(["login", "--url", server.url], {
      homeDir: home.path,
      terminal: 80,
      // No e-mail address, but a token.
      answers: ["", goodToken],
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain("Token for");
    expect(stdout + stderr).not.toContain(goodToken);
    expect(existsSync(stored)).toBe(true);
  });

  it("says how to say who one is where nobody can be asked", async () => {
    const { exitCode, stderr } = await logIn();
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--token-file");
  });

  it("replaces a damaged login", async () => {
    await logIn("--token", goodToken);
    writeFileSync(stored, "{");
    const broken = await runInTest(["whoami"], { homeDir: home.path });
    expect(broken.exitCode).toBe(2);
    expect(broken.stderr).toContain("is damaged");
    expect((await logIn("--token", goodToken)).exitCode).toBe(0);
  });
});

describe("the stored login", () => {
  it("is used, address and token", async () => {
    await logIn("--token", goodToken);
    const { exitCode, stdout } = await runInTest(["whoami", "--json"], { homeDir: home.path });
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual(me);
  });

  it("sends its token to no other address", async () => {
    await logIn("--token", goodToken);
    server.seen.length = 0;
    const other = await startApiServer();
    const { exitCode, stderr } = await runInTest(["whoami", "--url", other.url], {
      homeDir: home.path,
    });
    await other.close();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`The stored login is for ${server.url}`);
    expect(other.seen).toEqual([]);
  });

  it("is forgotten by logout", async () => {
    await logIn("--token", goodToken);
    const { exitCode } = await runInTest(["logout"], { homeDir: home.path });
    expect(exitCode).toBe(0);
    expect(existsSync(stored)).toBe(false);
    const again = await runInTest(["logout"], { homeDir: home.path });
    expect(again.stdout).toBe("No token was stored.\n");
  });
});

describe("whoami", () => {
  it("says where the token comes from", async () => {
    const { stdout, stderr } = await runInTest(["whoami"], { env: loggedInTo(server.url) });
    expect(stdout).toMatch(/Workspace +acme/);
    expect(stdout).toMatch(/Role +admin/);
    expect(stderr).toContain("CRON_TOKEN");
  });

  it("names the source of a token that is refused", async () => {
    const { exitCode, stderr } = await runInTest(["whoami"], {
      env: { CRON_API_URL: server.url, TRIGRUN_TOKEN: "cron_pat_old" },
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain("TRIGRUN_TOKEN");
    expect(stderr).not.toContain("cron_pat_old");
  });

  it("tells who is not logged in what to do", async () => {
    const { exitCode, stderr } = await runInTest(["whoami"]);
    expect(exitCode).toBe(3);
    expect(stderr).toContain("cronctl login");
  });
});
