// One attempt: what it came to, where its time went, and what the target answered.
import type { Attempt } from "@trigrun/contract";
import { Badge } from "../../components/badge.tsx";
import { Body, Headers } from "../../components/message.tsx";
import { Waterfall } from "../../components/waterfall.tsx";
import { When } from "../../components/when.tsx";
import { toDuration } from "../../data/time.ts";

const words = {
  SUCCESS: "succeeded",
  TIMEOUT: "timed out",
  CONNECTION_ERROR: "no connection",
  HTTP_ERROR: "refused",
} as const satisfies Record<Attempt["status"], string>;

export function AttemptDetails({ attempt, isOpen }: { attempt: Attempt; isOpen: boolean }) {
  const { number, status, status_code: code, latency_ms: ms, error_message: message } = attempt;
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
        <Waterfall phases={attempt.phases} />
        <Headers label="Response headers" headers={attempt.response_headers} />
        <Body label="Response body" text={attempt.body_preview} isCut={attempt.body_truncated} />
      </div>
    </details>
  );
}
