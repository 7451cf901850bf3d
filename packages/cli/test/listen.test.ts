// `cronctl listen` with real calls on real sockets, and what becomes of the channel it makes.
import { PassThrough } from "node:stream";
import { ApiError } from "@trigrun/contract";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { runCronctl } from "../src/program.ts";
import { toKey } from "../src/webhook-signature.ts";
import { loggedInTo } from "./support/cronctl.ts";
import { aChannel, aJob, aRule, aTriedDelivery, idOf, now, onePage } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const secret = "whsec_your_signing_secret";
const body = JSON.stringify(aTriedDelivery().payload);

/** A run that goes on until `stop`, which is Ctrl-C. */
interface Listening {
  readonly address: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  stop(): Promise<number>;
}

const running: Listening[] = [];
afterEach(async () => {
  for (const listening of running.splice(0)) await listening.stop();
});

async function listen(argv: readonly string[], env = {}): Promise<Listening> {
  const texts = { stdout: "", stderr: "" };
  const interruption = new AbortController();
  let tellAddress: (address: string) => void = () => undefined;
  const started = new Promise<string>((resolve) => {
    tellAddress = resolve;
  });
  const exit = runCronctl(["listen", ...argv], {
    env,
    homeDir: "/nowhere",
    platform: process.platform,
    stdin: Object.assign(new PassThrough().end(), { isTTY: false }),
    stdout: {
      write: (text) => {
        texts.stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        texts.stderr += text;
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
        if (/listening/i.test(text) && address !== undefined) tellAddress(address);
      },
    },
    signal: interruption.signal,
    timeZone: "Europe/Berlin",
    now: () => now,
    pause: async () => undefined,
  });
  const ended = exit.then((code) => {
    throw new Error(`it ended with ${code}: ${texts.stderr}`);
  });
  ended.catch(() => undefined);
  const listening: Listening = {
    address: await Promise.race([started, ended]),
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    stop: () => {
      interruption.abort();
      return exit;
    },
  };
  running.push(listening);
  return listening;
}

const listenOnly = (...argv: string[]) => listen(["--secret", secret, ...argv]);

/** Signed by the published library. */
function headersFor(text: string, { id = "dlv_1", at = now, with: key = secret } = {}) {
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": new Webhook(toKey(key).toString("base64")).sign(id, at, text),
  };
}

async function call(address: string, text: string, headers: Record<string, string> = {}) {
  const answer = await fetch(address, { method: "POST", body: text, headers });
  await answer.text();
  return answer.status;
}

