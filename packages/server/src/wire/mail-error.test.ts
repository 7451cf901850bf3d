// What the mail library throws, as an error class, a verdict and a sentence.

import { describe, expect, it } from "vitest";
import { describeMailError, readRejections } from "./mail-error.ts";

function fail(fields: Record<string, unknown>): Error {
  return Object.assign(new Error("from the library"), fields);
}

describe("an error of the mail library", () => {
  it.each<[Record<string, unknown>, string, boolean]>([
    [{ code: "EDNS" }, "smtp_unreachable", false],
    [{ code: "ESOCKET", originalCode: "ECONNREFUSED" }, "smtp_unreachable", false],
    [{ code: "ESOCKET", originalCode: "EHOSTUNREACH" }, "smtp_unreachable", false],
    [{ code: "ESOCKET" }, "smtp_unreachable", false],
    [{ code: "ESOCKET", originalCode: "CERT_HAS_EXPIRED" }, "smtp_tls", false],
    [{ code: "ESOCKET", originalCode: "EPROTO" }, "smtp_tls", false],
    [{ code: "ETLS" }, "smtp_tls", false],
    [{ code: "ETIMEDOUT" }, "smtp_timeout", false],
    [{ code: "EABORT" }, "smtp_timeout", false],
    [{ code: "ECONNECTION" }, "smtp_closed", false],
    [{ code: "EAUTH" }, "smtp_auth", false],
    [{ code: "EAUTH", responseCode: 535, command: "AUTH PLAIN" }, "smtp_auth", false],
    [{ code: "EENVELOPE", responseCode: 530, command: "MAIL FROM" }, "smtp_auth", false],
    [{ code: "EENVELOPE", responseCode: 421, command: "MAIL FROM" }, "smtp_deferred", false],
    [{ code: "EENVELOPE", responseCode: 451, command: "RCPT TO" }, "smtp_deferred", false],
    [{ code: "EENVELOPE", responseCode: 550, command: "RCPT TO" }, "smtp_recipient_refused", true],
    [{ code: "EENVELOPE", responseCode: 503, command: "RCPT TO" }, "smtp_unavailable", false],
    [{ code: "EENVELOPE", responseCode: 553, command: "MAIL FROM" }, "smtp_sender_refused", false],
    [{ code: "EENVELOPE", responseCode: 552, command: "MAIL FROM" }, "smtp_message_refused", true],
    [{ code: "EMESSAGE", responseCode: 554, command: "DATA" }, "smtp_message_refused", true],
    [{ code: "EMESSAGE" }, "smtp_message_refused", true],
    [{ code: "EPROTOCOL", responseCode: 554, command: "CONN" }, "smtp_unavailable", false],
    [{ code: "EENVELOPE" }, "smtp_invalid_mail", true],
    [{ code: "EPROTOCOL" }, "smtp_failed", false],
    [{}, "smtp_failed", false],
  ])("%j is a %s, permanent: %s", (fields, errorClass, permanent) => {
    const failure = describeMailError("smtp.example.com:587", fail(fields));
    expect(failure).toMatchObject({ errorClass, permanent });
    expect(failure.message).toMatch(/\S/);
    expect(failure.message).not.toContain("from the library");
  });

  it("that is no error at all is a smtp_failed", () => {
    expect(describeMailError("smtp.example.com", "boom")).toMatchObject({
      errorClass: "smtp_failed",
      permanent: false,
    });
  });

  it("brings the server's reply along", () => {
    const error = fail({
      code: "EENVELOPE",
      command: "RCPT TO",
      response: "550 no such user",
      responseCode: 550,
    });
    expect(describeMailError("smtp.example.com", error)).toEqual({
      permanent: true,
      errorClass: "smtp_recipient_refused",
      message: "The mail server smtp.example.com answered: 550 no such user",
      response: "550 no such user",
      responseCode: 550,
    });
  });
});

describe("the refused recipients of a mail that others got", () => {
  it("are listed with the reply each of them got", () => {
    const error = fail({ recipient: "a@b.c", response: "550 no", responseCode: 550 });
    expect(readRejections([error, fail({})])).toEqual([
      { address: "a@b.c", response: "550 no", responseCode: 550 },
      { address: "", response: "", responseCode: null },
    ]);
  });
});
