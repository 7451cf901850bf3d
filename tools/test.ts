// All tests, in the order in which failures are cheapest: verify, build, server, browser, fault.
// Ends with one plain line, `N passed, N failed`; anything but passed tests is a failure.
//
//   npm test                            everything
//   npm test -- --server claims         the parts named (--verify --build --server --browser
//                                       --fault), and of their tests the files whose path holds
//                                       one of the words
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import type { Counts } from "./counts.ts";
import { addCounts, formatCounts, noCounts, oneFailure } from "./counts.ts";
import { root } from "./repository.ts";
import { runTests } from "./run-tests.ts";
import { verify } from "./verify.ts";

const minuteMs = 60_000;

interface Part {
  readonly name: "verify" | "build" | "server" | "browser" | "fault";
  run(filters: readonly string[]): Promise<Counts>;
  /** Without it the parts that follow would only fail too. */
  readonly isNeeded: boolean;
}

const parts: readonly Part[] = [
  { name: "verify", run: verify, isNeeded: true },
  { name: "build", run: async () => ((await build(root)) ? noCounts : oneFailure), isNeeded: true },
  // Each limit is several times what the part takes on two cores, and both fit into one hour.
  { name: "server", run: (filters) => runProject("server", filters, 25), isNeeded: false },
  { name: "browser", run: (filters) => runProject("browser", filters, 15), isNeeded: false },
  { name: "fault", run: (filters) => runProject("fault", filters, 25), isNeeded: false },
];

async function runProject(
  name: string,
  filters: readonly string[],
  limitMinutes: number,
): Promise<Counts> {
  const limit = AbortSignal.timeout(limitMinutes * minuteMs);
  const { counts, isOverTime } = await runTests(name, filters, { limit, output: "shown" });
  if (isOverTime) process.stdout.write(`\n${name}: ended after ${limitMinutes} minutes.\n`);
  return counts;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    verify: { type: "boolean" },
    build: { type: "boolean" },
    server: { type: "boolean" },
    browser: { type: "boolean" },
    fault: { type: "boolean" },
  },
});
const named = parts.filter(({ name }) => values[name]);

let total = noCounts;
for (const part of named.length > 0 ? named : parts) {
  process.stdout.write(`\n== ${part.name}\n`);
  const counts = await part.run(positionals);
  total = addCounts(total, counts);
  if (counts.failed > 0 && part.isNeeded) break;
}
if (total.failed > 0) process.exitCode = 1;
process.stdout.write(`\n${formatCounts(total)}\n`);
