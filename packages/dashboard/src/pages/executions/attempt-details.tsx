// One attempt: what it came to, where its time went, and what the target answered.
import type { Attempt } from "@trigrun/contract";
import { Badge } from "../../components/badge.tsx";
import { When } from "../../components/when.tsx";
import { WireExchange } from "../../components/wire-exchange.tsx";
import { toDuration } from "../../data/time.ts";

const words = {
  SUCCESS: "succeeded",
  TIMEOUT: "timed out",
  CONNECTION_ERROR: "no connection",
  HTTP_ERROR: "refused",
} as const satisfies Record<Attempt["status"], string>;

export function AttemptDetails({ attempt, isOpen }: { attempt: Attempt; isOpen: boolean }) {
  const { number, status, status_code: code, latency_ms: ms, error_message: message } = attempt;
  const { response_headers: headers, body_preview: body, body_truncated } = attempt;
  const response = { headers, body, body_truncated };
  return (
    <details className="attempt" open={isOpen}>
      <summary>
        <strong>Attempt {number}</strong>
        <Badge state={status === "SUCCESS" ? "succeeded" : "failed"} />
        <span>{code === null ? words[status] : `HTTP ${code}`}</span>
        <span className="faint push">
          {ms !== null && `${toDuration(ms)}, `}
          <When at={attempt.started_at} />
        </span>
      </summary>
      <div className="attempt-body">
        {message !== null && (
          <p className="note bad" dir="auto">
            {message}
          </p>
        )}
        <WireExchange wire={{ request: null, response, phases: attempt.phases }} />
      </div>
    </details>
  );
}
