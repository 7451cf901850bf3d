// Notices for tests: one for each way an execution can end and be told, and a hostile one.
import type {
  DigestNotice,
  ExecutionNotice,
  Notice,
  WarningNotice,
} from "../src/channels/channel.ts";
import {
  type ChannelDisabledFacts,
  type DigestDelivery,
  type DigestFacts,
  type EndStatus,
  type Event,
  type ExecutionFacts,
  eventsOf,
  toChannelDisabledEvent,
  toDigestEvent,
  toExecutionEvent,
} from "../src/events/index.ts";

const hex = (digit: string) => `0193a5c4f7e2${digit.repeat(20)}`;

function makeFacts(status: EndStatus): ExecutionFacts {
  const isFailed = status === "failed";
  return {
    job: { id: `job_${hex("a")}`, name: "nightly-backup", kind: "cron" },
    execution: {
      id: `exec_${hex("b")}`,
      status,
      trigger: "schedule",
      scheduled_for: "2026-11-23T10:00:00.000Z",
      started_at: status === "cancelled" ? null : "2026-11-23T10:00:00.012Z",
      finished_at: "2026-11-23T10:00:04.222Z",
      duration_ms: status === "cancelled" ? null : 4210,
      attempts: { succeeded: 1, failed: 3, cancelled: 0 }[status],
      max_attempts: 3,
      usual_duration_ms: 1100,
      reason: {
        succeeded: null,
        failed: "All 3 attempts failed.",
        cancelled: "The job was deleted.",
      }[status],
    },
    last_attempt:
      status === "cancelled"
        ? null
        : {
            number: isFailed ? 3 : 1,
            status: isFailed ? "HTTP_ERROR" : "SUCCESS",
            status_code: isFailed ? 503 : 200,
            latency_ms: 120,
            error_class: isFailed ? "http_status" : null,
            error_message: isFailed ? "The backup service is down for maintenance." : null,
          },
    next_run_at: status === "cancelled" ? null : "2026-11-24T10:00:00.000Z",
    url: `https://trigrun.example.com/executions/exec_${hex("b")}`,
  };
}

type Attempt = NonNullable<ExecutionFacts["last_attempt"]>;

interface Changes {
  readonly event?: Event;
  readonly output?: string | null;
  readonly isTest?: boolean;
  readonly name?: string;
  readonly url?: string;
  readonly lastAttempt?: Partial<Attempt> | null;
  readonly attempts?: number;
  readonly maxAttempts?: number | null;
  readonly durationMs?: number | null;
  readonly usualDurationMs?: number | null;
}

/** `null` is a change as well: it says that nothing is known. */
function toExecutionChanges(changes: Changes): Partial<ExecutionFacts["execution"]> {
  const { attempts, maxAttempts, durationMs, usualDurationMs } = changes;
  return {
    ...(attempts === undefined ? {} : { attempts }),
    ...(maxAttempts === undefined ? {} : { max_attempts: maxAttempts }),
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    ...(usualDurationMs === undefined ? {} : { usual_duration_ms: usualDurationMs }),
  };
}

/** A notice of an execution that ended so, with the changes a test is about. */
export function makeNotice(status: EndStatus, changes: Changes = {}): ExecutionNotice {
  const facts = makeFacts(status);
  const { lastAttempt } = changes;
  const lastFact = facts.last_attempt ?? makeFacts("failed").last_attempt;
  const changed: ExecutionFacts = {
    ...facts,
    job: { ...facts.job, name: changes.name ?? facts.job.name },
    execution: { ...facts.execution, ...toExecutionChanges(changes) },
    last_attempt:
      lastAttempt === undefined
        ? facts.last_attempt
        : lastAttempt && lastFact && { ...lastFact, ...lastAttempt },
    url: changes.url ?? facts.url,
  };
  return {
    kind: "execution",
    event: toExecutionEvent(changes.event ?? "on_completion", changed),
    output: changes.output ?? null,
    isTest: changes.isTest ?? false,
  };
}

const endings = [
  { status: "succeeded", name: "sync-orders", error_message: null },
  { status: "failed", name: "nightly-backup", error_message: "The target answered 503." },
  { status: "cancelled", name: "import-prices", error_message: null },
] as const;
const jobNamesMax = 15;

function makeDigestDelivery(index: number): DigestDelivery {
  const { status, name, error_message } = endings[index % endings.length] ?? endings[0];
  // As many jobs, five for each way to end; three executions of most of them.
  const number = index % jobNamesMax;
  const digit = number.toString(16);
  const second = String(59 - (index % 60)).padStart(2, "0");
  return {
    id: `dlv_${hex(digit).slice(0, -2)}${String(index).padStart(2, "0")}`,
    event: status === "failed" ? "on_failure" : "on_completion",
    job: { id: `job_${hex(digit)}`, name: `${name}-${number}`, kind: "cron" },
    execution: {
      id: `exec_${hex(digit).slice(0, -2)}${String(index).padStart(2, "0")}`,
      status,
      finished_at: `2026-11-23T10:00:${second}.000Z`,
    },
    error_message,
  };
}

