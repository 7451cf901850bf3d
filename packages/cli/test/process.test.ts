// The program as a process of its own: its exit code, a reader that leaves, and signals.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loggedInTo } from "./support/cronctl.ts";
import { aChannel, aJob, idOf } from "./support/fixtures.ts";
import { useServer } from "./support/suite.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const suite = useServer();

function start(...argv: string[]) {
  return spawn(process.execPath, ["--import", "tsx", main, ...argv], {
    env: { PATH: process.env.PATH, HOME: "/nowhere", ...loggedInTo(suite.server.url) },
  });
}

async function endOf(child: ReturnType<typeof start>) {
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  const [exitCode, signal] = await once(child, "close");
  return { exitCode, signal, stderr };
}

describe("the process", () => {
  it("ends with the exit code of the command", async () => {
    const child = start("jobs", "get", idOf("job", 1));
    const { exitCode, stderr } = await endOf(child);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(/^error: /);
  });

  it("ends quietly when its reader leaves", async () => {
    const items = Array.from({ length: 100 }, (_, index) => aJob({ id: idOf("job", index) }));
    suite.answer({ listJobs: () => ({ items, next_cursor: null }) });
    const child = start("jobs", "list", "--json");
    child.stdout.destroy();
    expect(await endOf(child)).toEqual({ exitCode: 0, signal: null, stderr: "" });
    expect(suite.server.seen).toHaveLength(1);
  });

  it("ends with 130 on Ctrl-C, without a stack", async () => {
    const child = start("jobs", "list");
    child.stdout.resume();
    suite.server.intercept = () => {
      child.kill("SIGINT");
      return true;
    };
    const { exitCode, stderr } = await endOf(child);
    expect(exitCode).toBe(130);
    expect(stderr).toBe("error: Interrupted.\n");
  });
});

describe("listen as a process", () => {
  /** Starts it and waits until its channel is made and it says so. */
  async function startListening() {
    suite.answer({ createChannel: () => aChannel(), deleteChannel: () => undefined });
    const child = start("listen");
    const ended = endOf(child);
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (chunk) => {
        if (String(chunk).includes("calls it, until the end")) resolve();
      });
      ended.then(({ stderr }) => reject(new Error(`it ended: ${stderr}`)), reject);
    });
    return { child, ended };
  }

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "removes its channel at %s and ends well",
    async (name) => {
      const { child, ended } = await startListening();
      child.kill(name);
      expect(await ended).toMatchObject({ exitCode: 0, signal: null });
      expect(suite.server.of("deleteChannel")).toHaveLength(1);
    },
  );

  it("removes its channel though the signal comes twice", async () => {
    const { child, ended } = await startListening();
    // The second comes while the request that removes the channel is under way.
    suite.server.intercept = (request) => {
      if (request.method === "DELETE") child.kill("SIGINT");
      return false;
    };
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ exitCode: 0, signal: null });
    expect(suite.server.of("deleteChannel")).toHaveLength(1);
  });
});
