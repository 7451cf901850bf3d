// Which states are the last ones: what has come to them changes no more by itself, and need not be
// asked for again. Pure.
import type { Delivery, Execution } from "@trigrun/contract";

export function hasEnded({ status }: Pick<Execution, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

export function hasSettled({ status }: Pick<Delivery, "status">): boolean {
  return status === "sent" || status === "failed";
}
