// A real SMTP server on loopback that keeps what it takes, or refuses as it is told.
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { listen } from "./far-end.ts";

export interface Mailbox {
  /** For TRIGRUN_SMTP_URL. */
  readonly url: string;
  readonly mails: { readonly to: string; readonly raw: string; readonly mail: ParsedMail }[];
  /** What every recipient is refused with from now on; undefined to take mails again. */
  refuseWith(code: number | undefined): void;
  /** Refuses mails for now, with their own text in the answer. */
  quote(): void;
  close(): Promise<void>;
}

export async function openMailbox(): Promise<Mailbox> {
  const mails: Mailbox["mails"] = [];
  let code: number | undefined;
  let isQuoting = false;
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    onRcptTo(_address, _session, callback) {
      callback(code === undefined ? null : Object.assign(new Error("no"), { responseCode: code }));
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString();
        void simpleParser(raw).then((mail) => {
          if (isQuoting) {
            const text = (mail.text ?? "").replace(/\s+/g, " ");
            callback(Object.assign(new Error(`no mail like: ${text}`), { responseCode: 451 }));
            return;
          }
          mails.push({ to: session.envelope.rcptTo[0]?.address ?? "", raw, mail });
          callback(null, "queued");
        });
      });
    },
  });
  server.on("error", () => undefined);
  const far = await listen(server.server);
  return {
    url: `smtp://127.0.0.1:${far.port}`,
    mails,
    refuseWith(wanted) {
      code = wanted;
      isQuoting = false;
    },
    quote() {
      isQuoting = true;
    },
    close: () => far.close(),
  };
}
