// Loaded into a server by a benchmark that was asked for a profile: writes what the CPU did, as
// Chrome's developer tools read it. Plain JavaScript, since it runs without a loader.
//
//   BENCH_PROFILE=FOLDER npm run bench -- executions
import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";
import { join } from "node:path";

const folder = process.env.BENCH_PROFILE ?? ".";
const isServer = process.argv.some((word) => word === "serve" || word === "work");
const isGuard = process.argv[1]?.endsWith("guard.mjs");

if (isServer && !isGuard) {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.start");
  process.once("exit", () => {
    session.post("Profiler.stop", (_error, result) => {
      writeFileSync(join(folder, `${process.pid}.cpuprofile`), JSON.stringify(result?.profile));
    });
  });
}
