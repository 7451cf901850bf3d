// The mail door against a real SMTP server on loopback, its mails read back by a real parser.

import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, it } from "vitest";
import { listen, Openings, openRawFarEnd, selfSigned } from "../../test/support/far-end.ts";
import { createMailDoor, type Mail, type MailDoorOptions, type MailOutcome } from "./mail.ts";

const openings = new Openings();
afterEach(() => openings.close());

interface Received {
  to: string[];
  raw: string;
  mail: ParsedMail;
}

type Refuse = (address: SMTPServerAddress) => { code: number; text: string } | undefined;

function reply({ code, text }: { code: number; text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** An SMTP server that keeps what it takes. */
async function openSmtp(
  options: SMTPServerOptions & { sender?: Refuse; recipient?: Refuse; message?: Refuse } = {},
) {
  const { sender, recipient, message, ...rest } = options;
  const received: Received[] = [];
  const judge =
    (refuse: Refuse | undefined) =>
    (address: SMTPServerAddress, _session: unknown, callback: (error?: Error) => void) => {
      const refused = refuse?.(address);
      callback(refused === undefined ? undefined : reply(refused));
    };
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    onMailFrom: judge(sender),
    onRcptTo: judge(recipient),
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const [first] = session.envelope.rcptTo;
        const refused = first && message?.(first);
        if (refused !== undefined || stream.sizeExceeded) {
          callback(reply(refused ?? { code: 552, text: "too big" }));
          return;
        }
        const raw = Buffer.concat(chunks).toString();
        void simpleParser(raw).then((mail) => {
          received.push({ to: session.envelope.rcptTo.map((each) => each.address), raw, mail });
          callback(null, "queued as 1");
        });
      });
    },
    ...rest,
  });
  server.on("error", () => undefined);
  const far = openings.keep(await listen(server.server));
  return { ...far, received };
}

function openDoor(port: number, options: Partial<MailDoorOptions> = {}) {
  return openings.keep(
    createMailDoor({
      smtpUrl: `smtp://127.0.0.1:${port}`,
      from: "TrigRun <cron@example.com>",
      ...options,
    }),
  );
}

function write(more: Partial<Mail> = {}): Mail {
  return {
    to: ["ops@example.org"],
    subject: "nightly-backup failed",
    text: "It failed.",
    html: "<p>It failed.</p>",
    headers: {},
    messageId: "<dlv_1@trigrun>",
    ...more,
  };
}

function expectFailed(outcome: MailOutcome) {
  if (outcome.kind !== "failed") throw new Error(`it was sent: ${outcome.response}`);
  return outcome;
}

