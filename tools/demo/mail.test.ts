// The demo's mail server: a real SMTP session with it, good mail and bad.

import { channelTypes } from "@trigrun/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNotice } from "../../packages/contract/test/notices.ts";
import { createMailDoor, type Mail } from "../../packages/server/src/wire/mail.ts";
import { type MailServer, startMail } from "./mail.ts";
import { createNarrator } from "./narrator.ts";

const recipient = "team@example.com";
let said = "";
let server: MailServer;

beforeEach(async () => {
  said = "";
  const write = (text: string) => {
    said += text;
  };
  const narrator = createNarrator({ write }, () => 0);
  server = await startMail({ channel: "team-email", recipient, narrator });
});
afterEach(() => server.close());

/** As the product sends it, with what the test changes. */
async function send(
  change: Partial<Mail> = {},
  settings = { smtpUrl: server.url, from: server.from },
) {
  const notice = makeNotice("failed", { event: "on_failure" });
  const message = channelTypes.email.render(notice, { email: [recipient] });
  if (message.kind !== "mail") throw new Error("mail is sent as mail");
  const door = createMailDoor(settings);
  return door.send({ ...message, ...change }).finally(() => door.close());
}

describe("the mail server", () => {
  it("takes a mail of ours, shows its subject and keeps its text", async () => {
    expect(await send()).toMatchObject({ kind: "sent", response: "250 OK: message queued" });
    expect(server.ledger).toMatchObject({ accepted: ["on_failure"], problems: [] });
    expect(said).toContain("Subject: Failed: nightly-backup");
    expect(server.texts[0]).toContain("nightly-backup failed after 3 of 3 attempts");
  });

  it.each([
    ["without HTML", { html: "" }, "there is no HTML part"],
    ["without a text", { text: "" }, "there is no text part"],
    ["without a subject", { subject: "" }, "the subject is not one line"],
    ["that asks for absence notes", { headers: {} }, "Auto-Submitted is missing"],
  ])("refuses a mail %s with 550 and notes why", async (_what, change, problem) => {
    expect(await send(change)).toMatchObject({ kind: "failed", responseCode: 550 });
    expect(server.ledger.accepted).toEqual([]);
    expect(server.ledger.problems.join()).toContain(problem);
    expect(said).toContain(problem);
  });

  it("refuses a mail of another sender than it was told about", async () => {
    const settings = { smtpUrl: server.url, from: "Eve <eve@example.com>" };
    expect(await send({}, settings)).toMatchObject({ kind: "failed", responseCode: 550 });
    expect(server.ledger.problems.join()).toContain("From is not TRIGRUN_SMTP_FROM");
  });

  it("has no mailbox for anybody else", async () => {
    const outcome = await send({ to: ["eve@example.com"] });
    expect(outcome).toMatchObject({ kind: "failed", responseCode: 550 });
  });

  it("asks for the right password", async () => {
    const smtpUrl = server.url.replace("a-mail-password", "another");
    const outcome = await send({}, { smtpUrl, from: server.from });
    expect(outcome).toMatchObject({ kind: "failed", responseCode: 535 });
  });
});
