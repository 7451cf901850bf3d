// `npm run demo`: plays the product's main job on real parts, live, and ends with 0 only when every
// delivery was sent once, verified and valid. Whatever happens, it leaves nothing behind.
//
//   npm run demo              plays and ends
//   npm run demo -- --keep    plays and stays until Ctrl-C
import { parseArgs } from "node:util";
import { DemoFailed } from "./demo-failed.ts";
import { type Ending, Interrupted, watchForEnd } from "./ending.ts";
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

/** The exit code. */
function tellFailure({ narrator, server }: Parts, error: unknown): number {
  if (error instanceof Interrupted) {
    narrator.print("\nInterrupted.");
    return error.exitCode;
  }
  const reasons = error instanceof DemoFailed ? error.reasons : [toText(error)];
  narrator.print(`\n${narrator.paint("bad", "✗ The demo failed.")}`);
  for (const reason of reasons) narrator.print(`  - ${reason}`);
  const words = server?.lastWords() ?? [];
  if (words.length > 0) narrator.print("\nThe last words of trigrun serve:");
  for (const line of words) narrator.print(`  ${line}`);
  return 1;
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
  let exitCode = 0;
  try {
    await playAndTell(parts, flags.keep);
  } catch (error) {
    exitCode = tellFailure(parts, ending.signal.aborted ? pickReason(ending, error) : error);
    // Whoever keeps it ends it with Ctrl-C, and that is the good end.
    if (flags.keep && error instanceof Interrupted) exitCode = 0;
  }
  const isClean = await closeAll(parts);
  narrator.print(isClean ? "Everything is stopped and its folder removed." : "");
  ending.close();
  return isClean ? exitCode : 1;
}

/** What ended the demo explains more than the request that broke off by it. */
function pickReason({ signal }: Ending, error: unknown): unknown {
  return error instanceof DemoFailed || error instanceof Interrupted ? error : signal.reason;
}

process.exitCode = await main();
