// "Test this request now": the request as it stands in the form is made once, and the whole answer
// is shown. Nothing is saved, and nobody is told.
import type { RequestTest } from "@trigrun/contract";
import { useState } from "react";
import { ErrorNote } from "../../components/error-note.tsx";
import { WireExchange } from "../../components/wire-exchange.tsx";
import { useWrite } from "../../data/api.tsx";
import { toDuration } from "../../data/time.ts";
import { findRequestErrors, type JobDraft, toRequest } from "./job-draft.ts";

export function RequestTrial({ draft }: { draft: JobDraft }) {
  const [isIncomplete, setIncomplete] = useState(false);
  const trial = useWrite("testRequest", { showsError: true });
  const test = () => {
    const isWrong = Object.keys(findRequestErrors(draft)).length > 0;
    setIncomplete(isWrong);
    trial.reset();
    if (!isWrong) trial.mutate({ body: { request: toRequest(draft) } });
  };
  return (
    <div className="trial">
      <div className="actions">
        <button type="button" disabled={trial.isPending} onClick={test}>
          {trial.isPending ? "Waiting for the answer" : "Test this request now"}
        </button>
      </div>
      {isIncomplete && (
        <p className="field-error" role="alert">
          The request is not complete: {firstError(draft)}.
        </p>
      )}
      <ErrorNote error={trial.error} />
      {trial.data && <Outcome test={trial.data} />}
    </div>
  );
}

function firstError(draft: JobDraft): string {
  const [path = "", message = ""] = Object.entries(findRequestErrors(draft))[0] ?? [];
  return `${path.replace("request.", "").replaceAll("_", " ")} ${message}`.replace(/\.$/, "");
}

function Outcome({ test }: { test: RequestTest }) {
  const { response, status, latency_ms: latency, error_message: message, warnings } = test;
  const isGood = status === "SUCCESS";
  const took = latency === null ? "" : ` after ${toDuration(latency)}`;
  const answered = response === null ? (message ?? "No answer") : `HTTP ${response.status_code}`;
  return (
    <>
      <div className={`note ${isGood ? "good" : "bad"}`} role="status">
        <strong>{isGood ? "Success" : "This would be a failure"}</strong>
        <p dir="auto">
          {answered}
          {took}.
        </p>
      </div>
      {warnings.map((warning) => (
        <p key={warning} className="note warn" dir="auto">
          {warning}
        </p>
      ))}
      <WireExchange wire={test} />
    </>
  );
}
