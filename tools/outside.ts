// Tests that need what not every machine has, which `npm test` therefore leaves out. Without it one
// plain line says that they did not run, and why.
//
//   npm run test:pgbouncer      PGBOUNCER names the program where it is elsewhere
//   npm run test:failover       POSTGRES_BIN names the folder of pg_basebackup and its like
//   npm run test:disk-full      as root
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { formatCounts } from "./counts.ts";
import { runTests } from "./run-tests.ts";

const limitMs = 15 * 60_000;

interface Wanted {
  /** Names another place. */
  readonly variable: string;
  readonly places: readonly string[];
  /** What must be in the place. */
  readonly proof: string;
  readonly advice: string;
}

const inPath = (program: string) =>
  [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"].map((each) => join(each, program));

const wanted: Readonly<Record<string, Wanted>> = {
  pgbouncer: {
    variable: "PGBOUNCER",
    places: inPath("pgbouncer"),
    proof: "",
    advice: "Debian: apt-get install pgbouncer",
  },
  failover: {
    variable: "POSTGRES_BIN",
    // 15 is the oldest that the product takes; newer ones first.
    places: [18, 17, 16, 15].map((version) => `/usr/lib/postgresql/${version}/bin`),
    proof: "pg_basebackup",
    advice: "Debian: apt-get install postgresql",
  },
  "disk-full": {
    variable: "MOUNT",
    // Only root may mount the small disk that is filled.
    places: process.getuid?.() === 0 ? inPath("mount") : [],
    proof: "",
    advice: "it mounts a small disk, so run it as root",
  },
};

const [, , name = ""] = process.argv;
const choice = wanted[name];
if (choice === undefined) throw new Error(`One of: ${Object.keys(wanted).join(", ")}`);
const { variable, places, proof, advice } = choice;
const given = process.env[variable];
const found = (given === undefined ? places : [given]).find((place) =>
  existsSync(join(place, proof)),
);
if (found === undefined) {
  process.stdout.write(
    `${name}: not run, as this machine does not have what it needs (${advice}; ${variable} ` +
      "names another place).\n",
  );
} else {
  process.env[variable] = found;
  const limit = AbortSignal.timeout(limitMs);
  const { counts } = await runTests("outside", [name], { limit, output: "shown" });
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
  process.stdout.write(`\n${formatCounts(counts)}\n`);
}