describe("listen", () => {
  it("shows a good call in full and answers 200", async () => {
    const { address, stdout, stop } = await listenOnly();
    expect(await call(address, body, headersFor(body))).toBe(200);
    expect(await stop()).toBe(0);
    expect(stdout()).toBe(
      [
        "11:00:00  execution.failed  nightly-backup",
        "  Event       on_failure",
        "  Status      failed",
        "  Attempts    1 attempt",
        "  Webhook id  dlv_1",
        "  Signature   ✓ verified",
        "  Answered    200\n\n",
      ].join("\n"),
    );
  });

  it("says why a call is not verified", async () => {
    const { address, stdout, stderr, stop } = await listenOnly();
    await call(address, `${body} `, headersFor(body));
    await call(address, body, headersFor(body, { at: new Date(now.getTime() - 3_600_000) }));
    await call(address, body, headersFor(body, { with: "another" }));
    await call(address, body);
    await stop();
    const reasons = stdout().match(/✗ .*/g) ?? [];
    expect(reasons).toHaveLength(4);
    expect(reasons[0]).toContain("The signature does not match.");
    expect(reasons[1]).toContain("too old: it is from 1 h ago");
    expect(reasons[2]).toContain("The secret is another one");
    expect(reasons[3]).toContain("Missing: webhook-id, webhook-timestamp, webhook-signature.");
    expect(stderr()).not.toContain(secret);
  });

  it("marks the repeat of an id, and answers what --answer says", async () => {
    const { address, stdout } = await listenOnly("--answer", "503");
    expect(await call(address, body, headersFor(body))).toBe(503);
    expect(stdout()).not.toContain("repeat");
    await call(address, body, headersFor(body));
    expect(stdout()).toContain("dlv_1  repeat: seen 2 times");
    await call(address, body, headersFor(body, { id: "dlv_2" }));
    expect(stdout()).not.toMatch(/dlv_2 .*repeat/);
  });

  it("prints one line of JSON for each call", async () => {
    const { address, stdout, stderr } = await listenOnly("--json");
    const hostile = '{"a":"\u202e\u009b2J"}';
    await call(address, body, headersFor(body));
    await call(address, hostile, headersFor(hostile));
    const lines = stdout().trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      received_at: now.toISOString(),
      webhook_id: "dlv_1",
      is_repeat: false,
      verified: true,
      event: { type: "execution.failed" },
      body,
    });
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({
      is_repeat: true,
      body: hostile,
      event: null,
    });
    expect(stdout()).not.toMatch(/[\u202e\u009b]/);
    expect(JSON.parse(stderr())).toEqual({ listening: { url: address } });
  });

  it("neutralises what a stranger sends", async () => {
    const { address, stdout } = await listenOnly();
    const named = JSON.parse(body);
    named.data.job.name = "a\u001b]0;owned\u0007\u202eb";
    await call(address, JSON.stringify(named));
    await call(address, `\u001b[2J\r${"x".repeat(10_000)}\n`.repeat(50));
    expect(stdout()).toContain("a\\x1b]0;owned\\x07\\u{202e}b");
    expect(stdout()).toContain("\\x1b[2J\\rxxx");
    for (const unsafe of "\u001b\u0007\r\u202e") expect(stdout()).not.toContain(unsafe);
    expect(stdout().length).toBeLessThan(3_000);
  });

  it("survives deep JSON, and refuses what is too large or no POST", async () => {
    const { address, stdout } = await listenOnly("--json");
    const deep = `{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect(await call(address, deep, headersFor(`${deep} `))).toBe(200);
    expect(await call(address, "x".repeat(1024 * 1024))).toBe(200);
    expect(await call(address, "x".repeat(1024 * 1024 + 1))).toBe(413);
    expect((await fetch(address)).status).toBe(405);
    const lines = stdout().trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[2] ?? "")).toMatchObject({
      faults: [{ code: "body_too_large" }],
      answered: 413,
      body: "",
    });
  });

  it("says when the port is taken", async () => {
    const { address } = await listenOnly();
    const { port } = new URL(address);
    const { exitCode, stderr } = await suite.run(["listen", "--secret", secret, "--port", port]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`Port ${port} cannot be used: it is taken.`);
  });

  it("prints the secret it made when no channel holds it", async () => {
    const { address, stderr, stdout } = await listen(
      ["--no-channel"],
      loggedInTo(suite.server.url),
    );
    const made = /whsec_\S+/.exec(stderr())?.[0] ?? "";
    await call(address, body, headersFor(body, { with: made }));
    expect(stdout()).toContain("✓ verified");
    expect(suite.server.seen).toEqual([]);
  });
});

const listenLoggedIn = (...argv: string[]) => listen(argv, loggedInTo(suite.server.url));

describe("the channel of listen", () => {
  const created = () => suite.server.of("createChannel").map(({ body: sent }) => sent);
  const channelWith = (sent: unknown) =>
    // The contract's schema has read it.
    sent as { name: string; config: { url: string; secret: string } };

  it("is made with the secret and a rule, and removed on Ctrl-C", async () => {
    suite.answer({
      listJobs: () => onePage(aJob()),
      createChannel: () => aChannel({ id: idOf("chan", 7) }),
      addRule: () => aRule(),
      deleteChannel: () => undefined,
    });
    const { address, stdout, stderr, stop } = await listenLoggedIn("--job", "nightly-backup");
    const { port } = new URL(address);
    const [channel] = created().map(channelWith);
    expect(channel).toMatchObject({ type: "webhook", config: { url: `${address}/` } });
    expect(channel?.name).toMatch(new RegExp(`^listen-.+-${port}$`));
    expect(suite.server.of("addRule")).toMatchObject([
      { params: { id: idOf("job", 1) }, body: { event: "on_completion" } },
    ]);
    const made = channel?.config.secret ?? "";
    await call(address, body, headersFor(body, { with: made }));
    expect(stdout()).toContain("✓ verified");
    expect(stdout() + stderr()).not.toContain(made);
    expect(suite.server.of("deleteChannel")).toEqual([]);
    expect(await stop()).toBe(0);
    expect(suite.server.of("deleteChannel")).toMatchObject([{ params: { id: idOf("chan", 7) } }]);
    expect(stderr()).not.toContain("error");
    await expect(fetch(address)).rejects.toThrow();
  });

  it("is removed when its rule cannot be made", async () => {
    suite.answer({
      createChannel: () => aChannel(),
      addRule: () => {
        throw new ApiError("conflict", "The job has ended.");
      },
      deleteChannel: () => undefined,
    });
    const argv = ["listen", "--job", idOf("job", 1), "--event", "on_failure"];
    expect((await suite.run(argv)).exitCode).toBe(5);
    expect(suite.server.of("deleteChannel")).toHaveLength(1);
  });

  it("has the address of the tunnel", async () => {
    suite.answer({ createChannel: () => aChannel(), deleteChannel: () => undefined });
    const url = "https://tunnel.example.com/x?y=1";
    await listenLoggedIn("--secret", secret, "--public-url", url);
    expect(created()).toMatchObject([{ config: { url, secret } }]);
  });

  it("is explained when the server may not call it", async () => {
    suite.answer({
      createChannel: () => {
        throw new ApiError("target_not_allowed", "127.0.0.1 is a loopback address.");
      },
    });
    const { exitCode, stderr } = await suite.type("listen");
    expect(exitCode).toBe(6);
    expect(stderr).toContain("TRIGRUN_ALLOW_NETWORKS=127.0.0.1/32");
    expect(stderr).toContain("--public-url");
  });

  it("takes the place of one that a killed run left, and of no other", async () => {
    let url = "https://example.com/somebody-elses";
    let isThere = true;
    suite.answer({
      createChannel: ({ body: sent }) => {
        if (isThere) {
          if (url === "") url = channelWith(sent).config.url;
          throw new ApiError("conflict", "The name is taken.");
        }
        return aChannel({ id: idOf("chan", 8) });
      },
      listChannels: () => onePage(aChannel({ config: { url } })),
      deleteChannel: () => {
        isThere = false;
      },
    });
    expect((await suite.type("listen")).exitCode).toBe(5);
    expect(suite.server.of("deleteChannel")).toEqual([]);
    url = "";
    await listenLoggedIn();
    expect(suite.server.of("deleteChannel")).toMatchObject([{ params: { id: idOf("chan", 1) } }]);
  });

  it("is named when it cannot be removed", async () => {
    suite.answer({
      createChannel: () => aChannel(),
      deleteChannel: () => {
        throw new ApiError("internal", "A fault.");
      },
    });
    const { stop, stderr } = await listenLoggedIn();
    expect(await stop()).toBe(7);
    expect(stderr()).toMatch(/Remove it: cronctl channels delete listen-/);
  });

  it.each([
    ["--event on_failure"],
    ["--no-channel --job x"],
    ["--public-url tunnel.example.com"],
    ["--answer 99"],
    ["--port 65536"],
  ])("is not asked for by a wrong line: %s", async (words) => {
    expect((await suite.type(`listen ${words}`)).exitCode).toBe(2);
    expect(suite.server.seen).toEqual([]);
  });

  it("is refused to who is not logged in and asks for a job", async () => {
    const { exitCode } = await suite.run(["listen", "--job", "x"], { env: { CRON_TOKEN: "" } });
    expect(exitCode).toBe(3);
  });
});
