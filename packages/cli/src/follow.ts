// Follows an execution until it ends. Progress goes to standard error of a terminal, the end to
// standard output; the exit code tells the outcome. It only reads: Ctrl-C stops the following,
// never the execution.
import type { Client, TrigRunApi } from "@trigrun/contract";
import { CliError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { relative } from "./render.ts";
import type { Session } from "./session.ts";
import { attemptLine, type ExecutionWithAttempts, renderExecution } from "./views/execution.ts";

// Short jobs are told of at once; long ones are asked for every 2 s, which no server minds.
const firstPauseMs = 200;
const pauseMsMax = 2_000;

export async function followExecution(
  session: Session,
  client: Client<TrigRunApi>,
  id: string,
  timeoutSeconds: number | undefined,
): Promise<void> {
  const { surroundings, isJson } = session;
  const until =
    timeoutSeconds === undefined
      ? Number.POSITIVE_INFINITY
      : surroundings.now().getTime() + timeoutSeconds * 1000;
  let told = 0;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, pauseMsMax)) {
    const execution = await client.getExecution({ params: { id } });
    if (surroundings.stderr.isTTY === true && !isJson)
      told = tellProgress(session, execution, told);
    if (hasEnded(execution)) return tellEnd(session, execution);
    if (surroundings.now().getTime() >= until) {
      session.show(execution, (shown) => renderExecution(shown, session.view, false));
      session.exitCode = exitCodes.failed;
      return session.hint(`It has not ended yet. See: cronctl executions get ${id}`);
    }
    await surroundings.pause(pauseMs, surroundings.signal);
    if (surroundings.signal.aborted) throw interrupted(id);
  }
}

function interrupted(id: string): CliError {
  return new CliError(
    "interrupted",
    exitCodes.interrupted,
    `No longer followed; it goes on. See: cronctl executions get ${id}`,
  );
}

function hasEnded({ status }: ExecutionWithAttempts): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

/** Tells of the attempts that are new; returns how many have been told of. */
function tellProgress(session: Session, execution: ExecutionWithAttempts, told: number): number {
  const view = session.asideView;
  for (const attempt of execution.attempts.slice(told)) {
    const next = execution.next_attempt_at;
    const then = next === null ? "" : `; next attempt ${relative(next, view)}`;
    session.surroundings.stderr.write(
      `Attempt ${attempt.number}: ${attemptLine(attempt, view)}${then}\n`,
    );
  }
  return Math.max(told, execution.attempts.length);
}

function tellEnd(session: Session, execution: ExecutionWithAttempts): void {
  session.show(execution, (ended) => renderExecution(ended, session.view, false));
  if (execution.status !== "succeeded") session.exitCode = exitCodes.failed;
}
