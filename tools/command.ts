// Runs one program of node_modules/.bin with a limit, alone in its process group: when the
// limit is reached, or this program is told to stop, the whole group is ended, and nothing is left.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "./repository.ts";

export interface CommandOptions {
  /** Ends the program when it is aborted, which counts as running over time. */
  readonly limit: AbortSignal;
  /** Shown as it comes, or kept for whoever wants to show it later. */
  readonly output: "shown" | "kept";
}

export interface CommandResult {
  readonly isOk: boolean;
  /** Both streams as they came; empty when the output was shown. */
  readonly output: string;
  readonly isOverTime: boolean;
}

// Long enough for a test runner to stop its databases after the polite signal.
const graceMs = 10_000;

export async function runCommand(
  [name = "", ...args]: readonly string[],
  { limit, output }: CommandOptions,
): Promise<CommandResult> {
  const isWindows = process.platform === "win32";
  const child = spawn(join(root, "node_modules/.bin", name), args, {
    cwd: root,
    stdio: output === "shown" ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    shell: isWindows,
    detached: !isWindows,
  });
  let kept = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      kept += text;
    });
  }
  const endAtLimit = () => endGroup(child);
  limit.addEventListener("abort", endAtLimit);
  const stopWithUs = endWithThisProcess(child);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  limit.removeEventListener("abort", endAtLimit);
  stopWithUs();
  return { isOk: code === 0 && !limit.aborted, output: kept, isOverTime: limit.aborted };
}

/** Passes a signal on to the group, then ends as a program ends that was interrupted. */
function endWithThisProcess(child: ChildProcess): () => void {
  const end = () => {
    endGroup(child);
    child.once("close", () => process.exit(130));
  };
  process.once("SIGINT", end).once("SIGTERM", end);
  return () => process.off("SIGINT", end).off("SIGTERM", end);
}

function endGroup(child: ChildProcess): void {
  signalGroup(child, "SIGTERM");
  const kill = setTimeout(() => signalGroup(child, "SIGKILL"), graceMs);
  child.once("close", () => clearTimeout(kill));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || process.platform === "win32") {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended by itself meanwhile.
  }
}
