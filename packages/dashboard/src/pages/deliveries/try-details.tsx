// One try of a delivery as it was on the wire, with credentials masked by the server: what was
// sent, what came back, how that was judged, and what comes next and why.
import { Badge } from "../../components/badge.tsx";
import { When } from "../../components/when.tsx";
import { WireExchange } from "../../components/wire-exchange.tsx";
import type { AnswerOf } from "../../data/api.tsx";
import { toDuration } from "../../data/time.ts";

type Try = AnswerOf<"getDelivery">["attempts"][number];

export function TryDetails({ attempt, isOpen }: { attempt: Try; isOpen: boolean }) {
  const { number, verdict, reason, request, response, latency_ms: ms } = attempt;
  const code = response?.status_code ?? null;
  return (
    <details className="attempt" open={isOpen}>
      <summary>
        <strong>Try {number}</strong>
        <Badge state={verdict === "sent" ? "sent" : "failed"} />
        {code !== null && <span>{request?.method === "MAIL" ? code : `HTTP ${code}`}</span>}
        <span className="faint push">
          {ms !== null && `${toDuration(ms)}, `}
          <When at={attempt.started_at} />
        </span>
      </summary>
      <div className="attempt-body">
        <p className={`note ${verdict === "sent" ? "good" : "bad"}`} dir="auto">
          {reason}
        </p>
        {attempt.next_attempt_at !== null && (
          <p className="faint">
            Next try <When at={attempt.next_attempt_at} isAlone />
            {attempt.next_attempt_reason !== null && (
              <span dir="auto">: {attempt.next_attempt_reason}</span>
            )}
          </p>
        )}
        <WireExchange wire={attempt} />
      </div>
    </details>
  );
}
