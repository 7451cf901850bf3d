// Real programs of node_modules/.bin: their exit codes, their output, and the end of a stuck one.
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { runCommand } from "./command.ts";

const evaluate = (script: string, limit = new AbortController().signal) =>
  runCommand(["tsx", "--eval", script], { limit, output: "kept" });

describe("runCommand", () => {
  it("keeps both streams and tells the exit code", async () => {
    const script = 'process.stdout.write("out"); process.stderr.write("err"); process.exit(3)';
    const result = await evaluate(script);
    expect(result.isOk).toBe(false);
    expect(result.isOverTime).toBe(false);
    expect(result.output).toContain("out");
    expect(result.output).toContain("err");
    expect(await evaluate("process.exit(0)")).toEqual({
      isOk: true,
      output: "",
      isOverTime: false,
    });
  });

  it("ends a program at its limit, and what that program started", async () => {
    // The runner starts a process of its own for the script. It calls us, and hangs.
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const limit = new AbortController();
    const running = evaluate(`require("node:net").connect(${port}, "127.0.0.1")`, limit.signal);
    const [socket] = (await once(server, "connection")) as [Socket];
    const hasEnded = once(socket.resume(), "close");
    limit.abort();
    expect(await running).toMatchObject({ isOk: false, isOverTime: true });
    await hasEnded;
    server.close();
  });

  it("fails when there is no such program", async () => {
    const limit = new AbortController().signal;
    const running = runCommand(["no-such-program"], { limit, output: "kept" });
    await expect(running).rejects.toThrow("ENOENT");
  });
});