describe("a mail that is taken", () => {
  it("arrives whole: both bodies, subject, sender, date, own headers and its id", async () => {
    const smtp = await openSmtp();
    const startedAt = new Date("2026-11-23T10:00:00.000Z");
    const door = openDoor(smtp.port, { clock: { now: () => startedAt } });
    const outcome = await door.send(
      write({
        subject: "„nächtlich“ ✗ 失敗 🙂",
        text: "Zeile eins\n.\nZeile drei ✓",
        html: "<p>grün &amp; ✓</p>",
        headers: { "X-TrigRun-Delivery": "dlv_1", "Auto-Submitted": "auto-generated" },
      }),
    );
    expect(outcome).toMatchObject({
      kind: "sent",
      accepted: ["ops@example.org"],
      rejected: [],
      response: expect.stringContaining("queued as 1"),
      startedAt,
    });
    expect(outcome.latencyMs).toBeGreaterThanOrEqual(0);
    const [{ mail, to } = { mail: undefined, to: undefined }] = smtp.received;
    expect(to).toEqual(["ops@example.org"]);
    expect(mail?.subject).toBe("„nächtlich“ ✗ 失敗 🙂");
    expect(mail?.text).toBe("Zeile eins\n.\nZeile drei ✓");
    expect(mail?.html).toBe("<p>grün &amp; ✓</p>");
    expect(mail?.from?.text).toBe('"TrigRun" <cron@example.com>');
    expect(mail?.messageId).toBe("<dlv_1@trigrun>");
    expect(mail?.date).toEqual(startedAt);
    expect(mail?.headers.get("x-trigrun-delivery")).toBe("dlv_1");
    expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
  });

  it("carries the same id on every try", async () => {
    const smtp = await openSmtp();
    const door = openDoor(smtp.port);
    await door.send(write());
    await door.send(write());
    const ids = smtp.received.map((each) => each.mail.messageId);
    expect(ids).toEqual(["<dlv_1@trigrun>", "<dlv_1@trigrun>"]);
  });

  it("goes to several recipients at once over one session", async () => {
    const smtp = await openSmtp();
    const to = ["a@example.org", "b@example.org", "ü@bücher.example"];
    const outcome = await openDoor(smtp.port).send(write({ to }));
    expect(outcome).toMatchObject({ kind: "sent", rejected: [] });
    expect(smtp.received).toHaveLength(1);
    expect(smtp.received[0]?.to).toHaveLength(3);
  });

  it("reports the recipients that were refused beside those accepted", async () => {
    const smtp = await openSmtp({
      recipient: ({ address }) =>
        address.startsWith("gone") ? { code: 550, text: "no such user" } : undefined,
    });
    const outcome = await openDoor(smtp.port).send(
      write({ to: ["a@example.org", "gone@example.org"] }),
    );
    expect(outcome).toMatchObject({
      kind: "sent",
      accepted: ["a@example.org"],
      rejected: [{ address: "gone@example.org", responseCode: 550, response: "550 no such user" }],
    });
  });

  it("shares a few connections with many others", async () => {
    const smtp = await openSmtp();
    const door = openDoor(smtp.port);
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => door.send(write())));
    expect(outcomes.filter((each) => each.kind === "sent")).toHaveLength(40);
    expect(smtp.accepted()).toBeLessThanOrEqual(4);
  });

  it("is sent with the user name and password of the URL", async () => {
    const seen: unknown[] = [];
    const smtp = await openSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth(auth, _session, callback) {
        seen.push([auth.username, auth.password]);
        callback(null, { user: 1 });
      },
    });
    const smtpUrl = `smtp://cron%40example.com:p%40ss%3Aword@127.0.0.1:${smtp.port}`;
    expect(await openDoor(smtp.port, { smtpUrl }).send(write())).toMatchObject({ kind: "sent" });
    expect(seen).toEqual([["cron@example.com", "p@ss:word"]]);
  });
});

describe("hostile text", () => {
  it.each<[string, Partial<Mail>]>([
    ["the subject", { subject: "hi\r\nBcc: evil@example.net\r\n\r\nbody" }],
    ["a header's value", { headers: { "X-Job": "a\r\nBcc: evil@example.net" } }],
    ["a header's name", { headers: { "X-Job\r\nBcc: evil@example.net\r\nX-More": "a" } }],
    ["the id", { messageId: "<a@b>\r\nBcc: evil@example.net" }],
  ])("with line breaks in %s adds neither recipient nor header", async (_what, more) => {
    const smtp = await openSmtp();
    expect(await openDoor(smtp.port).send(write(more))).toMatchObject({ kind: "sent" });
    expect(smtp.received[0]?.to).toEqual(["ops@example.org"]);
    expect(smtp.received[0]?.raw).not.toMatch(/^bcc:/im);
    expect(smtp.received[0]?.mail.text).toBe("It failed.");
  });

  it.each([
    ["a list", "ops@example.org, evil@example.net"],
    ["a second address", "ops@example.org> <evil@example.net"],
    ["a line break", "ops@example.org\r\nRCPT TO:<evil@example.net>"],
    ["a name", "ops <evil@example.net>"],
    ["a group", "all: evil@example.net;"],
  ])("in a recipient that is %s reaches nobody else", async (_what, address) => {
    const smtp = await openSmtp();
    await openDoor(smtp.port).send(write({ to: [address] }));
    expect(smtp.received.flatMap((each) => each.to)).not.toContain("evil@example.net");
  });

  it("in the bodies reads no file and no URL", async () => {
    const smtp = await openSmtp();
    const html = '<img src="file:///etc/hostname"><img src="/etc/hostname">';
    const outcome = await openDoor(smtp.port).send(write({ html, text: "/etc/hostname" }));
    expect(outcome).toMatchObject({ kind: "sent" });
    expect(smtp.received[0]?.mail.attachments).toEqual([]);
    expect(smtp.received[0]?.mail.html).toBe(html);
  });
});

