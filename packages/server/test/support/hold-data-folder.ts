// A program for tests to kill: takes the data folder it is given, with "postgres" also starts the
// database in it, says "ready", and stays.

import { openDataFolder } from "../../src/store/data-folder.ts";
import { startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";

const [, , dir = "", what = ""] = process.argv;
const folder = await openDataFolder(dir);
if (what === "postgres") {
  await startEmbeddedPostgres({ dataDir: folder.dir, log: () => undefined });
}
process.stdout.write("ready\n");
// Ends with the test at the latest, which holds the other end.
process.stdin.on("end", () => process.exit(0)).resume();
