// The mail door: hands one mail to the operator's SMTP server and answers with an outcome. It must
// never throw for what the server did, never read a file or a URL for a mail, and never show the
// password of its setting.
//
// The address guard is not asked here. It protects from addresses that users choose; the mail
// server is the operator's own setting and most often stands on a private network or on the very
// same machine. Users choose only the recipients, which no socket is ever opened to.

import { createTransport } from "nodemailer";
import {
  describeMailError,
  type MailErrorClass,
  type MailFailure,
  type MailRejection,
  readRejections,
} from "./mail-error.ts";

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The same on every try of a delivery, so that a repeat is recognised as one. */
  readonly messageId?: string;
  /** Gives the mail up; the mail server may have taken it by then. */
  readonly signal?: AbortSignal;
}

interface Course {
  startedAt: Date;
  latencyMs: number;
}

export type MailOutcome =
  | ({
      kind: "sent";
      response: string;
      accepted: string[];
      /** Recipients refused while others were accepted; a repeat would reach the others twice. */
      rejected: MailRejection[];
    } & Course)
  | ({ kind: "failed" } & MailFailure & Course);

export interface MailDoor {
  /** Always resolves; it never rejects for what the mail server did. */
  send(mail: Mail): Promise<MailOutcome>;
  /** Lets the mails under way finish, fails those in line, and ends every connection. */
  close(): Promise<void>;
}

export interface MailTimeouts {
  connectionMs: number;
  greetingMs: number;
  /** Silence inside a session. */
  socketMs: number;
  /** The whole of one send, waiting for a free connection included. */
  sendMs: number;
}

// RFC 5321 section 4.5.3.2 allows minutes, for relays that talk to the far end while one waits. A
// relay of one's own answers at once, and a delivery that fails is tried again.
const mailTimeoutsDefault: MailTimeouts = {
  connectionMs: 10_000,
  greetingMs: 10_000,
  socketMs: 20_000,
  sendMs: 60_000,
};

// What small relays allow from one client; measured, four send 500 mails a second.
const connectionsMax = 4;

// Once: an idle session that the server has ended meanwhile. Further tries are the delivery's own.
const requeuesMax = 1;

export interface MailDoorOptions {
  /** TRIGRUN_SMTP_URL: `smtp://` or `smtps://`, with user and password where needed. */
  smtpUrl: string | undefined;
  /** TRIGRUN_SMTP_FROM: the sender, with or without a name. */
  from: string | undefined;
  clock?: { now(): Date };
  timeouts?: Partial<MailTimeouts>;
}

/** Throws a sentence when `smtpUrl` is set but is no SMTP address. */
export function createMailDoor(options: MailDoorOptions): MailDoor {
  const clock = options.clock ?? { now: () => new Date() };
  const { smtpUrl, from } = options;
  if (smtpUrl === undefined || from === undefined) {
    const failure = describeMissing(smtpUrl, from);
    return {
      send: async () => ({ kind: "failed", ...failure, startedAt: clock.now(), latencyMs: 0 }),
      close: async () => undefined,
    };
  }
  const timeouts = { ...mailTimeoutsDefault, ...options.timeouts };
  const server = readServer(smtpUrl);
  const transport = openTransport(smtpUrl, timeouts);
  const underWay = new Set<Promise<MailOutcome>>();
  const send = async (mail: Mail): Promise<MailOutcome> => {
    const startedAt = clock.now();
    const begunAt = performance.now();
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), timeouts.sendMs);
    const course = () => ({ startedAt, latencyMs: Math.round(performance.now() - begunAt) });
    try {
      const info = await transport.sendMail({
        ...compose(mail, from, startedAt),
        signal: mail.signal ? AbortSignal.any([giveUp.signal, mail.signal]) : giveUp.signal,
      });
      const rejected = readRejections(info.rejectedErrors ?? []);
      return {
        kind: "sent",
        response: info.response,
        accepted: info.accepted,
        rejected,
        ...course(),
      };
    } catch (error) {
      if (mail.signal?.aborted === true) return { kind: "failed", ...givenUp, ...course() };
      return { kind: "failed", ...describeMailError(server, error), ...course() };
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    send: (mail) => {
      const outcome = send(mail);
      underWay.add(outcome);
      return outcome.finally(() => underWay.delete(outcome));
    },
    close: async () => {
      transport.close();
      await Promise.all(underWay);
    },
  };
}

const givenUp: MailFailure = {
  permanent: false,
  errorClass: "cancelled",
  message: "The mail was given up before the mail server had answered.",
};

function describeMissing(smtpUrl: string | undefined, from: string | undefined): MailFailure {
  const missing = [
    ...(smtpUrl === undefined ? ["TRIGRUN_SMTP_URL"] : []),
    ...(from === undefined ? ["TRIGRUN_SMTP_FROM"] : []),
  ].join(" and ");
  const errorClass: MailErrorClass = "smtp_not_configured";
  // Not permanent: once the operator has set it, the next try goes out.
  const message = `Mail cannot be sent: the operator of this server must set ${missing}.`;
  return { permanent: false, errorClass, message };
}

/** What of TRIGRUN_SMTP_URL must not be shown, as it is written and as it is sent. */
export function readMailSecrets(smtpUrl: string | undefined): string[] {
  if (smtpUrl === undefined || !URL.canParse(smtpUrl)) return [];
  const { password } = new URL(smtpUrl);
  if (password === "") return [];
  // One that is not encoded right is sent as it is written.
  const isEncoded = /^(?:[^%]|%[0-9a-f]{2})*$/i.test(password);
  return [...new Set([password, isEncoded ? decodeURIComponent(password) : password])];
}

/** Host and port for messages; the sentence it throws does not repeat the URL's password. */
export function readServer(smtpUrl: string): string {
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : undefined;
  const isSmtp = url?.protocol === "smtp:" || url?.protocol === "smtps:";
  if (url === undefined || !isSmtp || url.hostname === "") {
    throw new Error(
      "TRIGRUN_SMTP_URL is not an SMTP address: " +
        "write it like smtps://user:password@smtp.example.com:465.",
    );
  }
  return url.host;
}

function openTransport(url: string, timeouts: MailTimeouts) {
  return createTransport({
    pool: true,
    url,
    maxConnections: connectionsMax,
    maxRequeues: requeuesMax,
    connectionTimeout: timeouts.connectionMs,
    dnsTimeout: timeouts.connectionMs,
    greetingTimeout: timeouts.greetingMs,
    socketTimeout: timeouts.socketMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function compose(mail: Mail, from: string, date: Date) {
  return {
    from,
    // As objects: a string would be parsed, and "a@x.com, b@y.com" would be two recipients.
    to: mail.to.map((address) => ({ name: "", address })),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    headers: { ...mail.headers },
    date,
    ...(mail.messageId === undefined ? {} : { messageId: mail.messageId }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
