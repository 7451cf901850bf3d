// What measured figures mean: from which on `trigrun doctor` warns, from which on it says that
// something has failed, and what to do then. Pure.
import { type Finding, failed, ok, skipped, warning } from "./diagnosis.ts";

const mib = 2 ** 20;

export interface Disk {
  readonly dir: string;
  readonly freeBytes: number;
  readonly isWritable: boolean;
  /** Whether the built-in database lives there, or only the key does. */
  readonly holdsDatabase: boolean;
}

// Below what PostgreSQL may need for its log alone (max_wal_size of the built-in one) it stops at
// the next burst; four times as much is a day in which somebody can look.
const databaseBytes = { failed: 256 * mib, warning: 1_024 * mib };
// A key, a token and a lock, of some hundred bytes; what is less than this is a full disk.
const keyBytes = { failed: mib, warning: 16 * mib };

export function judgeDisk({ dir, freeBytes, isWritable, holdsDatabase }: Disk): Finding {
  const bounds = holdsDatabase ? databaseBytes : keyBytes;
  const message = `The disk of the data folder ${dir} has ${toSize(freeBytes)} free.`;
  if (!isWritable) {
    const advice = "Run this as the user that runs the server, or give that user the folder.";
    return failed(`This user may not write into the data folder ${dir}.`, advice);
  }
  const advice = holdsDatabase
    ? "Free some, or keep less history (TRIGRUN_HISTORY_DAYS): a database without room stops."
    : "Free some: a new key cannot be written.";
  if (freeBytes < bounds.failed) return failed(message, advice);
  return freeBytes < bounds.warning ? warning(message, advice) : ok(message);
}

// Lines of logs can still be put in order within a second. Beyond a minute jobs run in another
// minute than somebody with a right clock expects, if it is the database's that is wrong.
const clockMs = { failed: 60_000, warning: 1_000 };

export function judgeClock(aheadMs: number, errorMs: number): Finding {
  const offMs = Math.abs(aheadMs);
  const way = aheadMs < 0 ? "behind" : "ahead of";
  const within = `give or take ${errorMs.toFixed(1)} ms`;
  const message =
    offMs <= errorMs
      ? `This machine's clock and the database's agree (${within}).`
      : `This machine's clock is ${toTime(offMs)} ${way} the database's (${within}).`;
  const advice =
    "TrigRun goes by the database's. Set both right by a time service (chrony, systemd-timesyncd).";
  // What the measurement itself may be wrong by accuses nobody.
  if (offMs - errorMs >= clockMs.failed) return failed(message, advice);
  return offMs - errorMs >= clockMs.warning ? warning(message, advice) : ok(message);
}

export interface Connections {
  readonly left: number;
  readonly max: number;
  /** What one node may take of them. */
  readonly pool: number;
}

export function judgeConnections({ left, max, pool }: Connections): Finding {
  const message = `PostgreSQL has ${left} of ${max} connections left.`;
  // A listener, a migration and a copy stand beside the pool.
  const wanted = pool + 3;
  if (left >= wanted) return ok(message);
  return warning(
    message,
    `One node takes up to ${wanted}: raise max_connections, lower TRIGRUN_DATABASE_POOL, or put ` +
      "a pooler in between.",
  );
}

export interface Nodes {
  readonly living: number;
  /** Those that ended without a word within the last hour, by their ids. */
  readonly dead: readonly string[];
}

export function judgeNodes({ living, dead }: Nodes): Finding {
  const counted = living === 1 ? "1 node is" : `${living} nodes are`;
  const alive = `${living === 0 ? "No node is" : counted} alive`;
  const died = `${dead.length} died within the last hour without a word (${dead.join(", ")})`;
  const message = dead.length === 0 ? `${alive}.` : `${alive}, ${died}.`;
  if (living === 0) {
    return warning(message, "Nothing is planned, run or told until `trigrun serve` runs.");
  }
  if (dead.length === 0) return ok(message);
  const advice =
    "Others took over what they held. Look into their logs: a kill, memory, the network.";
  return warning(message, advice);
}

export interface Work {
  readonly executions: { readonly due: number; readonly oldestMs: number };
  readonly deliveries: { readonly due: number; readonly oldestMs: number };
  readonly plannerLagMs: number;
}

// The same minute as in docs/operating/monitoring.md: a restart is over by then.
const lateMs = 60_000;

export function judgeWork(work: Work, living: number): Finding {
  const parts = [
    ...describeQueue("execution", work.executions),
    ...describeQueue("delivery", work.deliveries),
    ...(work.plannerLagMs > 0
      ? [`the next slot of a job is due for ${toTime(work.plannerLagMs)} without being planned`]
      : []),
  ];
  if (parts.length === 0) return ok("Nothing is due that no node has taken.");
  const message = `${capitalise(parts.join("; "))}.`;
  const { executions, deliveries, plannerLagMs } = work;
  const worstMs = Math.max(executions.oldestMs, deliveries.oldestMs, plannerLagMs);
  if (worstMs < lateMs) return ok(message);
  if (living === 0) return warning(message, "No node runs that could: start one.");
  return failed(
    message,
    plannerLagMs >= lateMs
      ? "A job may not be plannable: the log names it (`a job could not be planned`)."
      : "The nodes do not keep up: start more of them, or raise TRIGRUN_RUN_CONCURRENCY and " +
          "TRIGRUN_SEND_CONCURRENCY.",
  );
}

