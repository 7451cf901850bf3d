// Runs cronctl in this process with streams of its own, and says what it wrote and ended with.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { runCronctl } from "../../src/program.ts";
import { goodToken } from "./api-server.ts";
import { now } from "./fixtures.ts";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Circumstances {
  readonly env?: Readonly<Record<string, string>>;
  readonly homeDir?: string;
  /** Standard input; without it the input has ended. */
  readonly input?: string;
  /** What a person at the terminal types, one answer for each question. */
  readonly answers?: readonly string[];
  /** Width of a terminal on all streams; without it there are pipes. */
  readonly terminal?: number;
  readonly signal?: AbortSignal;
  readonly now?: () => Date;
  readonly pause?: (ms: number) => Promise<void>;
}

/** The environment of a person who is logged in there. */
export function loggedInTo(url: string): Readonly<Record<string, string>> {
  return { CRON_API_URL: url, CRON_TOKEN: goodToken };
}

export async function runInTest(
  argv: readonly string[],
  circumstances: Circumstances = {},
): Promise<Outcome> {
  const { terminal, input } = circumstances;
  const isTTY = terminal !== undefined;
  const stdout = collector(terminal);
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const answers = [...(circumstances.answers ?? [])];
  const stderr = collector(terminal, (text) => {
    const answer = text.endsWith(": ") ? answers.shift() : undefined;
    // Once the question stands: what is typed before it belongs to nobody.
    if (answer !== undefined) setImmediate(() => stdin.write(`${answer}\n`));
  });
  if (input !== undefined) stdin.write(input);
  // A person at a terminal does not end the input.
  if (!isTTY || (input === undefined && answers.length === 0)) stdin.end();
  const exitCode = await runCronctl(argv, {
    env: circumstances.env ?? {},
    homeDir: circumstances.homeDir ?? "/nowhere",
    platform: process.platform,
    stdin,
    stdout: stdout.output,
    stderr: stderr.output,
    signal: circumstances.signal ?? new AbortController().signal,
    timeZone: "Europe/Berlin",
    now: circumstances.now ?? (() => now),
    pause: circumstances.pause ?? (async () => undefined),
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(columns: number | undefined, onWrite: (text: string) => void = () => undefined) {
  const pieces: string[] = [];
  return {
    output: {
      isTTY: columns !== undefined,
      columns,
      write: (text: string) => {
        pieces.push(text);
        onWrite(text);
      },
    },
    text: () => pieces.join(""),
  };
}

/** A home folder of its own, removed by `remove`. */
export function makeHome(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "cronctl-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
