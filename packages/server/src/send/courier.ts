// Hands one message over: renders, signs, sends and judges. It claims nothing, records nothing and
// never throws for what a config holds or a receiver does.
import { type HttpMessage, hidden, type Message, type Notice } from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Ids, Log } from "../log.ts";
import { type createScrubber, createScrubbers, type Scrub } from "../scrub.ts";
import type { OpenChannel, SealedChannel } from "../store/channels.ts";
import type { HttpCall, HttpOutcome } from "../wire/http-call.ts";
import type { Mail, MailOutcome } from "../wire/mail.ts";
import { collectMasks, partsOf } from "./masks.ts";
import { toSignatureHeaders } from "./signature.ts";
import { type JudgedTry, judgeHttpTry, judgeMailTry, toUnsentTry } from "./try.ts";
import { toUnsubscribeHeaders } from "./unsubscription.ts";

export interface CourierOptions {
  readonly clock: Clock;
  readonly call: (call: HttpCall) => Promise<HttpOutcome>;
  readonly mail: (mail: Mail) => Promise<MailOutcome>;
  /** Opens the credentials of a channel row. */
  readonly open: (channel: SealedChannel, now: Date) => OpenChannel;
  readonly log: Log;
  readonly userAgent: string;
  /** The address that ends the mails of a channel. */
  readonly unsubscribeUrl: (channelId: string) => string;
  /** Credentials of the operator's own, which a mail server may quote. */
  readonly ownSecrets: readonly string[];
}

export interface Handed {
  /** The same on every try: receivers know a repeat by it. */
  readonly id: string;
  /** For lines of the log. */
  readonly ids: Ids;
  readonly notice: Notice;
  readonly signal?: AbortSignal;
}

// 15 s, as the Standard Webhooks specification recommends (15 to 30 s); a receiver that needs
// longer should take the call first and work afterwards.
const timeoutMs = 15_000;
// As much of a response as of an attempt's body is kept.
const responseBytesMax = 64 * 1024;

export interface Courier {
  /** One try, from the sealed channel to the judged answer. */
  handOver(sealed: SealedChannel, handed: Handed): Promise<JudgedTry>;
}

export function createCourier(options: CourierOptions): Courier {
  const toScrub = createScrubbers();
  return {
    async handOver(sealed, handed) {
      const now = options.clock.now();
      const prepared = prepare({ ...options, toScrub }, sealed, handed, now);
      if (prepared === undefined) {
        const reason = `No ${sealed.type} message could be made from this channel's config.`;
        return { attempt: toUnsentTry(now, reason), verdict: { verdict: "permanent", reason } };
      }
      faultPoint("sender.called");
      return send(options, { ...prepared, channelId: sealed.id }, handed, now);
    },
  };
}

async function send(
  { mail, call, userAgent, unsubscribeUrl }: CourierOptions,
  { message, scrub, channel, channelId }: Prepared & { readonly channelId: string },
  { id, signal }: Handed,
  now: Date,
): Promise<JudgedTry> {
  if (message.kind === "mail") {
    const { kind: _, ...parts } = message;
    const headers = { ...parts.headers, ...toUnsubscribeHeaders(unsubscribeUrl(channelId)) };
    const messageId = `<${id}@trigrun>`;
    const outcome = await mail({ ...parts, headers, messageId, ...(signal && { signal }) });
    // Recorded without the link: whoever reads the record has not got the mail.
    return judgeMailTry(message, outcome, scrub);
  }
  const headers = toHeaders(userAgent, message, id, now, channel.signingSecrets);
  const outcome = await call(toCall(message, headers, signal));
  return judgeHttpTry(message, headers, outcome, channel.type.judge, scrub);
}

interface Prepared {
  readonly channel: OpenChannel;
  readonly message: Message;
  readonly scrub: Scrub;
}

/** Opens and renders. Undefined when that failed: a lost key, a type that is no longer known. */
function prepare(
  { open, log, ownSecrets, toScrub }: CourierOptions & { toScrub: typeof createScrubber },
  sealed: SealedChannel,
  { ids, notice }: Handed,
  now: Date,
): Prepared | undefined {
  try {
    const channel = open(sealed, now);
    const message = channel.type.render(notice, channel.config);
    return { channel, message, scrub: toScrub(masksOf(channel, ownSecrets)) };
  } catch (error) {
    // Its message alone may quote the config that could not be read.
    const name = error instanceof Error ? error.name : typeof error;
    log.error({ ...ids, channel_id: sealed.id, error: name }, "a message could not be made");
    return undefined;
  }
}

function toHeaders(
  userAgent: string,
  message: HttpMessage,
  id: string,
  now: Date,
  signingSecrets: readonly string[],
): Record<string, string> {
  const own = { "user-agent": userAgent, ...lowerCased(message.headers) };
  // The id goes along unsigned too: it lets any receiver drop a repeat.
  const signature =
    message.isSigned && signingSecrets.length > 0
      ? toSignatureHeaders({ id, at: now, body: message.body }, signingSecrets)
      : { "webhook-id": id };
  return { ...own, ...signature };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

function toCall(
  message: HttpMessage,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): HttpCall {
  return {
    url: message.url,
    method: message.method,
    headers,
    body: message.body,
    timeoutMs,
    bodyBytesMax: responseBytesMax,
    followRedirects: false,
    ...(signal === undefined ? {} : { signal }),
  };
}

function masksOf(
  { type, config, signingSecrets }: OpenChannel,
  ownSecrets: readonly string[],
): Map<string, string> {
  const secrets = Object.fromEntries(
    type.secrets.filter((key) => config[key] !== undefined).map((key) => [key, config[key]]),
  );
  const masks = collectMasks(secrets, type.mask);
  for (const secret of [...signingSecrets, ...ownSecrets]) {
    for (const part of [secret, ...partsOf(secret)]) masks.set(part, hidden);
  }
  return masks;
}
