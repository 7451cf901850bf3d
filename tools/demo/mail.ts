// A real SMTP server on loopback that takes mail for one address, parses it as a mail program does
// and shows it. What breaks the rules of mail is refused with 550.
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerSession } from "smtp-server";
import { createLedger, type Ledger } from "./ledger.ts";
import type { Narrator } from "./narrator.ts";

export interface MailServer {
  /** For TRIGRUN_SMTP_URL. */
  readonly url: string;
  /** For TRIGRUN_SMTP_FROM. */
  readonly from: string;
  readonly ledger: Ledger;
  /** The texts of all mails taken, the oldest first. */
  readonly texts: readonly string[];
  close(): Promise<void>;
}

export interface MailOptions {
  readonly channel: string;
  /** The one address that has a mailbox here. */
  readonly recipient: string;
  readonly narrator: Narrator;
}

const account = { user: "trigrun", password: "a-mail-password" };
const sender = { name: "TrigRun", address: "trigrun@example.com" };
// RFC 5321, 4.5.3.1.6: 1,000 octets with the line break.
const lineBytesMax = 998;
const mailBytesMax = 1024 * 1024;

export async function startMail(options: MailOptions): Promise<MailServer> {
  const { channel, recipient, narrator } = options;
  const ledger = createLedger(channel);
  const texts: string[] = [];
  const takeMail = async (raw: Buffer, session: SMTPServerSession): Promise<Error | undefined> => {
    // It would make a part that is not there from the other one.
    const mail = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true });
    const problems = findMailProblems(raw, mail, session, recipient);
    if (problems.length > 0) {
      ledger.problems.push(...problems.map((problem) => `The mail server refused: ${problem}.`));
      narrator.tell("mail", `✗ refused: ${problems.join("; ")}`, "bad");
      return Object.assign(new Error(problems.join("; ")), { responseCode: 550 });
    }
    ledger.accepted.push(String(mail.headers.get("x-trigrun-event") ?? "none"));
    texts.push(mail.text ?? "");
    narrator.tell(
      "mail",
      `To ${recipient}, Subject: ${mail.subject}\ntext and HTML ✓, answers 250`,
    );
    return undefined;
  };
  const server = createServer(recipient, takeMail);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // A client that is ended in the middle of a mail is no reason to stop.
  server.on("error", () => undefined);
  // A server that listens on a port has an address with it.
  const { port } = server.server.address() as { port: number };
  return {
    url: `smtp://${account.user}:${account.password}@127.0.0.1:${port}`,
    from: `${sender.name} <${sender.address}>`,
    ledger,
    texts,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function createServer(
  recipient: string,
  takeMail: (raw: Buffer, session: SMTPServerSession) => Promise<Error | undefined>,
): SMTPServer {
  return new SMTPServer({
    // It has no certificate that anyone would trust, so it offers no STARTTLS.
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    // The name of 127.0.0.1 may take a name server's time, and says nothing.
    disableReverseLookup: true,
    authMethods: ["PLAIN", "LOGIN"],
    size: mailBytesMax,
    // An idle client is cut off at once when the server closes, and not after the default of 30 s.
    closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      const isRight = username === account.user && password === account.password;
      if (isRight) done(null, { user: username });
      else done(Object.assign(new Error("wrong user or password"), { responseCode: 535 }));
    },
    onRcptTo({ address }, _session, done) {
      if (address === recipient) done();
      else done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.once("end", () => {
        takeMail(Buffer.concat(chunks), session).then((refusal) => done(refusal), done);
      });
    },
  });
}

/** What a careful mail server, or reader, would object to. */
function findMailProblems(
  raw: Buffer,
  mail: ParsedMail,
  session: Pick<SMTPServerSession, "envelope">,
  recipient: string,
): string[] {
  const { mailFrom } = session.envelope;
  const to = [mail.to ?? []].flat().flatMap(({ value }) => value.map(({ address }) => address));
  const longest = Math.max(
    ...raw
      .toString("latin1")
      .split("\r\n")
      .map((line) => line.length),
  );
  const checks: readonly (readonly [boolean, string])[] = [
    [mailFrom !== false && mailFrom.address === sender.address, "the sender is not ours"],
    [mail.from?.value[0]?.address === sender.address, "From is not TRIGRUN_SMTP_FROM"],
    [to.length === 1 && to[0] === recipient, `To is not ${recipient}`],
    [/^[^\r\n]+$/.test(mail.subject ?? ""), "the subject is not one line"],
    [(mail.text ?? "").trim() !== "", "there is no text part"],
    [/<html[\s>]/i.test(mail.html || ""), "there is no HTML part"],
    [mail.messageId !== undefined, "there is no Message-ID"],
    [mail.date !== undefined, "there is no Date"],
    [mail.headers.get("auto-submitted") === "auto-generated", "Auto-Submitted is missing"],
    [longest <= lineBytesMax, `a line has ${longest} bytes`],
  ];
  return checks.flatMap(([isMet, problem]) => (isMet ? [] : [problem]));
}