function describeQueue(noun: string, { due, oldestMs }: Work["executions"]): string[] {
  if (due === 0) return [];
  const nouns = noun === "delivery" ? "deliveries" : `${noun}s`;
  const what = due === 1 ? `1 ${noun} is` : `${due} ${nouns} are`;
  return [`${what} due and taken by no node, the oldest for ${toTime(oldestMs)}`];
}

/** A name that was looked up, and what came of it. */
export interface LookedUp {
  readonly name: string;
  readonly ms: number;
  /** Undefined where none was found; `error` says why. */
  readonly addresses: readonly string[] | undefined;
  readonly error: string | undefined;
  /** Why none of its addresses may be called, for a name that jobs call. */
  readonly refusal: string | undefined;
}

// A name that takes longer than this delays the run of a job by more than people let pass.
const slowMs = 1_000;

export function judgeNames(names: readonly LookedUp[], servers: readonly string[]): Finding {
  if (names.length === 0) return ok("There is no name to look up: no setting and no job has one.");
  const resolver = servers.length === 0 ? "this system's resolver" : servers.join(", ");
  const lost = names.filter(({ addresses }) => addresses === undefined);
  const describe = (some: readonly LookedUp[], why: (each: LookedUp) => string | undefined) =>
    some.map((each) => `${each.name} (${why(each)})`).join(", ");
  if (lost.length > 0) {
    const message =
      `${lost.length} of ${names.length} ${names.length === 1 ? "name" : "names"} cannot be ` +
      `looked up by ${resolver}: ${describe(lost, ({ error }) => error)}.`;
    if (lost.length === names.length) {
      return failed(
        message,
        "Check the resolver of this machine (/etc/resolv.conf), and the names.",
      );
    }
    return warning(message, "Check these names: what calls them fails.");
  }
  const shut = names.filter(({ refusal }) => refusal !== undefined);
  if (shut.length > 0) {
    const why = describe(shut, ({ refusal }) => refusal);
    const message = `Jobs call names that lead where they may not: ${why}.`;
    return warning(message, "Their runs fail until that is so, or the jobs are changed.");
  }
  const slow = names.filter(({ ms }) => ms > slowMs);
  const worst = Math.max(...names.map(({ ms }) => ms));
  const count = names.length === 1 ? "1 name was" : `${names.length} names were`;
  const message = `${count} looked up by ${resolver}, the slowest in ${toTime(worst)}.`;
  if (slow.length === 0) return ok(message);
  return warning(
    message,
    "Runs begin so much later: use a resolver that is near and keeps answers.",
  );
}

export interface PublicUrl {
  readonly url: string | undefined;
  /** Undefined where it was not asked. */
  readonly answer:
    | { readonly kind: "health" }
    | { readonly kind: "other"; readonly status: number }
    | { readonly kind: "failed"; readonly reason: string }
    | undefined;
  readonly living: number | undefined;
  /** Other machines are known to be in use: mail leaves, or the database is shared. */
  readonly isShared: boolean;
}

export function judgePublicUrl({ url, answer, living, isShared }: PublicUrl): Finding {
  if (url === undefined || answer === undefined) {
    const message =
      "TRIGRUN_PUBLIC_URL is not set: links lead to the address that `serve` listens on.";
    if (!isShared) return ok(message);
    return warning(message, "Set it to where people reach this: links in mail need it.");
  }
  const isOpen = url.startsWith("http://") && !isLoopback(url);
  if (answer.kind === "health") {
    if (!isOpen) return ok(`${url} leads to TrigRun.`);
    return warning(
      `${url} leads to TrigRun, without TLS: passwords and tokens can be read on their way.`,
      "Put a proxy with a certificate in front (docs/operating/reverse-proxy.md).",
    );
  }
  const message =
    answer.kind === "other"
      ? `${url}/healthz answers with ${answer.status}, which is not TrigRun.`
      : `${url} cannot be reached from here: ${answer.reason}.`;
  if (living === 0) return warning(message, "No node runs that could answer: start one.");
  return warning(
    message,
    "Check the proxy and the address. It may still be reachable from where people are.",
  );
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:\/|$)/.test(url);
}

/** What an attempt to speak with the mail server came to. */
export interface MailTry {
  readonly server: string;
  readonly ms: number;
  readonly isEncrypted: boolean;
  /** Undefined without a user in the setting; false where the server asks for no login. */
  readonly isLoggedIn: boolean | undefined;
}

export interface MailSettings {
  readonly hasUrl: boolean;
  readonly hasFrom: boolean;
  /** Undefined where it is not known. */
  readonly channels: number | undefined;
}

