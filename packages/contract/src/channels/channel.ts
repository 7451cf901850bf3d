// What a channel type is: a config schema and a pure function from event to message.
// A channel type never opens a socket, never retries and never knows the time; the sender does.
import { z } from "zod";
import type { ChannelDisabledEvent, DigestEvent, ExecutionEvent } from "../events/index.ts";
import { judgeByStatus, type Reply, type Verdict, withPause } from "./verdict.ts";

/** The end of one execution. */
export interface ExecutionNotice {
  readonly kind: "execution";
  readonly event: ExecutionEvent;
  /** The first characters of the last response; null unless the channel has `include_output`. */
  readonly output: string | null;
  /** True for a test send, so that nobody takes it for an alarm. */
  readonly isTest: boolean;
}

/** One message that stands for many that came faster than the channel takes them. */
export interface DigestNotice {
  readonly kind: "digest";
  readonly event: DigestEvent;
  readonly isTest: false;
}

/** Another channel of the workspace was disabled. */
export interface WarningNotice {
  readonly kind: "warning";
  readonly event: ChannelDisabledEvent;
  readonly isTest: false;
}

/** What a channel renders from. */
export type Notice = ExecutionNotice | DigestNotice | WarningNotice;

/** A message that leaves as one HTTP request. */
export interface HttpMessage {
  readonly kind: "http";
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True when the sender signs it after the Standard Webhooks specification. */
  readonly isSigned: boolean;
}

/** A message that leaves as mail. */
export interface MailMessage {
  readonly kind: "mail";
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Message = HttpMessage | MailMessage;

/** How many messages a destination takes, as a bucket of tokens. */
export interface Pace {
  /** Tokens that come back in a minute. */
  readonly perMinute: number;
  /** Tokens of a full bucket. */
  readonly burst: number;
  /** What becomes of the rest: folded into one message, or sent one by one, later. */
  readonly overflow: "digest" | "wait";
}

type StringKey<C> = Extract<keyof C, string>;

export interface ChannelType<S extends z.ZodType<Record<string, unknown>> = AnyConfig> {
  /** The word on the wire. */
  readonly type: string;
  /** For people: "Slack". */
  readonly label: string;
  /** One line for lists and documents: "POST to a Slack incoming webhook URL". */
  readonly summary: string;
  /**
   * Strict object, with or without a transform behind it; `.meta({ description })` on each field
   * becomes flag help and form label, `.meta({ alias_of })` marks another name for a field. What
   * it gives is what is stored, so it must accept its own output.
   */
  readonly config: S;
  /** Keys that are credentials: encrypted at rest, answered masked, scrubbed from records. */
  readonly secrets: readonly StringKey<z.output<S>>[];
  /** The key that signs messages and can be rotated, where the type signs. */
  readonly signingSecret?: StringKey<z.output<S>>;
  /** How a credential is shown. Default: `••••`. Must not give the credential away. */
  readonly mask?: (key: StringKey<z.output<S>>, value: unknown) => unknown;
  /** An example of `config` for documents and tests. It must pass the schema. */
  readonly example: z.input<S>;
  /** What the service takes by its own words, or what people bear. Left out: no limit. */
  readonly pace?: Pace;
  /**
   * What the service counts messages by: channels with the same destination share a pace. It may
   * hold credentials, so it is never stored, logged or shown as it is.
   */
  readonly destination: (config: z.output<S>) => string;
  readonly render: (notice: Notice, config: z.output<S>) => Message;
  /** Says what a reply means. Default: `judgeByStatus`. */
  readonly judge?: (reply: Reply) => Verdict;
}

type AnyConfig = z.ZodType<Record<string, unknown>>;

/** A channel type whose config is checked by its own schema at the door, not by the compiler. */
export interface AnyChannelType {
  readonly type: string;
  readonly label: string;
  readonly summary: string;
  readonly config: AnyConfig;
  /** The fields that a client may send, each with its schema and meta, aliases included. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  readonly secrets: readonly string[];
  readonly signingSecret?: string;
  readonly example: Record<string, unknown>;
  readonly pace?: Pace;
  mask(key: string, value: unknown): unknown;
  /** A part of a config under the names it is stored by, to be merged into a stored one. */
  renameAliases(config: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Begins with the type's name. May hold credentials: never stored, logged or shown as it is. */
  destination(config: Record<string, unknown>): string;
  render(notice: Notice, config: Record<string, unknown>): Message;
  judge(reply: Reply): Verdict;
}

/** What stands in for a credential in answers and records. */
export const hidden = "••••";

/** Checks a channel type against its own schema and fills in the defaults. */
export function defineChannel<const T extends string, S extends AnyConfig>(
  definition: ChannelType<S> & { readonly type: T },
): AnyChannelType & { readonly type: T; readonly config: S } {
  const { mask, judge, render, destination, signingSecret, ...rest } = definition;
  const shape = shapeOf(definition.type, definition.config);
  return {
    ...rest,
    shape,
    ...(signingSecret === undefined ? {} : { signingSecret }),
    // The example is an input of the schema, which is a strict object.
    example: definition.example as Record<string, unknown>,
    // The key is one of `secrets`, whose type the definition checked.
    mask: (key, value) => mask?.(key as StringKey<z.output<S>>, value) ?? hidden,
    renameAliases: (config) => renameAliases(shape, config),
    // Here and below, the config comes from this very schema: the store parses it before it calls.
    destination: (config) => `${definition.type} ${destination(config as z.output<S>)}`,
    // As above.
    render: (notice, config) => render(notice, config as z.output<S>),
    judge: (reply) => withPause((judge ?? judgeByStatus)(reply), reply),
  };
}

function shapeOf(type: string, config: z.ZodType): AnyChannelType["shape"] {
  let schema: unknown = config;
  while (schema instanceof z.ZodPipe) schema = schema.in;
  if (schema instanceof z.ZodObject) return schema.shape;
  throw new Error(`the config of channel type ${type} must begin with an object`);
}

/** An alias stays where both names are given: the schema then refuses the pair by name. */
function renameAliases(
  shape: AnyChannelType["shape"],
  config: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(config).map(([key, value]) => {
    const target = Object.hasOwn(shape, key) ? shape[key]?.meta()?.alias_of : undefined;
    return [typeof target === "string" && !(target in config) ? target : key, value];
  });
  return Object.fromEntries(entries);
}
