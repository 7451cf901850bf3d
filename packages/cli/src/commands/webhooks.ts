// `cronctl webhooks`: verifies and signs payloads for those who write a receiver. No network.
import { randomUUID } from "node:crypto";
import { type Command, InvalidArgumentError, Option } from "commander";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { exact, renderDetails, type View } from "../render.ts";
import { signatureDetail } from "../views/received-call.ts";
import { readHeaders, readPayload, readSecret, type SecretFlags } from "../webhook-input.ts";
import {
  type Fault,
  findFaults,
  type SignatureHeaders,
  sign,
  toleranceMsDefault,
} from "../webhook-signature.ts";

const payloadArgument = [
  "[payload]",
  "file of the raw body; - or nothing: standard input",
] as const;

export function defineWebhooks(group: Command, run: Run): void {
  defineVerify(group, run);
  defineSign(group, run);
}

export function addSecretFlags(command: Command): Command {
  return command
    .option("--secret <secret>", "the signing secret; others can see it in `ps`")
    .addOption(
      new Option("--secret-file <file>", "file that holds the signing secret").conflicts("secret"),
    );
}

function requireSecret(flags: SecretFlags): string {
  const secret = readSecret(flags);
  if (secret !== undefined) return secret;
  throw usageError("Give the signing secret with --secret-file FILE or --secret SECRET.");
}

interface VerifyFlags extends SecretFlags {
  readonly id?: string;
  readonly timestamp?: string;
  readonly signature?: string;
  readonly headers?: string;
  readonly tolerance?: number;
  readonly anyAge?: true;
}

function defineVerify(group: Command, run: Run): void {
  const verify = leaf(
    group,
    "verify",
    "check a received payload against its signature; exit code 8 when it is not right",
  ).argument(...payloadArgument);
  addSecretFlags(verify)
    .option("--id <webhook-id>", "the header webhook-id")
    .option("--timestamp <seconds>", "the header webhook-timestamp")
    .option("--signature <signature>", "the header webhook-signature, whole")
    .addOption(
      new Option("--headers <file>", "all three: lines of `name: value`, or JSON").conflicts([
        "id",
        "timestamp",
        "signature",
      ]),
    )
    .option("--tolerance <length>", "how far the timestamp may be from now (default 5m)", length)
    .addOption(new Option("--any-age", "do not look at the age").conflicts("tolerance"));
  examples(
    verify,
    "cronctl webhooks verify --secret-file secret.txt --headers headers.txt body.json",
    "cronctl webhooks verify --secret-file secret.txt --headers headers.txt --any-age - < b.json",
  );
  onRun(verify, run, async (session, payload: string | undefined, flags: VerifyFlags) => {
    const secret = requireSecret(flags);
    const headers = toHeaders(flags);
    const body = await readPayload(payload, session.surroundings);
    const toleranceMs = flags.anyAge === true ? undefined : (flags.tolerance ?? toleranceMsDefault);
    const now = session.surroundings.now();
    const faults = findFaults({ headers, body, secret, now, toleranceMs });
    session.show(toFinding(headers, body, faults), (finding) =>
      renderFinding(finding, session.view),
    );
    if (faults.length > 0) session.exitCode = exitCodes.failed;
  });
}

/** "90s", "5m", "2h"; a bare number is seconds. */
function length(text: string): number {
  const [, count, unit = "s"] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  if (count === undefined) {
    throw new InvalidArgumentError("It must be a length like 90s, 5m or 2h.");
  }
  const unitMs = unit === "h" ? 3_600_000 : unit === "m" ? 60_000 : 1_000;
  return Number(count) * unitMs;
}

function toHeaders({ id, timestamp, signature, headers }: VerifyFlags): SignatureHeaders {
  if (headers !== undefined) return readHeaders(headers);
  if (id === undefined || timestamp === undefined || signature === undefined) {
    throw usageError("Give --headers FILE, or all of --id, --timestamp and --signature.");
  }
  return { id: id.trim(), timestamp: timestamp.trim(), signature: signature.trim() };
}

interface Finding {
  readonly verified: boolean;
  readonly webhook_id: string | null;
  readonly signed_at: string | null;
  readonly bytes: number;
  readonly faults: readonly Fault[];
}

function toFinding(headers: SignatureHeaders, body: Buffer, faults: readonly Fault[]): Finding {
  const seconds = /^\d{1,11}$/.test(headers.timestamp ?? "") ? Number(headers.timestamp) : null;
  return {
    verified: faults.length === 0,
    webhook_id: headers.id ?? null,
    signed_at: seconds === null ? null : new Date(seconds * 1000).toISOString(),
    bytes: body.byteLength,
    faults,
  };
}

function renderFinding(finding: Finding, view: View): string {
  const { signed_at: signedAt } = finding;
  return renderDetails(
    [
      signatureDetail(finding.faults),
      ["Webhook id", finding.webhook_id ?? "none"],
      ["Signed", signedAt === null ? "unknown" : exact(signedAt, view)],
      ["Body", `${finding.bytes} bytes`],
    ],
    view,
  );
}

interface SignFlags extends SecretFlags {
  readonly id?: string;
  readonly timestamp?: string;
}

function defineSign(group: Command, run: Run): void {
  const command = leaf(
    group,
    "sign",
    "print the three headers that TrigRun would send with a payload",
  ).argument(...payloadArgument);
  addSecretFlags(command)
    .option("--id <webhook-id>", "the header webhook-id (default: a new one)", word)
    .option("--timestamp <seconds>", "the header webhook-timestamp (default: now)", seconds);
  examples(
    command,
    "cronctl webhooks sign --secret-file secret.txt body.json",
    "cronctl webhooks sign --secret-file secret.txt --timestamp 1700000000 body.json",
  );
  onRun(command, run, async (session, payload: string | undefined, flags: SignFlags) => {
    const secret = requireSecret(flags);
    const body = await readPayload(payload, session.surroundings);
    const id = flags.id ?? `dlv_${randomUUID().replaceAll("-", "")}`;
    const timestamp =
      flags.timestamp ?? String(Math.floor(session.surroundings.now().getTime() / 1000));
    const headers = {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": sign(id, timestamp, body, secret),
    };
    session.show(headers, (shown) =>
      Object.entries(shown)
        .map(([name, value]) => `${name}: ${value}`)
        .join("\n"),
    );
  });
}

/** What a header can hold without a doubt. */
function word(text: string): string {
  if (/^[\x21-\x7e]{1,200}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be one word of printable ASCII.");
}

function seconds(text: string): string {
  if (/^\d{1,11}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be a whole number of seconds since 1970.");
}
