// What the job sends and how it is tried again. Headers that carry credentials by their name are
// shown only where they refer to a secret.
import type { Job, JobRequest } from "@trigrun/contract";
import { isCredential } from "./credential.ts";

export function RequestCard({ job: { request, retry_policy: retry } }: { job: Job }) {
  const headers = Object.entries(request.headers);
  return (
    <section className="card">
      <h2>Request</h2>
      <p className="code" dir="auto">
        <strong>{request.method}</strong> {request.url}
      </p>
      {headers.length > 0 && (
        <dl className="facts code">
          {headers.map(([name, value]) => (
            <Header key={name} name={name} value={value} />
          ))}
        </dl>
      )}
      <Body body={request.body} />
      <dl className="facts">
        <dt>Time-out</dt>
        <dd>{request.timeout_seconds} s</dd>
        <dt>Succeeds with</dt>
        <dd>{request.success_statuses.join(", ")}</dd>
        <dt>Redirects</dt>
        <dd>{request.follow_redirects ? "followed" : "not followed"}</dd>
        <dt>Attempts</dt>
        <dd>{retry.max_attempts === 1 ? "one" : `up to ${retry.max_attempts}`}</dd>
        <dt>Tries again on</dt>
        <dd>{toRetries(retry)}</dd>
      </dl>
    </section>
  );
}

function toRetries({
  max_attempts: max,
  retry_on_statuses: statuses,
}: Job["retry_policy"]): string {
  if (max === 1) return "nothing";
  return ["time-outs", "failed connections", ...statuses].join(", ");
}

function Header({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt dir="auto">{name}</dt>
      <dd dir="auto">{isCredential(name, value) ? <Hidden /> : value}</dd>
    </>
  );
}

const Hidden = () => (
  <>
    <span aria-hidden="true">••••</span>
    <span className="unseen">hidden</span>
  </>
);

function Body({ body }: { body: JobRequest["body"] }) {
  if (body === null) return null;
  return (
    <pre className="code" dir="auto">
      {typeof body === "string" ? body : JSON.stringify(body, null, 2)}
    </pre>
  );
}
