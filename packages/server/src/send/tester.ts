// A test send: one message at once, without a delivery and without retries, and all that went over
// the wire as its answer.
import {
  ApiError,
  type Event,
  type Exchange,
  type ExecutionFacts,
  toExecutionEvent,
} from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import { newId } from "../id.ts";
import type { Database } from "../store/db.ts";
import { readSealedChannel } from "../store/delivery-queue.ts";
import type { Courier } from "./courier.ts";
import { toExchange } from "./try.ts";

export type TestSend = (input: {
  readonly workspaceId: string;
  readonly channelId: string;
  readonly event: Event;
  readonly facts: ExecutionFacts;
  readonly output: string | null;
}) => Promise<Exchange>;

export interface TesterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly courier: Courier;
}

export function createTestSend({ db, clock, courier }: TesterOptions): TestSend {
  return async ({ workspaceId, channelId, event, facts, output }) => {
    const channel = await readSealedChannel(db, workspaceId, channelId);
    if (!channel) throw new ApiError("not_found", `No channel ${channelId}: it was just deleted.`);
    const id = newId("delivery", clock.now());
    const told = toExecutionEvent(event, facts);
    const notice = { kind: "execution", event: told, output, isTest: true } as const;
    const { attempt } = await courier.handOver(channel, { id, ids: {}, notice });
    return toExchange(attempt);
  };
}
