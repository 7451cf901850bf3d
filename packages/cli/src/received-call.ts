// What is known about a call that was received: whether it is verified, and whether it is a repeat.
// A body is a stranger's text until its signature is verified, and it is never trusted further.
import { type ExecutionEvent, executionEvent } from "@trigrun/contract";
import type { Arrival } from "./webhook-listener.ts";
import { type Fault, findFaults, toleranceMsDefault } from "./webhook-signature.ts";

export interface ReceivedCall extends Arrival {
  readonly receivedAt: Date;
  readonly faults: readonly Fault[];
  /** How often its id has come by now, this time counted; 0 without an id. */
  readonly timesSeen: number;
  /** Undefined when the body is none of TrigRun's. */
  readonly event: ExecutionEvent | undefined;
}

// A session of hours stays below it; beyond, the oldest ids are forgotten.
const idsMax = 10_000;

/** Judges calls one after the other. It remembers the ids it has seen. */
export class CallJudge {
  readonly #secret: string;
  readonly #timesSeen = new Map<string, number>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  judge(arrival: Arrival, now: Date): ReceivedCall {
    return {
      ...arrival,
      receivedAt: now,
      faults: this.#findFaults(arrival, now),
      timesSeen: this.#count(arrival.headers.id),
      event: readEvent(arrival.body),
    };
  }

  #findFaults({ headers, body, isTooLarge }: Arrival, now: Date): Fault[] {
    if (isTooLarge) return [{ code: "body_too_large", message: "The body is over 1 MiB." }];
    const secret = this.#secret;
    return findFaults({ headers, body, secret, now, toleranceMs: toleranceMsDefault });
  }

  #count(id: string | undefined): number {
    if (id === undefined) return 0;
    const times = (this.#timesSeen.get(id) ?? 0) + 1;
    // Put in anew, so that what was seen last is forgotten last.
    this.#timesSeen.delete(id);
    this.#timesSeen.set(id, times);
    const [oldest] = this.#timesSeen.keys();
    if (this.#timesSeen.size > idsMax && oldest !== undefined) this.#timesSeen.delete(oldest);
    return times;
  }
}

function readEvent(body: Buffer): ExecutionEvent | undefined {
  try {
    return executionEvent.safeParse(JSON.parse(body.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
