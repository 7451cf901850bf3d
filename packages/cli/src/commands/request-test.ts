// `cronctl jobs test-request`: makes a request once, without an execution, and shows the exchange.
import type { Job, Sent, TrigRunApi } from "@trigrun/contract";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { addRequestFlags, type JobFlags, readBody, toRequest } from "../job-flags.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveJobId } from "../lookup.ts";
import type { Session } from "../session.ts";
import { renderRequestTest } from "../views/exchange.ts";

type TestedRequest = Sent<TrigRunApi["testRequest"]>["body"]["request"];

export function defineRequestTest(group: Command, run: Run): void {
  const test = leaf(
    group,
    "test-request",
    "make a request once, now, and show the exchange; exit code 8 when it is no success",
  )
    .argument("[job]", "name or id of the job whose request it is; flags change it for this once")
    .option("--url <url>", "what to call");
  addRequestFlags(test)
    .option("--no-follow-redirects", "do not follow them")
    .option("--no-headers", "without the headers of the job; --header replaces all of them")
    .option("--no-body", "without the body of the job");
  examples(
    test,
    "cronctl jobs test-request nightly-backup",
    "cronctl jobs test-request nightly-backup --url https://staging.example.com/backup",
    "cronctl jobs test-request --url https://example.com/ping --method HEAD",
  );
  onRun(test, run, async (session, job: string | undefined, flags: JobFlags) => {
    const request = await readRequest(session, job, flags);
    const tested = await session.client.testRequest({ body: { request } });
    session.show(tested, (shown) => renderRequestTest(shown, session.view));
    if (tested.status !== "SUCCESS") session.exitCode = exitCodes.failed;
  });
}

async function readRequest(
  session: Session,
  job: string | undefined,
  flags: JobFlags,
): Promise<TestedRequest> {
  const changed = toRequest(flags, await readBody(flags, session.surroundings));
  const request = { ...(job === undefined ? {} : await requestOf(session, job)), ...changed };
  const { url } = request;
  if (url === undefined) throw usageError("Say what to call: a job, or --url URL.");
  return { ...request, url };
}

async function requestOf({ client }: Session, job: string): Promise<Job["request"]> {
  const id = await resolveJobId(client, job);
  return (await client.getJob({ params: { id } })).request;
}
