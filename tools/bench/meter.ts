// What work costs: CPU time of each program, write-ahead log, disk and connections. They say more
// than a rate does on a machine that others use, and are what capacity is reckoned from.
import type pg from "pg";
import { readCpuSeconds } from "./cpu.ts";

export interface Pids {
  readonly server: number;
  readonly postgres: number;
  readonly raw: number;
}

export interface Usage {
  /** Seconds of CPU time. */
  readonly raw: number;
  readonly server: number;
  readonly postgres: number;
  readonly walBytes: number;
  /** By which history has grown, with its indexes. */
  readonly diskBytes: number;
}

export interface Meter {
  measure<T>(work: () => Promise<T>): Promise<T>;
  /** What all that was measured has used together. */
  read(): Usage;
}

const keys = ["raw", "server", "postgres", "walBytes", "diskBytes"] as const;

export function createMeter(pids: Pids, db: pg.Client): Meter {
  const total = { raw: 0, server: 0, postgres: 0, walBytes: 0, diskBytes: 0 };
  async function look(): Promise<Usage> {
    const read = (pid: number) => readCpuSeconds(pid) ?? Number.NaN;
    const [raw, both, postgres] = [read(pids.raw), read(pids.server), read(pids.postgres)];
    // PostgreSQL is a child of the server.
    return { raw, server: both - postgres, postgres, ...(await readStored(db)) };
  }
  return {
    read: () => total,
    async measure(work) {
      const before = await look();
      const result = await work();
      const after = await look();
      for (const key of keys) total[key] += after[key] - before[key];
      return result;
    },
  };
}

async function readStored(db: pg.Client): Promise<Pick<Usage, "walBytes" | "diskBytes">> {
  const { rows } = await db.query<{ wal: number; disk: number }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
       (select sum(pg_total_relation_size(relid))::float8
        from unnest(array['executions', 'attempts', 'deliveries', 'delivery_attempts']) as name,
          lateral pg_partition_tree(name::regclass)) as disk`,
  );
  const { wal = Number.NaN, disk = Number.NaN } = rows[0] ?? {};
  return { walBytes: wal, diskBytes: disk };
}

/** The lines of a capacity model: what a million executions take, at what was measured. */
export async function describeCapacity(
  { server, postgres, walBytes, diskBytes }: Usage,
  executions: number,
  db: pg.Client,
): Promise<string[]> {
  const { rows } = await db.query<{ connections: number }>(
    `select count(*)::integer as connections from pg_stat_activity
     where application_name like 'trigrun%'`,
  );
  const perMillion = 1e6 / executions;
  const minutes = (seconds: number) => ((seconds * perMillion) / 60).toFixed(1);
  const gigabytes = (bytes: number) => ((bytes * perMillion) / 1e9).toFixed(2);
  return [
    `A million executions: ${minutes(server)} minutes of a core for the server and ` +
      `${minutes(postgres)} for PostgreSQL,`,
    `${gigabytes(walBytes)} GB of write-ahead log and ${gigabytes(diskBytes)} GB of disk; ` +
      `the server holds ${rows[0]?.connections} connections.`,
  ];
}
