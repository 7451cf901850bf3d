// Settings: environment variables `TRIGRUN_*` in one typed table. A wrong one is refused at start.
// docs/operating/configuration.md is generated from this table.
import { z } from "zod";
import { findWrongOrigin } from "./origins.ts";
import { findWrongProxy } from "./proxies.ts";

interface Setting<S extends z.ZodType = z.ZodType> {
  readonly variable: string;
  readonly schema: S;
  /** One or two sentences for an operator. */
  readonly meaning: string;
  /** As documented: what holds when the variable is not set. */
  readonly fallback: string;
  /** True for values that documents and logs must not show. */
  readonly isSecret?: boolean;
}

const optional = z.string().min(1).optional();
const wholeNumber = (min: number, max: number, fallback: number) =>
  z
    .string()
    // `Number` alone takes "0x10", "1e1" and blanks.
    .regex(/^\d{1,15}$/, "must be a whole number in decimal digits")
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(fallback);

const list = z
  .string()
  .default("")
  .transform((value) =>
    value
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );

/** A list in which every entry must pass; `findWrong` answers the end of a sentence. */
const checkedList = (findWrong: (entry: string) => string | undefined) =>
  list.superRefine((entries, context) => {
    const message = entries.map(findWrong).find((found) => found !== undefined);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

/** Requests in a minute. */
const rateLimit = (fallback: number) =>
  z
    .string()
    .regex(/^(?:off|[1-9]\d{0,8})$/, "must be `off` or a whole number of requests a minute")
    .transform((text) => (text === "off" ? ("off" as const) : Number(text)))
    .default(fallback);

function setting<S extends z.ZodType>(definition: Setting<S>): Setting<S> {
  return definition;
}

export const settings = {
  databaseUrl: setting({
    variable: "DATABASE_URL",
    schema: optional,
    meaning: "A PostgreSQL 15 or newer to use instead of the embedded one.",
    fallback: "the embedded PostgreSQL in the data folder",
    isSecret: true,
  }),
  databaseDirectUrl: setting({
    variable: "DATABASE_DIRECT_URL",
    schema: optional,
    meaning:
      "The same database past a pooler: set it where `DATABASE_URL` leads to PgBouncer in " +
      "transaction mode. Notices, migrations and key changes go this way.",
    fallback: "none: `DATABASE_URL` leads to PostgreSQL itself",
    isSecret: true,
  }),
  allowNetworks: setting({
    variable: "TRIGRUN_ALLOW_NETWORKS",
    schema: list,
    meaning:
      "Networks (CIDR, comma-separated) that jobs and channels may reach although they are " +
      "private: `10.0.0.0/8,127.0.0.1/32`.",
    fallback: "none",
  }),
  smtpUrl: setting({
    variable: "TRIGRUN_SMTP_URL",
    schema: z
      .string()
      .regex(/^smtps?:\/\/[^\s]+$/, "must be smtp://… or smtps://…")
      .optional(),
    meaning: "The mail server: `smtp://user:password@mail.example.com:587` or `smtps://…`.",
    fallback: "none: e-mail deliveries wait and say so",
    isSecret: true,
  }),
  smtpFrom: setting({
    variable: "TRIGRUN_SMTP_FROM",
    schema: optional,
    meaning: "The sender of mail: `TrigRun <cron@example.com>`.",
    fallback: "none: e-mail deliveries wait and say so",
  }),
  publicUrl: setting({
    variable: "TRIGRUN_PUBLIC_URL",
    // Without a slash at its end, so that every path can be put behind it.
    schema: z
      .url()
      .transform((url) => url.replace(/\/+$/, ""))
      .optional(),
    meaning: "Where people reach this installation; links in notifications begin with it.",
    fallback: "the address that `serve` listens on",
  }),
  signUp: setting({
    variable: "TRIGRUN_SIGNUP",
    schema: z.enum(["closed", "invite", "open"]).default("closed"),
    meaning:
      "Who may have an account once the first one is made: `closed` nobody new, `invite` those " +
      "who are invited into a workspace, `open` everybody, with a workspace of their own.",
    fallback: "closed",
  }),
  bootstrapToken: setting({
    variable: "TRIGRUN_BOOTSTRAP_TOKEN",
    schema: z.string().min(32, "must have 32 characters or more").max(200).optional(),
    meaning: "A token of your own making that has the owner's rights, for automation.",
    fallback: "none; the first start writes one to `token` in the data folder",
    isSecret: true,
  }),
  encryptionKey: setting({
    variable: "TRIGRUN_ENCRYPTION_KEY",
    schema: z
      .string()
      .regex(
        /^(?:\d{1,10}:)?[0-9a-fA-F]{64}(?:[\s,]+(?:\d{1,10}:)?[0-9a-fA-F]{64})*$/,
        "must be 64 hex digits (`openssl rand -hex 32`), or several with versions: `2:…,1:…`",
      )
      .optional(),
    meaning:
      "The key that encrypts credentials at rest: 64 hex digits. While it is being changed, the " +
      "new and the old one: `2:…,1:…`.",
    fallback: "a key made on the first start in `secret.key` in the data folder",
    isSecret: true,
  }),
  runConcurrency: setting({
    variable: "TRIGRUN_RUN_CONCURRENCY",
    // 256: beyond it a 2-core machine gains no calls per second, only memory (see the benchmark).
    schema: wholeNumber(1, 5_000, 256),
    meaning: "How many job requests one node makes at once.",
    fallback: "256",
  }),
  sendConcurrency: setting({
    variable: "TRIGRUN_SEND_CONCURRENCY",
    schema: wholeNumber(1, 5_000, 128),
    meaning: "How many notifications one node sends at once.",
    fallback: "128",
  }),
  disableAfterFailures: setting({
    variable: "TRIGRUN_DISABLE_AFTER_FAILURES",
    schema: wholeNumber(1, 1_000_000, 50),
    meaning:
      "So many failed tries in a row, over at least ten minutes, disable a channel; its " +
      "deliveries wait until it is enabled again.",
    fallback: "50",
  }),
  disableAfterHours: setting({
    variable: "TRIGRUN_DISABLE_AFTER_HOURS",
    schema: wholeNumber(1, 8_760, 24),
    meaning:
      "So many hours of failures without a success disable a channel, however few the tries.",
    fallback: "24",
  }),
  databasePool: setting({
    variable: "TRIGRUN_DATABASE_POOL",
    // 12: the API, four loops and a reserve; more connections do not make 2 cores faster.
    schema: wholeNumber(2, 200, 12),
    meaning: "How many database connections one node holds at most.",
    fallback: "12",
  }),
  catchUpSeconds: setting({
    variable: "TRIGRUN_CATCH_UP_SECONDS",
    // 600: a restart or an upgrade fits in, a night's outage does not become a stampede.
    schema: wholeNumber(0, 604_800, 600),
    meaning:
      "A slot found later than this is recorded as missed instead of run, unless it is the " +
      "latest one of its job.",
    fallback: "600",
  }),
  historyDays: setting({
    variable: "TRIGRUN_HISTORY_DAYS",
    // 90: a quarter can be looked back at, and statistics of channels reach no further.
    schema: wholeNumber(1, 1_825, 90),
    meaning:
      "How many days of ended executions and deliveries a workspace keeps that does not say so " +
      "itself; the same on all nodes.",
    fallback: "90",
  }),
  corsOrigins: setting({
    variable: "TRIGRUN_CORS_ORIGINS",
    schema: checkedList(findWrongOrigin),
    meaning:
      "Origins (comma-separated) whose pages may ask the API from a browser: " +
      "`https://app.example.com,http://localhost:5173`.",
    fallback: "none: only pages of this server itself",
  }),
  trustedProxies: setting({
    variable: "TRIGRUN_TRUSTED_PROXIES",
    schema: checkedList(findWrongProxy),
    meaning:
      "Reverse proxies whose `X-Forwarded-For` is believed: addresses and networks (CIDR), " +
      "comma-separated, `loopback` for this machine, `private` for all private networks.",
    fallback: "none: whoever connects is the client",
  }),
  rateLimitPerToken: setting({
    variable: "TRIGRUN_RATE_LIMIT_PER_TOKEN",
    // 6,000: 100 a second. One script that waits for each answer stays below it, as an answer with
    // its way takes 10 ms or more; what exceeds it is a loop that has lost its pause.
    schema: rateLimit(6_000),
    meaning:
      "How many requests a minute one API token or sign-in may make, counted by each node for " +
      "itself; `off` for no limit.",
    fallback: "6000",
  }),
  rateLimitPerAddress: setting({
    variable: "TRIGRUN_RATE_LIMIT_PER_ADDRESS",
    // 1,200: 20 a second. A page of the dashboard is some 20 files, so an office behind one address
    // opens one each second; who guesses tokens gets nowhere at any such pace.
    schema: rateLimit(1_200),
    meaning:
      "How many requests a minute without valid credentials one address (of IPv6, one /64) may " +
      "make, counted by each node for itself; `off` for no limit.",
    fallback: "1200",
  }),
  auditDays: setting({
    variable: "TRIGRUN_AUDIT_DAYS",
    // 400: a year, and a month more in which the yearly review can still look back at all of it.
    // At least a day: an installation without an audit log is not to be had by a slip.
    schema: wholeNumber(1, 36_500, 400),
    meaning:
      "How many days the audit log is kept, whatever happens to what it tells of. What is older " +
      "is deleted within an hour.",
    fallback: "400",
  }),
  metricsToken: setting({
    variable: "TRIGRUN_METRICS_TOKEN",
    schema: z
      .string()
      .regex(/^[!-~]{16,200}$/, "must have 16 characters or more, no blanks")
      .optional(),
    meaning: "What Prometheus sends as `Authorization: Bearer` to read `/metrics`.",
    fallback:
      "only callers on the same machine read it, and nobody where `TRIGRUN_PUBLIC_URL` is set",
    isSecret: true,
  }),
  logLevel: setting({
    variable: "TRIGRUN_LOG_LEVEL",
    schema: z.enum(["debug", "info", "warn", "error"]).default("info"),
    meaning: "How much is logged: `debug`, `info`, `warn` or `error`.",
    fallback: "info",
  }),
} as const;

export type Config = {
  readonly [K in keyof typeof settings]: z.output<(typeof settings)[K]["schema"]>;
};

/** A wrong or unknown setting. The message names each one and what would be right. */
export class WrongSettings extends Error {
  override readonly name = "WrongSettings";
}

/**
 * Variables that this product reads elsewhere: those of `cronctl`, the one of `--data-dir`, and
 * fault points, which are for its own tests.
 */
export const otherVariables = new Set([
  "TRIGRUN_API_URL",
  "TRIGRUN_DATA_DIR",
  "TRIGRUN_FAULT_POINT",
  "TRIGRUN_TOKEN",
]);

export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const entries = Object.entries(settings).map(([key, { variable, schema }]) => {
    const value = environment[variable];
    const parsed = schema.safeParse(value === "" ? undefined : value);
    if (!parsed.success) problems.push(`${variable} ${parsed.error.issues[0]?.message}.`);
    return [key, parsed.data];
  });
  const known = new Set<string>(Object.values(settings).map(({ variable }) => variable));
  for (const variable of Object.keys(environment)) {
    if (!variable.startsWith("TRIGRUN_") || known.has(variable)) continue;
    if (!otherVariables.has(variable)) problems.push(`${variable} is not a setting of TrigRun.`);
  }
  if (problems.length > 0) throw new WrongSettings(problems.join("\n"));
  // Every key was parsed by its own schema above.
  return Object.fromEntries(entries) as unknown as Config;
}

/** True where mails about accounts can leave, so that addresses are verified by them. */
export function sendsMail({ smtpUrl, smtpFrom }: Config): boolean {
  return smtpUrl !== undefined && smtpFrom !== undefined;
}
