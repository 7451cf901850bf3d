// The demo's mail server: a real SMTP session with it, good mail and bad.

import { channelTypes } from "@trigrun/contract";
import { createTransport, type SendMailOptions } from "nodemailer";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNotice } from "../../packages/contract/test/notices.ts";
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

async function send(change: SendMailOptions = {}, url = server.url) {
  const notice = makeNotice("failed", { event: "on_failure" });
  const message = channelTypes.email.render(notice, { email: [recipient] });
  if (message.kind !== "mail") throw new Error("mail is sent as mail");
  const { subject, text, html, headers } = message;
  const transport = createTransport(url);
  const mail = { from: server.from, to: recipient, subject, text, html, headers: { ...headers } };
  return transport.sendMail({ ...mail, ...change }).finally(() => transport.close());
}

describe("the mail server", () => {
  it("takes a mail of ours, shows its subject and keeps its text", async () => {
    expect((await send()).response).toContain("250");
    expect(server.ledger).toMatchObject({ accepted: ["on_failure"], problems: [] });
    expect(said).toContain("Subject: Failed: nightly-backup");
    expect(server.texts[0]).toContain("nightly-backup failed after 3 attempts");
  });

  it.each([
    ["without HTML", { html: "" }, "there is no HTML part"],
    ["without a text", { text: "" }, "there is no text part"],
    ["without a subject", { subject: "" }, "the subject is not one line"],
    ["from somebody else", { from: "eve@example.com" }, "From is not TRIGRUN_SMTP_FROM"],
    ["that asks for absence notes", { headers: {} }, "Auto-Submitted is missing"],
  ])("refuses a mail %s with 550 and notes why", async (_what, change, problem) => {
    await expect(send(change)).rejects.toMatchObject({ responseCode: 550 });
    expect(server.ledger.accepted).toEqual([]);
    expect(server.ledger.problems.join()).toContain(problem);
    expect(said).toContain(problem);
  });

  it("has no mailbox for anybody else", async () => {
    await expect(send({ to: "eve@example.com" })).rejects.toMatchObject({ responseCode: 550 });
  });

  it("asks for the right password", async () => {
    const url = server.url.replace("a-mail-password", "another");
    await expect(send({}, url)).rejects.toMatchObject({ responseCode: 535 });
  });
});
