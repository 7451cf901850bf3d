// One execution: why it went as it did, in sentences, and what each attempt came to.
import { Link } from "wouter";
import { Badge } from "../../components/badge.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { ErrorState, Loading } from "../../components/states.tsx";
import { When } from "../../components/when.tsx";
import { type AnswerOf, useRead } from "../../data/api.tsx";
import { toDuration } from "../../data/time.ts";

const everyMs = 5_000;

type Execution = AnswerOf<"getExecution">;

export function ExecutionDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const params = { id };
  const { data, error, refetch } = useRead("getExecution", { params }, { everyMs });
  return (
    <Dialog kind="drawer" title={data?.job_name ?? "Execution"} onClose={onClose}>
      {data === undefined && error === null && <Loading what="the execution" />}
      {data === undefined && error !== null && (
        <ErrorState error={error} again={() => void refetch()} what="execution" />
      )}
      {data !== undefined && <ExecutionDetails execution={data} />}
    </Dialog>
  );
}

function ExecutionDetails({ execution }: { execution: Execution }) {
  const { id, job_id: jobId, status, scheduled_for: at, attempts } = execution;
  const { data: explanation } = useRead("explainExecution", { params: { id } }, { everyMs });
  return (
    <>
      <p className="line">
        <Badge state={status} />
        <When at={at} isAlone />
        <Link href={`/jobs/${jobId}`}>Open the job</Link>
      </p>
      <ol className="sentences">
        {explanation?.sentences.map((sentence) => (
          <li key={sentence} dir="auto">
            {sentence}
          </li>
        ))}
      </ol>
      {attempts.map((attempt) => (
        <details key={attempt.number} className="attempt">
          <summary>
            <span>Attempt {attempt.number}</span>
            <Badge state={attempt.status} />
            <span>{attempt.status_code ?? attempt.error_class}</span>
            <span className="faint">
              {attempt.latency_ms === null ? "" : toDuration(attempt.latency_ms)}
            </span>
          </summary>
          <pre className="code" dir="auto">
            {attempt.body_preview ?? attempt.error_message}
          </pre>
        </details>
      ))}
    </>
  );
}
