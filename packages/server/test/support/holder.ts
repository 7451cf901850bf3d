// Runs hold-data-folder.ts in a process of its own, so that a test can kill a holder of a data
// folder the way an operator or the kernel would.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Holder {
  pid: number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export async function startHolder(dataDir: string, what?: "postgres"): Promise<Holder> {
  const script = fileURLToPath(new URL("./hold-data-folder.ts", import.meta.url));
  const args = ["--import", "tsx", script, dataDir, ...(what === undefined ? [] : [what])];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  await untilReady(child);
  return {
    pid: child.pid ?? 0,
    kill: async (signal) => {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  const said = new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`the holder ended with ${code}`)));
  });
  await said;
}
