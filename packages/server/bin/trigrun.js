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
await import(built.href);
