#!/usr/bin/env node
// Starts the built program. It stands apart from the build, so that npm can link it before
// anything is built.
import { existsSync } from "node:fs";

const built = new URL("../dist/trigrun.js", import.meta.url);
if (!existsSync(built)) {
  process.stderr.write(
    "trigrun is not built yet. Run `npm run build` in the project's folder first.\n",
  );
  process.exit(1);
}
// Node.js 20 lacks what says which program this is, and the client of PostgreSQL then makes a
// `Response` to find out, for which Node.js loads its whole fetch: a fifteenth of a start.
globalThis.navigator ??= { userAgent: `Node.js/${process.versions.node.split(".")[0]}` };
await import(built.href);
