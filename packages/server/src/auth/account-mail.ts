// What the mails about accounts say. Pure: text in, text out. A mail to an address that nobody has
// verified holds no word of whoever typed it in, or strangers could write to anybody through us.
import type { Mail } from "../wire/mail.ts";

export type AccountMail =
  | { readonly kind: "verify_email"; readonly url: string }
  | { readonly kind: "address_taken"; readonly publicUrl: string }
  | { readonly kind: "reset_password"; readonly url: string }
  | {
      readonly kind: "invitation";
      readonly workspace: string;
      readonly invitedBy: string | null;
      readonly role: string;
      readonly url: string;
    };

interface Words {
  readonly subject: string;
  /** Paragraphs before and after the link. */
  readonly before: readonly string[];
  readonly url: string;
  readonly button: string;
  readonly after: readonly string[];
}

// Names are other people's text: a subject is one line, and mail programs show no more of it.
const nameCharsMax = 80;

export function toMail(to: string, content: AccountMail): Mail {
  const words = toWords(content);
  const lines = [...words.before, words.url, ...words.after];
  return {
    to: [to],
    subject: words.subject,
    text: `${lines.join("\n\n")}\n\n-- \nSent by TrigRun about an account.\n`,
    html: toHtml(words),
    // RFC 3834 and Exchange's own word: no absence notes, please.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
}

function toWords(content: AccountMail): Words {
  switch (content.kind) {
    case "verify_email":
      return {
        subject: "Verify your address for TrigRun",
        before: ["This link verifies your e-mail address:"],
        url: content.url,
        button: "Verify the address",
        after: ["It works for a day. If you did not sign up, leave it alone: nothing happens."],
      };
    case "address_taken":
      return {
        subject: "You have an account with TrigRun already",
        before: [
          "Somebody, perhaps you, signed up with this address, which has an account already. " +
            "Sign in to that one, or set a new password for it:",
        ],
        url: content.publicUrl,
        button: "Go there",
        after: ["If it was not you, leave it alone: nobody gets in by this."],
      };
    case "reset_password":
      return {
        subject: "Set a new password for TrigRun",
        before: ["This link sets a new password for your account:"],
        url: content.url,
        button: "Set a new password",
        after: [
          "It works once, for an hour. If you did not ask for it, leave it alone: your password " +
            "stays as it is.",
        ],
      };
    case "invitation":
      return {
        subject: `Join ${cut(content.workspace)} on TrigRun`,
        before: [
          `${content.invitedBy === null ? "You are" : `${cut(content.invitedBy)} has`} ` +
            `invited ${content.invitedBy === null ? "" : "you "}into the workspace ` +
            `${cut(content.workspace)} with the role ${content.role}:`,
        ],
        url: content.url,
        button: "Accept the invitation",
        after: ["It works for a week. If you know nobody there, leave it alone."],
      };
  }
}

/** A name that cannot begin a line of its own or fill a mail. */
function cut(name: string): string {
  const line = name.replace(/\s+/g, " ");
  return line.length > nameCharsMax ? `${line.slice(0, nameCharsMax)}…` : line;
}

function toHtml({ before, url, button, after }: Words): string {
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const link = escapeHtml(url);
  const style = "font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body style="${style}">
${before.map(paragraph).join("\n")}
<p><a href="${link}"><strong>${escapeHtml(button)}</strong></a></p>
<p><small>${link}</small></p>
${after.map(paragraph).join("\n")}
</body></html>
`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
