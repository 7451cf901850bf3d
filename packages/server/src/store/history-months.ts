// The months that history is partitioned by: which tables, how partitions are named, and where each
// begins. Pure. A bound that was used is in the database for good, so none of this may change.
import { idFloor } from "./id-bound.ts";

export interface HistoryTable {
  readonly name: string;
  /** What it is partitioned by. */
  readonly key: string;
  /** True where the key of the whole table could not be its id, so that each partition has one. */
  readonly hasLocalKey: boolean;
  /** The smallest value of a month that begins at this instant. */
  toBound(at: Date): string;
}

const hourMs = 3_600_000;

// An execution may be planned some seconds before its slot, and its attempts go by its id: an hour
// early, they never go before it does. The attempts of a delivery likewise.
export const historyTables: readonly HistoryTable[] = [
  {
    name: "executions",
    key: "scheduled_for",
    hasLocalKey: true,
    toBound: (at) => at.toISOString(),
  },
  {
    name: "attempts",
    key: "execution_id",
    hasLocalKey: false,
    toBound: (at) => idFloor("execution", shift(at, -hourMs)),
  },
  {
    name: "deliveries",
    key: "execution_id",
    hasLocalKey: true,
    toBound: (at) => idFloor("execution", shift(at, -hourMs)),
  },
  {
    name: "delivery_attempts",
    key: "delivery_id",
    hasLocalKey: false,
    toBound: (at) => idFloor("delivery", shift(at, -2 * hourMs)),
  },
];

/** The month that an instant lies in, or one so many months later. In UTC. */
export function startOfMonth(at: Date, monthsLater = 0): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + monthsLater, 1));
}

/** `executions_2027_01` */
export function toPartition(table: string, month: Date): string {
  return `${table}_${month.toISOString().slice(0, 7).replace("-", "_")}`;
}

/** The month that a partition begins with; undefined for the one that holds the rest. */
export function readMonth(partition: string): Date | undefined {
  const [, year, month] = /_(\d{4})_(\d{2})$/.exec(partition) ?? [];
  return year === undefined ? undefined : new Date(Date.UTC(Number(year), Number(month) - 1, 1));
}

/** An instant so much later. */
export function shift(at: Date, milliseconds: number): Date {
  return new Date(at.getTime() + milliseconds);
}
