// Turns what the mail library throws into one of the listed error classes, a sentence for a person
// and the verdict whether another try can help. Pure; the sentence never holds the SMTP password.

/** Every way a mail can fail, with its meaning for the documentation. */
export const mailErrorClasses = {
  smtp_not_configured: "No mail server is set; the mail waits until an operator sets one.",
  smtp_unreachable: "The mail server's name or port cannot be reached.",
  smtp_timeout: "The mail server did not answer in time.",
  smtp_tls: "TLS with the mail server could not be established.",
  smtp_closed: "The connection to the mail server ended before the mail was taken.",
  smtp_auth: "The mail server did not accept the user name and password.",
  smtp_unavailable: "The mail server takes no mail at the moment.",
  smtp_deferred: "The mail server asked to try again later (a 4xx reply).",
  smtp_sender_refused: "The mail server does not take mail from TRIGRUN_SMTP_FROM.",
  smtp_recipient_refused: "The mail server does not take mail for the recipient.",
  smtp_message_refused: "The mail server does not take this message, or not of this size.",
  smtp_invalid_mail: "The mail has no recipient or one that is no address.",
  cancelled: "The mail was given up before the mail server had answered.",
  smtp_failed: "The mail failed in a way that has no class of its own.",
} as const;

export type MailErrorClass = keyof typeof mailErrorClasses;

export interface MailFailure {
  /** No further try can help: the receiver, not the operator's setting, is the reason. */
  permanent: boolean;
  errorClass: MailErrorClass;
  message: string;
  /** The last reply of the mail server, where there was one. */
  response?: string;
  responseCode?: number;
}

/** One recipient that was refused while others were accepted. */
export interface MailRejection {
  address: string;
  response: string;
  responseCode: number | null;
}

// RFC 4954 section 6 and RFC 3207: the replies that ask for (other) credentials or for TLS.
const authCodes = new Set([530, 534, 535, 538]);

export function describeMailError(server: string, error: unknown): MailFailure {
  const { code, response, responseCode, command } = readError(error);
  const said = {
    ...(response === undefined ? {} : { response }),
    ...(responseCode === undefined ? {} : { responseCode }),
  };
  const retry = (errorClass: MailErrorClass, message: string): MailFailure => ({
    permanent: false,
    errorClass,
    message,
    ...said,
  });
  if (isAuthError(code) || (responseCode !== undefined && authCodes.has(responseCode))) {
    // Not permanent although the code is 5xx: the operator can mend it while the mail waits.
    const message = `The mail server ${server} refused the user or password of TRIGRUN_SMTP_URL.`;
    return retry("smtp_auth", message);
  }
  if (responseCode !== undefined) {
    return { ...describeReply(server, responseCode, command, response ?? ""), ...said };
  }
  switch (code) {
    case "ETIMEDOUT":
    case "EABORT":
      return retry("smtp_timeout", `The mail server ${server} did not answer in time.`);
    case "EDNS":
      return retry("smtp_unreachable", `The name of the mail server ${server} was not found.`);
    case "ETLS":
      return retry("smtp_tls", `TLS with the mail server ${server} could not be established.`);
    case "ESOCKET":
      return describeSocketError(server, error);
    case "EENVELOPE":
      return {
        permanent: true,
        errorClass: "smtp_invalid_mail",
        message: "The mail has no recipient, or one that is not a mail address.",
      };
    case "EMESSAGE":
      return {
        permanent: true,
        errorClass: "smtp_message_refused",
        message: `The mail is larger than the mail server ${server} takes.`,
      };
    case "ECONNECTION":
      return retry("smtp_closed", `The mail server ${server} closed the connection.`);
    default:
      return retry("smtp_failed", `The mail server ${server} could not take the mail (${code}).`);
  }
}

function describeReply(
  server: string,
  responseCode: number,
  command: string,
  response: string,
): MailFailure {
  const reply = `The mail server ${server} answered: ${response}`;
  if (responseCode < 500) return { permanent: false, errorClass: "smtp_deferred", message: reply };
  // 503 speaks of the session, not of the mail: on another connection it can go through.
  if (responseCode !== 503) {
    if (command === "RCPT TO") {
      return { permanent: true, errorClass: "smtp_recipient_refused", message: reply };
    }
    // 552 is about the size, which comes with MAIL FROM.
    if (command === "DATA" || (command === "MAIL FROM" && responseCode === 552)) {
      return { permanent: true, errorClass: "smtp_message_refused", message: reply };
    }
    if (command === "MAIL FROM") {
      // The sender is the operator's setting, not the user's: it can be mended while mails wait.
      const message = `${reply} (the sender is TRIGRUN_SMTP_FROM)`;
      return { permanent: false, errorClass: "smtp_sender_refused", message };
    }
  }
  return { permanent: false, errorClass: "smtp_unavailable", message: reply };
}

function describeSocketError(server: string, error: unknown): MailFailure {
  const code = fieldOf(error, "originalCode") ?? "ESOCKET";
  const isNetwork = /^E[A-Z]+$/.test(code) && code !== "EPROTO";
  // With smtps a bad certificate is an error of the socket too; network codes look like ECONN….
  if (!isNetwork) {
    const message = `TLS with the mail server ${server} could not be established (${code}).`;
    return { permanent: false, errorClass: "smtp_tls", message };
  }
  const message = `The mail server ${server} cannot be reached (${code}).`;
  return { permanent: false, errorClass: "smtp_unreachable", message };
}

/** What became of the refused recipients of a mail that others got. */
export function readRejections(errors: readonly unknown[]): MailRejection[] {
  return errors.map((error) => {
    const { response, responseCode } = readError(error);
    return {
      address: fieldOf(error, "recipient") ?? "",
      response: response ?? "",
      responseCode: responseCode ?? null,
    };
  });
}

function isAuthError(code: string): boolean {
  return code === "EAUTH" || code === "ENOAUTH" || code === "EOAUTH2";
}

function readError(error: unknown): {
  code: string;
  command: string;
  response: string | undefined;
  responseCode: number | undefined;
} {
  const responseCode =
    error instanceof Error && "responseCode" in error ? error.responseCode : undefined;
  return {
    code: fieldOf(error, "code") ?? "unknown",
    command: fieldOf(error, "command") ?? "",
    response: fieldOf(error, "response"),
    responseCode: typeof responseCode === "number" ? responseCode : undefined,
  };
}

function fieldOf(error: unknown, name: string): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}
