// Credentials are taken out of every spelling in which they can turn up.
import { describe, expect, it } from "vitest";
import { collectMasks, createScrubber } from "./scrub.ts";

const url = "https://hooks.slack.com/services/T00/B00/s3cr3t";
const shown = "https://hooks.slack.com/services/T00/…";

function scrub(text: string): string {
  const secrets = { url, headers: { authorization: 'Bearer a"b' }, secret: "whsec_x", pin: "1" };
  return createScrubber(collectMasks(secrets, (key) => (key === "url" ? shown : "••••")))(text);
}

describe("createScrubber", () => {
  it("shows the masked form of a whole address, and hides its path alone", () => {
    expect(scrub(`POST ${url}`)).toBe(`POST ${shown}`);
    expect(scrub("no route /services/T00/B00/s3cr3t")).toBe("no route ••••");
  });

  it("hides a value as text, in JSON and in a query", () => {
    expect(scrub("whsec_x")).toBe("••••");
    expect(scrub(JSON.stringify({ got: 'Bearer a"b' }))).toBe('{"got":"••••"}');
    expect(scrub(`?next=${encodeURIComponent(url)}`)).toBe(`?next=${shown}`);
  });

  it("hides it inside what is encoded as a whole, wherever it begins there", () => {
    const token = "tk_0123456789/abc+x";
    const hide = createScrubber(new Map([[token, "••••"]]));
    for (const before of ["", "a", "ab", "abc"]) {
      const text = `${before}${token} and what follows`;
      for (const form of ["base64", "base64url", "hex"] as const) {
        const encoded = Buffer.from(text).toString(form);
        const left = Buffer.from(hide(encoded).replace("••••", ""), form).toString();
        expect(hide(encoded)).toContain("••••");
        expect(left).not.toContain(token.slice(2, -2));
      }
    }
  });

  it.each([
    ["escaped slashes", "abc\\/def%26"],
    ["a URL in a URL", encodeURIComponent(encodeURIComponent("abc/def%26"))],
    ["lower-case hex", "abc%2fdef%2526"],
    ["units of UTF-16", "abc\\u002Fdef\\u002526"],
    ["HTML", "abc&#x2F;def&#37;26"],
    ["the other case", "ABC/DEF%26"],
  ])("knows it by %s", (_, text) => {
    expect(createScrubber(new Map([["abc/def%26", "••••"]]))(`<${text}>`)).toBe("<••••>");
  });

  it("hides its beginning where a text was cut off in the middle of it", () => {
    const hide = createScrubber(collectMasks({ url }, () => shown));
    expect(hide(`it said ${url.slice(0, -2)}… there`)).toBe("it said ••••… there");
    expect(hide("it said https://hooks.slack.com/services/T00/… there")).toContain("/T00/…");
    expect(hide(url.slice(0, -2), "cut")).toBe("••••");
    expect(hide(url.slice(0, -2))).toBe(url.slice(0, -2));
  });

  it("leaves values alone that are too short to be credentials", () => {
    expect(scrub("status 1")).toBe("status 1");
  });
});

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
