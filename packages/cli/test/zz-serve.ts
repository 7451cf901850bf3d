// Serves fixtures for a look by hand.
import { startApiServer } from "./support/api-server.ts";
import * as f from "./support/fixtures.ts";
const s = await startApiServer();
s.answers = { listJobs: () => f.onePage(f.aJob(), f.aJob({name:"with blank"}), f.aJob({name:"co:lon"})), listRules: () => f.onePage(f.aRule()) };
console.log(s.url);