/** Where there is nothing to try: one of the two settings is missing. */
export function judgeMailSettings({ hasUrl, hasFrom, channels }: MailSettings): Finding {
  if (hasUrl !== hasFrom) {
    const missing = hasUrl ? "TRIGRUN_SMTP_FROM" : "TRIGRUN_SMTP_URL";
    return failed(`No mail can leave: ${missing} is missing.`, "Set it; mail needs both.");
  }
  const message = "No mail server is set: e-mail deliveries wait, and accounts get no mail.";
  if (channels === undefined || channels === 0) return ok(message);
  return warning(
    `${message} ${channels === 1 ? "1 channel needs" : `${channels} channels need`} one.`,
    "Set TRIGRUN_SMTP_URL and TRIGRUN_SMTP_FROM.",
  );
}

export function judgeMail({ server, ms, isEncrypted, isLoggedIn }: MailTry): Finding {
  const lock = isEncrypted ? "with TLS" : "without TLS";
  const login =
    isLoggedIn === undefined
      ? "without a login"
      : isLoggedIn
        ? "and takes the login"
        : "and asks for no login";
  const message = `The mail server ${server} answers in ${toTime(ms)}, ${lock}, ${login}.`;
  if (isLoggedIn === true && !isEncrypted) {
    return warning(
      message,
      "The password can be read on its way: use smtps://, or a server with STARTTLS.",
    );
  }
  if (isLoggedIn === false) {
    return warning(
      message,
      "Take user and password out of TRIGRUN_SMTP_URL, or name the port for clients (587).",
    );
  }
  return ok(message);
}

export function judgeNotices(ms: number | undefined, hasDirectUrl: boolean): Finding {
  if (ms !== undefined) return ok(`A notice from one connection reached another in ${toTime(ms)}.`);
  return failed(
    "A notice from one connection did not reach another: work begins late.",
    hasDirectUrl
      ? "DATABASE_DIRECT_URL and DATABASE_URL must lead to the same database."
      : "DATABASE_URL seems to lead through a pooler in transaction mode: set " +
          "DATABASE_DIRECT_URL to the database past it.",
  );
}

export interface Server {
  /** Where it is, for a person: "the built-in PostgreSQL". */
  readonly what: string;
  readonly version: string;
  readonly sizeBytes: number;
  readonly ms: number;
  readonly isReadOnly: boolean;
}

// 15: the oldest PostgreSQL that the statements were run on.
const majorMin = 15;

export function judgeServer({ what, version, sizeBytes, ms, isReadOnly }: Server): Finding {
  const size = toSize(sizeBytes);
  const message = `${what}, version ${version}, answers in ${toTime(ms)} and holds ${size}.`;
  if (Number.parseInt(version, 10) < majorMin) {
    return failed(message, `TrigRun needs PostgreSQL ${majorMin} or newer.`);
  }
  if (!isReadOnly) return ok(message);
  return failed(
    `${message} It takes no writes.`,
    "It is a standby, or default_transaction_read_only is on: lead DATABASE_URL to the primary.",
  );
}

export function judgeSchema(pending: readonly string[], isEmpty: boolean): Finding {
  if (pending.length === 0) return ok("The database has the schema of this version.");
  if (isEmpty) {
    const advice = "The first start of `trigrun serve` makes the schema.";
    return warning("The database is empty.", advice);
  }
  const count = pending.length === 1 ? "1 migration is" : `${pending.length} migrations are`;
  return warning(
    `${count} still to be applied: ${pending.join(", ")}.`,
    "Make a backup; the next start of this version, or `trigrun migrate`, applies them.",
  );
}

export interface Sealed {
  /** Key versions that are here. */
  readonly versions: readonly number[];
  /** Whether the database was ever used with a key. */
  readonly isInUse: boolean;
  readonly opened: number;
  /** What names the rows that do not open. */
  readonly unreadable: readonly string[];
}

export function judgeSealed({ versions, opened, unreadable }: Sealed): Finding {
  const key =
    versions.length === 1 ? `Key ${versions[0]}` : `Of the keys ${versions.join(", ")} each`;
  if (unreadable.length === 0) {
    const rows = opened === 1 ? "1 stored value" : `${opened} stored values`;
    return ok(`${key} is the database's, and the newest ${rows} open.`);
  }
  return failed(
    `${key} is the database's, but these do not open: ${unreadable.join(", ")}.`,
    "They were changed by hand or come from another database: give them new values.",
  );
}

export function notLookedAt(reason: string): Finding {
  return skipped(`Not looked at: ${reason}.`);
}

function toSize(bytes: number): string {
  if (bytes < mib) return `${Math.max(1, Math.round(bytes / 1_024))} KiB`;
  if (bytes < 1_024 * mib) return `${Math.round(bytes / mib)} MiB`;
  return `${(bytes / mib / 1_024).toFixed(1)} GiB`;
}

function toTime(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
