// The job's target: a real HTTP endpoint that fails until it is mended. It looks at the headers
// that TrigRun promises to send.
import { type Call, type HttpReceiver, type Reply, startHttpReceiver } from "./http-receiver.ts";
import type { Narrator } from "./narrator.ts";

export interface Target {
  readonly url: string;
  readonly problems: readonly string[];
  /** It fails so many times more, and then answers 200. */
  mend(failuresLeft: number): void;
  close(): Promise<void>;
}

// The outbound headers that the product promises, without their beginning.
const promisedHeaders = ["job-id", "execution-id", "scheduled-for", "attempt"];

export async function startTarget(narrator: Narrator): Promise<Target> {
  const problems: string[] = [];
  let failuresLeft = Number.POSITIVE_INFINITY;
  const answer = (call: Call): Reply => {
    // For whoever plays on after the story.
    if (call.url.pathname === "/break") return setFailures(Number.POSITIVE_INFINITY);
    if (call.url.pathname === "/mend") return setFailures(0);
    const missing = promisedHeaders.filter((name) => !call.headers[`x-cron-service-${name}`]);
    for (const name of missing) problems.push(`The target missed X-Cron-Service-${name}.`);
    const isBroken = failuresLeft > 0;
    failuresLeft = Math.max(0, failuresLeft - 1);
    const reply = isBroken
      ? toReply(503, { error: "no space left on device" })
      : toReply(200, { backup: "complete", files: 1204 });
    const attempt = String(call.headers["x-cron-service-attempt"] ?? "?");
    narrator.tell(
      "target",
      `${call.method} ${call.url.pathname} (attempt ${attempt}), ` +
        `answers ${reply.statusCode} ${reply.body}`,
    );
    return reply;
  };
  const setFailures = (count: number): Reply => {
    failuresLeft = count;
    return toReply(200, { works: count === 0 });
  };
  const receiver: HttpReceiver = await startHttpReceiver(answer);
  return {
    url: `${receiver.origin}/backup`,
    problems,
    mend: (count) => setFailures(count),
    close: receiver.close,
  };
}

function toReply(statusCode: number, json: object): Reply {
  const headers = { "content-type": "application/json" };
  return { statusCode, headers, body: JSON.stringify(json) };
}
