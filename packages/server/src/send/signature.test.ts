// Our signatures against the published verifiers of the Standard Webhooks specification.
import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, it } from "vitest";
import { toKey, toSignatureHeaders } from "./signature.ts";

const encoded = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const plain = "whsec_your_signing_secret";
const body = JSON.stringify({ type: "execution.failed", data: { text: "ä€😀" } });

function headersFor(secrets: string[]) {
  return toSignatureHeaders({ id: "dlv_1", at: new Date(), body }, secrets);
}

/** The verifiers take base64 keys only, so a plain secret is given to them as its bytes. */
const keyOf = (secret: string) => Buffer.from(secret, "utf8").toString("base64");

describe("toSignatureHeaders", () => {
  it.each([
    ["standardwebhooks", Webhook],
    ["svix", SvixWebhook],
  ])("is accepted by %s, for a whsec_ base64 secret and for a plain one", (_, Verifier) => {
    expect(new Verifier(encoded).verify(body, headersFor([encoded]))).toEqual(JSON.parse(body));
    expect(new Verifier(keyOf(plain)).verify(body, headersFor([plain]))).toEqual(JSON.parse(body));
  });

  it("signs with both secrets of a rotation, so that either verifies", () => {
    const headers = headersFor([encoded, plain]);
    expect(headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    for (const key of [encoded, keyOf(plain)]) {
      expect(new Webhook(key).verify(body, headers)).toEqual(JSON.parse(body));
    }
  });

  it("is refused for another body, another secret and another id", () => {
    const headers = headersFor([encoded]);
    expect(() => new Webhook(encoded).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(keyOf(plain)).verify(body, headers)).toThrow();
    expect(() =>
      new Webhook(encoded).verify(body, { ...headers, "webhook-id": "dlv_2" }),
    ).toThrow();
  });

  it("is HMAC-SHA256 over id.timestamp.body in seconds", () => {
    const at = new Date("2026-03-01T10:00:00.999Z");
    const headers = toSignatureHeaders({ id: "dlv_1", at, body }, [plain]);
    const expected = createHmac("sha256", plain).update(`dlv_1.1772359200.${body}`);
    expect(headers["webhook-timestamp"]).toBe("1772359200");
    expect(headers["webhook-signature"]).toBe(`v1,${expected.digest("base64")}`);
  });
});

describe("toKey", () => {
  it.each([
    ["whsec_ + base64 of 24 bytes", encoded, 24],
    ["whsec_ + base64 of 64 bytes", `whsec_${Buffer.alloc(64, 7).toString("base64")}`, 64],
    ["the seed's own secret", plain, plain.length],
    ["base64 of too few bytes", `whsec_${Buffer.alloc(23).toString("base64")}`, 38],
    ["base64 of too many bytes", `whsec_${Buffer.alloc(65).toString("base64")}`, 94],
    ["base64 without the prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 32],
    ["other text", "päss", 5],
  ])("reads %s", (_, secret, length) => {
    expect(toKey(secret)).toHaveLength(length);
  });
});
