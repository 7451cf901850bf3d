// What happens when the server is away, drops, lingers, or is somebody else.
import { createServer } from "node:net";
import { ApiError } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { openConnection } from "../src/connection.ts";
import { runInTest } from "./support/cronctl.ts";
import { aJob, anExecution, idOf, onePage } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const suite = useServer();
const { type, answer } = suite;
const id = idOf("job", 1);

/** Cuts the first connection after the request has been read. */
function dropFirst(): void {
  let isFirst = true;
  suite.server.intercept = (request) => {
    if (!isFirst) return false;
    isFirst = false;
    request.socket.destroy();
    return true;
  };
}

const keysSeen = () => suite.server.seen.map(({ headers }) => headers["idempotency-key"]);

describe("a dropped connection", () => {
  it.each(["run", "pause"])("is tried once more with the same key at jobs %s", async (verb) => {
    answer({
      runJobNow: () => anExecution({ status: "queued" }),
      pauseJob: () => aJob({ state: "paused" }),
    });
    dropFirst();
    expect((await type(`jobs ${verb} ${id}`)).exitCode).toBe(0);
    const [first, second, ...others] = keysSeen();
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).toBe(first);
    expect(others).toEqual([]);
  });

  it("is tried once more where something is read", async () => {
    answer({ listJobs: () => onePage(aJob()) });
    dropFirst();
    expect((await type("jobs list")).exitCode).toBe(0);
    expect(keysSeen()).toEqual([undefined, undefined]);
  });

  it("is not tried again where no key says that it is the same", async () => {
    answer({ deleteJob: () => undefined });
    dropFirst();
    const { exitCode, stderr } = await type(`jobs delete ${id} --yes`);
    expect(exitCode).toBe(7);
    expect(stderr).toContain("look before repeating");
    expect(keysSeen()).toEqual([undefined]);
  });

  it("is told when it happens twice", async () => {
    suite.server.intercept = (request) => {
      request.socket.destroy();
      return true;
    };
    const { exitCode, stderr } = await type("jobs list");
    expect(exitCode).toBe(7);
    expect(stderr).toContain("dropped the connection");
    expect(suite.server.seen).toHaveLength(2);
  });
});

describe("each invocation", () => {
  it("has a key of its own and says which program asks", async () => {
    answer({ runJobNow: () => anExecution({ status: "queued" }) });
    await type(`jobs run ${id}`);
    await type(`jobs run ${id}`);
    const [first, second] = keysSeen();
    expect(first).not.toBe(second);
    expect(suite.server.seen[0]?.headers["user-agent"]).toMatch(/^cronctl\/\d/);
  });
});

describe("a server that is away", () => {
  it("is named, with what to do", async () => {
    const { exitCode, stdout, stderr } = await type("jobs list", {
      env: { CRON_API_URL: `http://127.0.0.1:${await freePort()}` },
    });
    expect(exitCode).toBe(7);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^error: No TrigRun answers at http:\/\/127\.0\.0\.1:\d+\. Is it running\?/,
    );
    expect(stderr).toContain("CRON_API_URL");
  });

  it("is told as JSON to programs", async () => {
    const { stderr } = await type("jobs list --json", {
      env: { CRON_API_URL: `http://127.0.0.1:${await freePort()}` },
    });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "unreachable", details: [] } });
  });

  it("by its own word ends with 7 and says when to come back", async () => {
    answer({
      listJobs: () => {
        throw new ApiError("rate_limited", "Too many requests.", { retryAfterSeconds: 9 });
      },
    });
    const { exitCode, stderr } = await type("jobs list");
    expect(exitCode).toBe(7);
    expect(stderr).toBe("error: Too many requests. Try again in 9 s.\n");
  });
});

describe("somebody else on the port", () => {
  it.each([
    [200, 1],
    [502, 7],
  ])("answering a page with %i ends with %i", async (status, exitCode) => {
    suite.server.intercept = (_, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end("<h1>hello</h1>");
      return true;
    };
    const outcome = await type("jobs list");
    expect(outcome.exitCode).toBe(exitCode);
    expect(outcome.stderr).toContain(suite.server.url);
  });

  it("is not followed by a redirect with the token", async () => {
    suite.server.intercept = (_, response) => {
      response.writeHead(302, { location: "http://elsewhere.example/" }).end();
      return true;
    };
    const { exitCode, stderr } = await type("jobs list");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("redirects to http://elsewhere.example/");
    expect(suite.server.seen).toHaveLength(1);
  });

  it("that speaks no https is told", async () => {
    const { exitCode, stderr } = await type("jobs list", {
      env: { CRON_API_URL: suite.server.url.replace("http:", "https:") },
    });
    expect(exitCode).toBe(7);
    expect(stderr).toContain("Is it http://?");
  });
});

describe("an answer that does not come", () => {
  it("is given up after the timeout, with a word about changes", async () => {
    suite.server.intercept = () => true;
    const { fetch } = openConnection({
      baseUrl: suite.server.url,
      signal: new AbortController().signal,
      timeoutMs: 50,
    });
    const headers = {};
    await expect(fetch(`${suite.server.url}/v1/jobs`, { method: "GET", headers })).rejects.toThrow(
      "did not answer within 0.05 s.",
    );
    await expect(
      fetch(`${suite.server.url}/v1/jobs/x`, { method: "PATCH", headers }),
    ).rejects.toThrow("look before repeating");
  });

  it("ends at once on Ctrl-C", async () => {
    const interruption = new AbortController();
    suite.server.intercept = () => {
      interruption.abort();
      return true;
    };
    const { exitCode } = await type("jobs list", { signal: interruption.signal });
    expect(exitCode).toBe(130);
  });
});

describe("a fault of the server", () => {
  it("is told with the id of its request", async () => {
    answer({
      listJobs: () => {
        throw new ApiError("internal", "Something went wrong.");
      },
    });
    const { exitCode, stderr } = await type("jobs list");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("req-1");
  });
});

describe("an address", () => {
  it.each([
    ["127.0.0.1:7400", "http"],
    ["ftp://127.0.0.1", "http:// or https://"],
    ["http://me:secret@127.0.0.1", "user name"],
  ])("like %s is refused without being repeated", async (url, hint) => {
    const { exitCode, stderr } = await runInTest(["jobs", "list", "--url", url]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain("secret");
  });

  it("may have a path, as behind a proxy", async () => {
    answer({ listJobs: () => onePage() });
    const { exitCode } = await type("jobs list", {
      env: { CRON_API_URL: `${suite.server.url}/cron/` },
    });
    // The test's server knows no such path; what counts is what was asked for.
    expect(exitCode).toBe(4);
    expect(suite.server.seen[0]?.path).toBe("/cron/v1/jobs");
  });

  it("may be given before the command where the command has a --url of its own", async () => {
    answer({ createJob: () => aJob() });
    const { exitCode } = await type(
      `--url ${suite.server.url} jobs create --name x --url https://e.com/ --every 5`,
      { env: { CRON_API_URL: "http://127.0.0.1:1" } },
    );
    expect(exitCode).toBe(0);
    expect(suite.server.seen[0]?.body).toMatchObject({ request: { url: "https://e.com/" } });
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
