// The settings of the built-in PostgreSQL: small at rest, durable always. They go on its command
// line at every start, so an update of TrigRun takes effect and no file can drift from them.

import { createHash } from "node:crypto";

export type Settings = Readonly<Record<string, string>>;

const SETTINGS: Settings = {
  // Only a Unix socket in a folder of mode 0700: no port that others could reach or occupy.
  listen_addresses: "",
  unix_socket_permissions: "0700",
  // A pool of 20 or so, one listener, and room for a command-line program or a second look.
  max_connections: "50",
  // The hot set (due rows and their indexes) is a few MB; the rest is the file cache's. Pages are
  // taken from the system when they are first used, so at rest this costs almost nothing.
  shared_buffers: "64MB",
  huge_pages: "off",
  // One vacuum at a time may use this much; the default of 64 MB is for bigger tables.
  maintenance_work_mem: "32MB",
  // Three further processes, for disks that we do not keep that busy.
  io_method: "sync",
  // Queries here touch few rows, and each parallel worker is a process and a shared segment (the
  // 64 MB of /dev/shm in a container run out).
  max_parallel_workers_per_gather: "0",
  max_parallel_maintenance_workers: "0",
  // No subscriptions: saves their launcher's process.
  max_logical_replication_workers: "0",
  max_replication_slots: "0",
  // Kept at replica so that an operator's own pg_basebackup can connect.
  wal_level: "replica",
  max_wal_senders: "2",
  // Disk rather than speed: recovery after a power cut replays at most this much, in seconds.
  max_wal_size: "256MB",
  min_wal_size: "48MB",
  // Compiling pays off from queries of 100 ms upwards, and loads 100 MB of LLVM where present.
  jit: "off",
  // What must hold: a commit that was answered is on the disk, whatever happens to the machine.
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  autovacuum: "on",
  autovacuum_max_workers: "2",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  // The log goes through ours. Details and statements are left out: they quote rows, and rows hold
  // credentials. Whoever sent the statement gets the whole error.
  log_destination: "stderr",
  logging_collector: "off",
  log_line_prefix: "",
  log_error_verbosity: "terse",
  log_min_messages: "warning",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
};

export function postgresSettings(overrides: Settings, socketDir: string): Settings {
  // A list, in which a quoted name may hold commas and spaces.
  const quoted = `"${socketDir.replaceAll('"', '""')}"`;
  return { ...SETTINGS, ...overrides, unix_socket_directories: quoted };
}

// Names what a running server was started with, so that one with other settings or of another
// version is not taken over. Shown by PostgreSQL as cluster_name, also in the process list.
export function clusterName(version: string, settings: Settings): string {
  const text = JSON.stringify([version, settings]);
  // Eight hex digits: told apart are the few configurations that one machine has seen.
  return `trigrun-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`;
}

export function toArguments(settings: Settings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
