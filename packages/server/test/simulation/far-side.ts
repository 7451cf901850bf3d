// Everything that simulated nodes call: a call waits here until the schedule lets it arrive, and
// then until it is answered. What has arrived is remembered whatever becomes of the node.
import type { HttpCall, HttpOutcome } from "../../src/wire/http-call.ts";
import type { Witnesses } from "../support/proof.ts";
import type { SimulatedTime } from "./time.ts";

export interface PendingCall {
  readonly owner: string;
  readonly hasArrived: boolean;
  /** It reaches the far end, which has not answered yet. */
  arrive(): void;
  /** `answer` with a status; `refuse` before it arrives; `reset` and `expire` at any time. */
  end(how: { readonly status: number } | "refuse" | "reset" | "expire"): Promise<void>;
}

type TargetCall = Witnesses["targetCalls"][number] & {
  /** By the one true clock. */
  readonly atMs: number;
};

export interface FarSide {
  readonly targetCalls: readonly TargetCall[];
  readonly webhookCalls: Witnesses["webhookCalls"];
  calls(): readonly PendingCall[];
  forget(owner: string): void;
  /** The door to the world of one node. */
  callAs(owner: string, now: () => Date): (call: HttpCall) => Promise<HttpOutcome>;
}

const noPhases = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null };

const failures = {
  refuse: { kind: "connection_error", errorClass: "connection_refused", message: "refused" },
  reset: { kind: "connection_error", errorClass: "connection_reset", message: "reset" },
  expire: { kind: "timeout", errorClass: "timeout_response", message: "no answer in time" },
  cancel: { kind: "cancelled", errorClass: "cancelled", message: "cancelled" },
} as const;

export function openFarSide(time: SimulatedTime): FarSide {
  const targetCalls: TargetCall[] = [];
  const webhookCalls: { id: string; receiver: string; body: string }[] = [];
  const calls = new Set<PendingCall>();

  function note({ url, headers, body }: HttpCall): void {
    const executionId = headers["x-cron-service-execution-id"];
    if (executionId === undefined) {
      webhookCalls.push({ id: headers["webhook-id"] ?? "", receiver: url, body: body ?? "" });
    } else {
      const attempt = Number(headers["x-cron-service-attempt"]);
      targetCalls.push({ executionId, attempt, atMs: time.nowMs() });
    }
  }

  function begin(owner: string, call: HttpCall, now: () => Date): Promise<HttpOutcome> {
    const startedAt = now();
    const startedMs = time.nowMs();
    return new Promise((resolve) => {
      let hasArrived = false;
      const end = (outcome: (typeof failures)[keyof typeof failures] | { status: number }) => {
        if (!calls.delete(pending)) return;
        const course = {
          ...{ startedAt, latencyMs: time.nowMs() - startedMs },
          ...{ phases: noPhases, redirects: [] },
        };
        if ("status" in outcome) {
          const answer = { headers: {}, body: Buffer.from("done"), bodyTruncated: false };
          resolve({ kind: "answered", statusCode: outcome.status, ...answer, ...course });
        } else resolve({ ...outcome, ...course, statusCode: null });
      };
      const arrive = () => {
        if (!hasArrived) note(call);
        hasArrived = true;
      };
      const pending: PendingCall = {
        owner,
        get hasArrived() {
          return hasArrived;
        },
        arrive,
        end: (how) =>
          time.actAs(owner, () => {
            if (typeof how === "object") arrive();
            end(typeof how === "object" ? how : failures[how]);
          }),
      };
      calls.add(pending);
      const { signal } = call;
      if (signal?.aborted) end(failures.cancel);
      else signal?.addEventListener("abort", () => end(failures.cancel), { once: true });
    });
  }

  return {
    ...{ targetCalls, webhookCalls },
    calls: () => [...calls],
    forget(owner) {
      for (const call of calls) if (call.owner === owner) calls.delete(call);
    },
    callAs: (owner, now) => (call) => begin(owner, call, now),
  };
}
