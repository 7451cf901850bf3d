// `npm run demo`: plays the product's main job on real parts, live, and ends with 0 only when every
// delivery was sent once, verified and valid. Whatever happens, it leaves nothing behind.
//
//   npm run demo              plays and ends
//   npm run demo -- --keep    plays and stays until Ctrl-C
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DemoFailed } from "./demo-failed.ts";
import { type Ending, Interrupted, OverTime, watchForEnd } from "./ending.ts";
import { tellSummary, tellWhatNext } from "./finale.ts";
import { createNarrator, type Narrator } from "./narrator.ts";
import type { RunningServer } from "./server.ts";
import { type Closers, setStage } from "./stage.ts";
import { playStory } from "./story.ts";

// It takes some 15 s; a demo that takes a minute has lost its audience.
const limitMs = 55_000;

interface Parts {
  readonly narrator: Narrator;
  readonly ending: Ending;
  readonly closers: Closers;
  server: RunningServer | undefined;
}

async function playAndTell(parts: Parts, isKept: boolean): Promise<void> {
  const { narrator, ending, closers } = parts;
  narrator.print("TrigRun: a nightly backup fails, is mended and replayed, and everybody is told.");
  narrator.act("The parts, all on this machine");
  const stage = await setStage({
    ...{ narrator, ending, closers },
    onServer: (server) => {
      parts.server = server;
    },
  });
  const snapshot = await playStory(stage);
  narrator.act("What was told");
  tellSummary(narrator, snapshot);
  await stage.cronctl("deliveries", "list");
  narrator.act("What next");
  tellWhatNext(stage, snapshot, isKept);
  if (!isKept) return;
  ending.liftLimit();
  await stage.watcher.watchOn();
  throw ending.signal.reason;
}

/** Said at once, since the stopping takes a moment. */
function tellEnd({ narrator }: Parts, error: unknown, isKept: boolean): void {
  const isFailure = !(error instanceof Interrupted);
  narrator.gap();
  if (isFailure) narrator.print(narrator.paint("bad", "✗ That went wrong; stopping everything…"));
  else narrator.print(isKept ? "Stopping everything…" : "Interrupted; stopping everything…");
}

/** Said last, so that it is what the reader sees. */
function tellFailure({ narrator, server }: Parts, error: unknown): void {
  const reasons = error instanceof DemoFailed ? error.reasons : [toText(error)];
  const words = server?.lastWords() ?? [];
  narrator.gap();
  if (words.length > 0) narrator.print("The last words of trigrun serve:");
  for (const line of words) narrator.print(`  ${line}`);
  narrator.gap();
  narrator.print(narrator.paint("bad", "✗ The demo failed:"));
  for (const reason of reasons) narrator.print(`  - ${reason}`);
}

function toText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The newest first; one that cannot be closed does not keep the others open. */
async function closeAll({ narrator, closers }: Parts): Promise<boolean> {
  let isClean = true;
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      isClean = false;
      narrator.print(`Could not clean up: ${toText(error)}`);
    }
  }
  return isClean;
}

function readFlags(): { keep: boolean } | undefined {
  try {
    return parseArgs({ options: { keep: { type: "boolean", default: false } } }).values;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${words}\nUsage: npm run demo [-- --keep]\n`);
    return undefined;
  }
}

async function main(): Promise<number> {
  const flags = readFlags();
  // As programs answer a wrong command line.
  if (flags === undefined) return 2;
  const narrator = createNarrator(process.stdout, () => performance.now());
  const ending = watchForEnd(limitMs);
  const parts: Parts = { narrator, ending, closers: [], server: undefined };
  let error: unknown;
  try {
    await playAndTell(parts, flags.keep);
  } catch (thrown) {
    error = await findReason(ending, thrown);
    tellEnd(parts, error, flags.keep);
  }
  const isClean = await closeAll(parts);
  if (isClean) narrator.tell("demo", "everything is stopped, and its folder is removed");
  ending.close();
  if (error instanceof Interrupted) {
    // Whoever keeps it ends it with Ctrl-C, and that is the good end.
    return flags.keep && isClean ? 0 : error.exitCode;
  }
  if (error !== undefined) tellFailure(parts, error);
  return error === undefined && isClean ? 0 : 1;
}

// The server's death is known a few milliseconds after the request that broke off by it.
const graceMs = 500;

/** What ended the demo explains more than what broke by it. */
async function findReason({ signal }: Ending, error: unknown): Promise<unknown> {
  if (!signal.aborted) await delay(graceMs, undefined, { signal }).catch(() => undefined);
  // Whoever was waiting when the time was up knows what is missing.
  if (!signal.aborted || error instanceof OverTime) return error;
  return signal.reason;
}

process.exitCode = await main();
