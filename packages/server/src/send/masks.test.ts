// What of a channel's credentials is looked for in records.
import { describe, expect, it } from "vitest";
import { collectMasks } from "./masks.ts";

describe("collectMasks", () => {
  const partsIn = (secrets: Record<string, unknown>, mask = "••••") => [
    ...collectMasks(secrets, () => mask).keys(),
  ];

  it("knows what of a credential a receiver may quote alone", () => {
    const login = `Basic ${Buffer.from("robot:pa55word").toString("base64")}`;
    expect(partsIn({ headers: { a: login, b: "Bearer s3cr3t" } })).toEqual(
      expect.arrayContaining([login, "robot:pa55word", "pa55word", "s3cr3t"]),
    );
    expect(partsIn({ secret: "whsec_abcd" })).toContain("abcd");
    expect(partsIn({ bot_token: "123:ABCD" }, "123:…")).toContain("ABCD");
  });

  it("takes tokens out of an address, and no words or versions", () => {
    const address = "https://e.com/v1/messages/Token1234?key=a-long%2Bkey&version=2016-06-01";
    const parts = partsIn({ url: address }, "https://e.com/…");
    expect(parts).toEqual(expect.arrayContaining(["Token1234", "a-long%2Bkey", "a-long+key"]));
    expect(parts).not.toContain("messages");
    expect(parts).not.toContain("2016-06-01");
  });
});
