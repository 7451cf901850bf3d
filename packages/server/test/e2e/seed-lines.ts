// The commands of the product's first document, as they stand there, and a shell that runs them.
// Nothing in a command is changed but the names of things that only exist at run time.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The document, copied whole. */
export async function readSeed(): Promise<string> {
  return await readFile(new URL("seed-notifications.txt", import.meta.url), "utf8");
}

/** Every `curl` and every `cronctl` command, in the order of the document. */
export function listCommands(seed: string): string[] {
  const commands: string[] = [];
  let open: string[] = [];
  for (const line of seed.split("\n")) {
    if (open.length === 0 && !/^(?:curl|cronctl) /.test(line)) continue;
    open.push(line);
    const text = open.join("\n");
    const isQuoteOpen = (text.match(/'/g)?.length ?? 0) % 2 === 1;
    if (line.endsWith("\\") || isQuoteOpen) continue;
    commands.push(text);
    open = [];
  }
  return commands;
}

/** The rows of a table of the document: what stands first in each line after the heading. */
export function listTable(seed: string, heading: string, words: readonly string[]): string[] {
  const lines = seed.split("\n");
  const start = lines.indexOf(heading) + 1;
  if (start === 0) throw new Error(`the document has no table ${heading}`);
  const end = lines.indexOf("", start);
  return lines
    .slice(start, end === -1 ? undefined : end)
    .map((line) => words.find((word) => line.startsWith(word)) ?? line);
}

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  /** Runs a command as a person would who has filled in the ids. */
  run(command: string, ids?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Runs a `curl` command; the answer's body is read as JSON. */
  ask(
    command: string,
    ids?: Readonly<Record<string, string>>,
    // biome-ignore lint/suspicious/noExplicitAny: each test reads the answer of its own route.
  ): Promise<{ readonly status: number; readonly body: any }>;
  close(): Promise<void>;
}

const cronctl = fileURLToPath(new URL("../../../cli/bin/cronctl.js", import.meta.url));
const standIn = fileURLToPath(new URL("curl-stand-in.mjs", import.meta.url));

/** bash in an empty folder. Without curl on this machine, or if it is not wanted, a stand-in. */
export async function openShell(options: {
  readonly url: string;
  readonly token: string;
  readonly withoutCurl?: boolean;
}): Promise<Shell> {
  const home = await mkdtemp(join(tmpdir(), "trigrun-seed-"));
  const programs = join(home, "bin");
  const folder = join(home, "here");
  await mkdir(programs);
  await mkdir(folder);
  await writeProgram(join(programs, "cronctl"), cronctl);
  // Says the status behind the body, so that the commands need no further word for it.
  await writeFile(join(home, ".curlrc"), 'silent\nshow-error\nwrite-out = "\\n%{http_code}"\n');
  const environment = {
    PATH: `${programs}:${process.env.PATH}`,
    HOME: home,
    CURL_HOME: home,
    TOKEN: options.token,
    CRON_API_URL: options.url,
    CRON_TOKEN: options.token,
  };
  const bash = (script: string) => runBash(script, folder, environment);
  const hasCurl = (await bash("command -v curl")).exitCode === 0;
  if (options.withoutCurl === true || !hasCurl) {
    await writeProgram(join(programs, "curl"), standIn);
  }

  const run = (command: string, ids: Readonly<Record<string, string>> = {}) => {
    const filled = Object.entries(ids).reduce(
      (text, [name, id]) => text.replaceAll(name, id),
      command.replaceAll("https://api.trigrun.com", options.url),
    );
    return bash(filled);
  };
  return {
    run,
    async ask(command, ids) {
      const { exitCode, stdout, stderr } = await run(command, ids);
      const [, text = "", status] = /^([\s\S]*)\n(\d{3})$/.exec(stdout) ?? [];
      if (exitCode !== 0 || status === undefined) throw new Error(`${exitCode} ${stdout}${stderr}`);
      return { status: Number(status), body: text === "" ? undefined : JSON.parse(text) };
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}

/** What npm puts into a PATH for a program: it finds the script and the Node.js to run it. */
async function writeProgram(path: string, script: string): Promise<void> {
  const text = `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`;
  await writeFile(path, text, { mode: 0o755 });
}

// cronctl and curl take well under a second; a minute is a hang on any machine.
const limitMs = 60_000;

function runBash(script: string, cwd: string, env: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      "bash",
      ["--noprofile", "--norc", "-c", script],
      { cwd, env, timeout: limitMs },
      (error, stdout, stderr) => {
        // A number when the command ended by itself, which is all that is asked of it.
        const exitCode = error === null ? 0 : Number(error.code ?? 1);
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}