describe("a mail that is refused", () => {
  it("by 451 for its recipient is tried again", async () => {
    const smtp = await openSmtp({ recipient: () => ({ code: 451, text: "greylisted" }) });
    const outcome = expectFailed(await openDoor(smtp.port).send(write()));
    expect(outcome).toMatchObject({
      permanent: false,
      errorClass: "smtp_deferred",
      responseCode: 451,
      response: "451 greylisted",
    });
    expect(outcome.message).toContain("greylisted");
  });

  it("by 550 for its recipient is permanent", async () => {
    const smtp = await openSmtp({ recipient: () => ({ code: 550, text: "no such user" }) });
    expect(await openDoor(smtp.port).send(write())).toMatchObject({
      kind: "failed",
      permanent: true,
      errorClass: "smtp_recipient_refused",
      responseCode: 550,
    });
  });

  it("by 550 for some and 451 for other recipients is tried again", async () => {
    const smtp = await openSmtp({
      recipient: ({ address }) => ({ code: address.startsWith("a") ? 451 : 550, text: "no" }),
    });
    const to = ["a@example.org", "b@example.org"];
    expect(await openDoor(smtp.port).send(write({ to }))).toMatchObject({
      kind: "failed",
      permanent: false,
      responseCode: 451,
    });
  });

  it.each([
    [554, true, "smtp_message_refused"],
    [452, false, "smtp_deferred"],
  ])("by %i for its content is permanent: %s", async (code, permanent, errorClass) => {
    const smtp = await openSmtp({ message: () => ({ code, text: "spam" }) });
    expect(await openDoor(smtp.port).send(write())).toMatchObject({
      kind: "failed",
      permanent,
      errorClass,
    });
  });

  it("by 550 for its sender is tried again: the operator can mend that", async () => {
    const smtp = await openSmtp({ sender: () => ({ code: 550, text: "who are you" }) });
    expect(await openDoor(smtp.port).send(write())).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_sender_refused",
      message: expect.stringContaining("TRIGRUN_SMTP_FROM"),
    });
  });

  it("for its size is permanent", async () => {
    const smtp = await openSmtp({ size: 1_000 });
    const outcome = await openDoor(smtp.port).send(write({ text: "x".repeat(50_000) }));
    expect(outcome).toMatchObject({
      kind: "failed",
      permanent: true,
      errorClass: "smtp_message_refused",
    });
  });

  it("because it has no recipient, or none that is an address, is permanent", async () => {
    const smtp = await openSmtp();
    for (const to of [[], [""]]) {
      expect(await openDoor(smtp.port).send(write({ to }))).toMatchObject({
        kind: "failed",
        permanent: true,
        errorClass: "smtp_invalid_mail",
      });
    }
  });

  it("for a wrong password is tried again, and the password is not shown", async () => {
    const smtp = await openSmtp({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, callback) => callback(reply({ code: 535, text: "bad login" })),
    });
    const smtpUrl = `smtp://cron:hunter2@127.0.0.1:${smtp.port}`;
    const outcome = await openDoor(smtp.port, { smtpUrl }).send(write());
    expect(outcome).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_auth",
      responseCode: 535,
      message: expect.stringContaining("TRIGRUN_SMTP_URL"),
    });
    expect(JSON.stringify(outcome)).not.toContain("hunter2");
  });

  it("for a missing password is tried again", async () => {
    const smtp = await openSmtp({ authOptional: false, allowInsecureAuth: true });
    expect(await openDoor(smtp.port).send(write())).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_auth",
      responseCode: 530,
    });
  });

  it("leaves the connection fit for the next mail", async () => {
    const smtp = await openSmtp({
      recipient: ({ address }) =>
        address.startsWith("gone") ? { code: 550, text: "no such user" } : undefined,
    });
    const door = openDoor(smtp.port);
    expect(await door.send(write({ to: ["gone@example.org"] }))).toMatchObject({ kind: "failed" });
    expect(await door.send(write())).toMatchObject({ kind: "sent" });
  });
});

