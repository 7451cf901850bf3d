// Speaks with the operator's mail server as far as the login, and hangs up: no mail is sent.
import SMTPConnection from "nodemailer/lib/smtp-connection";
import SMTPTransport from "nodemailer/lib/smtp-transport";
import { readServer } from "./mail.ts";
import { describeMailError } from "./mail-error.ts";

export type MailCheck =
  | {
      readonly kind: "answered";
      readonly server: string;
      readonly ms: number;
      readonly isEncrypted: boolean;
      /** Undefined without a user in the setting; false where the server asks for no login. */
      readonly isLoggedIn: boolean | undefined;
    }
  | { readonly kind: "failed"; readonly message: string };

/** `limitMs` is for each of its steps. Throws a sentence when `smtpUrl` is no SMTP address. */
export async function checkMailServer(smtpUrl: string, limitMs: number): Promise<MailCheck> {
  const server = readServer(smtpUrl);
  // The library's own reading of the address, so that what is tried is what sends.
  const transport = new SMTPTransport({
    url: smtpUrl,
    connectionTimeout: limitMs,
    dnsTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs,
  });
  const connection = new SMTPConnection(transport.options);
  // What comes of the goodbye concerns nobody any more.
  connection.on("error", () => undefined);
  const begunMs = performance.now();
  try {
    await step(connection, (done) => connection.connect(done));
    const auth = transport.getAuth({});
    const isLoggedIn = auth ? connection.allowsAuth : undefined;
    if (auth && isLoggedIn) await step(connection, (done) => connection.login(auth, done));
    const ms = performance.now() - begunMs;
    connection.quit();
    return { kind: "answered", server, ms, isEncrypted: connection.secure, isLoggedIn };
  } catch (error) {
    connection.close();
    return { kind: "failed", message: describeMailError(server, error).message };
  }
}

function step(
  connection: SMTPConnection,
  begin: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error);
    connection.once("error", fail);
    begin((error) => {
      connection.off("error", fail);
      if (error) reject(error);
      else resolve();
    });
  });
}
