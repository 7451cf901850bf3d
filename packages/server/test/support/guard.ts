// Tells a guardian process which folders belong to this run. It notices the end of the run by the
// end of a pipe, which the kernel closes however this process dies.
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("guardian.mjs", import.meta.url));
let guardian: ChildProcess | undefined;

/** From now on, what works on the folder is ended with this process at the latest. */
export function guard(folder: string): void {
  tell(`+${folder}`);
}

/** The folder is gone, and so is all that worked on it. */
export function unguard(folder: string): void {
  tell(`-${folder}`);
}

function tell(line: string): void {
  guardian ??= start();
  guardian.stdin?.write(`${line}\n`);
}

function start(): ChildProcess {
  // In a session of its own: neither a Ctrl-C nor a kill of the run's group may end it.
  const child = spawn(process.execPath, [program], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // A run that has nothing left to do ends, and with it the pipe.
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