/** A digest of 42, all of which it names. */
export function makeDigest(changes: Partial<DigestFacts> = {}): DigestNotice {
  const event = toDigestEvent({
    total: 42,
    succeeded: 14,
    failed: 14,
    cancelled: 14,
    first_at: "2026-11-23T10:00:18.000Z",
    last_at: "2026-11-23T10:00:59.000Z",
    deliveries: Array.from({ length: 42 }, (_, index) => makeDigestDelivery(index)),
    url: "https://trigrun.example.com/notification-deliveries",
    ...changes,
  });
  return { kind: "digest", event, isTest: false };
}

/** The warning about a channel that answered 410. */
export function makeWarning(changes: Partial<ChannelDisabledFacts> = {}): WarningNotice {
  const event = toChannelDisabledEvent({
    channel: { id: `chan_${hex("d")}`, name: "ops-slack", type: "slack" },
    reason: "The receiver answered 410 Gone: it wants no further calls.",
    disabled_at: "2026-11-23T10:00:00.000Z",
    waiting: 12,
    url: `https://trigrun.example.com/notification-channels/chan_${hex("d")}`,
    ...changes,
  });
  return { kind: "warning", event, isTest: false };
}

/** Every event of every end, a test send, and one with the response's body. */
export const executionCases: readonly {
  readonly name: string;
  readonly notice: ExecutionNotice;
}[] = [
  ...(["succeeded", "failed", "cancelled"] as const).flatMap((status) =>
    eventsOf(status).map((event) => ({
      name: `${event} ${status}`,
      notice: makeNotice(status, { event }),
    })),
  ),
  { name: "test", notice: makeNotice("failed", { event: "on_failure", isTest: true }) },
  {
    name: "with output",
    notice: makeNotice("failed", {
      event: "on_failure",
      output: '{"error": "maintenance",\n "until": "2026-11-23T12:00:00Z"}\n',
    }),
  },
];

/** The same, with a digest and a warning. */
export const cases: readonly { readonly name: string; readonly notice: Notice }[] = [
  ...executionCases,
  { name: "digest", notice: makeDigest() },
  { name: "digest without failures", notice: makeDigest({ failed: 0, deliveries: [] }) },
  { name: "warning", notice: makeWarning() },
];

/** What media act on, and what breaks a line, a screen or a parser. */
export const hostileText = [
  "<script>alert(1)</script><b>bold</b>",
  "<!channel> <!here|x> <@U012AB3CD> <#C012AB3CD> <https://evil.example|click> &lt;b&gt;",
  "@everyone @here @channel @all <@1234567890123456789> <@&1234567890123456789>",
  "**bold** __under__ ~~gone~~ ||spoiler|| `code` [click](https://evil.example) :skull:",
  "```fence``` ````longer````",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007 \u0000\u0007\u0008\u007f\u009b",
  "\u202etxt.exe\u202c \u2066isolate\u2069",
  "\r\nBcc: everybody@evil.example\r\n\r\n<h1>body</h1>",
  "\u2028line\u2029paragraph \ud800 half \udc00",
  'x" onmouseover="alert(1)" y=\'z\'',
  "👩‍👩‍👧‍👦 日本語 עברית",
].join("\n");

const megabyte = 1024 * 1024;

const hostilePieces = ["&", "<", "*", "`", "\\", "\n", "é", "😀", "\u0000", hostileText];
const hostileUrls = [
  "javascript:alert(1)",
  "",
  "not a url",
  `https://a.example/${"x".repeat(5000)}`,
  "https://a.example/(x)|y>z\"<b>'&q=%3Cb%3E",
];

function makeHostileDigest(text: string, error: string | null, url: string): DigestNotice {
  const deliveries = Array.from({ length: 100 }, (_, index) => {
    const delivery = makeDigestDelivery(index);
    // A megabyte once: a hundred would be a fault of the sender, and no test of a message.
    const [name, error_message] = [text, error].map((words) =>
      index === 0 || words === null ? words : words.slice(0, 1000),
    );
    const job = { ...delivery.job, name: name ?? "" };
    return { ...delivery, job, error_message: error_message ?? null };
  });
  return makeDigest({ total: 123_456, deliveries, url });
}

function makeHostileWarning(text: string, url: string): WarningNotice {
  const channel = { id: `chan_${hex("d")}`, name: text, type: text };
  return makeWarning({ channel, reason: text, waiting: 123_456, url });
}

/** Hostile in every text that comes from elsewhere, and as long as it can be made. */
export const hostileNotices: readonly Notice[] = [
  makeNotice("failed", {
    event: "on_failure",
    name: hostileText,
    output: hostileText,
    lastAttempt: { error_message: hostileText, error_class: hostileText },
  }),
  makeHostileDigest(hostileText, hostileText, "javascript:alert(1)"),
  makeHostileWarning(hostileText, "javascript:alert(1)"),
  ...hostilePieces.flatMap((piece): Notice[] => {
    const long = piece.repeat(Math.ceil(megabyte / piece.length));
    return [
      makeNotice("failed", {
        name: long,
        output: long,
        lastAttempt: { status: "CONNECTION_ERROR", status_code: null, error_message: long },
      }),
      makeHostileDigest(long, long, hostileUrls[4] ?? ""),
      makeHostileWarning(long, hostileUrls[4] ?? ""),
    ];
  }),
  ...hostileUrls.flatMap((url): Notice[] => [
    makeNotice("failed", { url, output: "" }),
    makeHostileDigest("x", null, url),
    makeHostileWarning("x", url),
  ]),
];