describe("a mail server that is broken", () => {
  it("and refuses connections is unreachable", async () => {
    const far = await openRawFarEnd(() => undefined);
    await far.close();
    expect(await openDoor(far.port).send(write())).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("and says nothing runs into the greeting's timeout", async () => {
    const far = openings.keep(await openRawFarEnd(() => undefined));
    const door = openDoor(far.port, { timeouts: { greetingMs: 100 } });
    const outcome = await door.send(write());
    expect(outcome).toMatchObject({ kind: "failed", permanent: false, errorClass: "smtp_timeout" });
    expect(outcome.latencyMs).toBeLessThan(3_000);
  });

  it("and falls silent inside a session runs into the socket's timeout", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.write("220 hello\r\n");
      }),
    );
    const door = openDoor(far.port, { timeouts: { socketMs: 100 } });
    expect(await door.send(write())).toMatchObject({ kind: "failed", errorClass: "smtp_timeout" });
  });

  it("and trickles its replies for ever runs into the deadline of the whole send", async () => {
    const far = openings.keep(
      await openRawFarEnd((socket) => {
        socket.write("220 hello\r\n");
        const timer = setInterval(() => socket.write("250-x\r\n"), 20);
        socket.on("close", () => clearInterval(timer));
      }),
    );
    const door = openDoor(far.port, { timeouts: { sendMs: 200, socketMs: 100 } });
    const outcome = await door.send(write());
    expect(outcome).toMatchObject({ kind: "failed", permanent: false, errorClass: "smtp_timeout" });
    expect(outcome.latencyMs).toBeGreaterThanOrEqual(190);
    await far.emptied();
  });

  it("and hangs up is closed", async () => {
    const far = openings.keep(await openRawFarEnd((socket) => socket.end()));
    expect(await openDoor(far.port).send(write())).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_closed",
    });
  });

  it.each(["554 no service here", "421 too busy", "HTTP/1.1 400 Bad Request"])(
    "and greets with %j is tried again",
    async (greeting) => {
      const far = openings.keep(await openRawFarEnd((socket) => socket.write(`${greeting}\r\n`)));
      const outcome = await openDoor(far.port).send(write());
      expect(outcome).toMatchObject({ kind: "failed", permanent: false });
    },
  );

  it("and speaks plain text where TLS is asked for fails on TLS", async () => {
    const smtp = await openSmtp();
    const door = openDoor(0, { smtpUrl: `smtps://127.0.0.1:${smtp.port}` });
    expect(await door.send(write())).toMatchObject({
      kind: "failed",
      permanent: false,
      errorClass: "smtp_tls",
    });
  });

  it("and shows a certificate nobody vouches for fails on TLS", async () => {
    const smtp = await openSmtp({ secure: true, ...selfSigned });
    const door = openDoor(0, { smtpUrl: `smtps://127.0.0.1:${smtp.port}` });
    expect(await door.send(write())).toMatchObject({ kind: "failed", errorClass: "smtp_tls" });
    const insecure = `smtps://127.0.0.1:${smtp.port}?tls.rejectUnauthorized=false`;
    expect(await openDoor(0, { smtpUrl: insecure }).send(write())).toMatchObject({ kind: "sent" });
  });
});

describe("the settings", () => {
  it.each([
    [undefined, undefined, "TRIGRUN_SMTP_URL and TRIGRUN_SMTP_FROM"],
    [undefined, "cron@example.com", "TRIGRUN_SMTP_URL."],
    ["smtp://127.0.0.1", undefined, "TRIGRUN_SMTP_FROM."],
  ])(
    "that are missing (%s, %s) are named, and the mail waits for them",
    async (smtpUrl, from, names) => {
      const door = openings.keep(createMailDoor({ smtpUrl, from }));
      expect(await door.send(write())).toMatchObject({
        kind: "failed",
        permanent: false,
        errorClass: "smtp_not_configured",
        message: expect.stringContaining(`must set ${names}`),
      });
    },
  );

  it.each([
    "",
    "smtp.example.com",
    "http://cron:hunter2@example.com",
    "smtp://",
    "smtp://:hunter2@",
  ])("that are wrong (%j) are refused with a sentence that does not repeat them", (smtpUrl) => {
    const open = () => createMailDoor({ smtpUrl, from: "cron@example.com" });
    expect(open).toThrow(/^TRIGRUN_SMTP_URL is not an SMTP address/);
    expect(open).not.toThrow("hunter2");
  });
});

describe("closing", () => {
  it("lets the mail under way finish and ends the connections", async () => {
    const smtp = await openSmtp({
      onRcptTo(_address, _session, callback) {
        closed = door.close();
        callback();
      },
    });
    const door = openDoor(smtp.port);
    let closed: Promise<void> | undefined;
    const outcome = door.send(write());
    expect(await outcome).toMatchObject({ kind: "sent" });
    await closed;
    await smtp.emptied();
    expect(await door.send(write())).toMatchObject({ kind: "failed", permanent: false });
  });
});
