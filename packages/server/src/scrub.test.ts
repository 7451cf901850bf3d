// Credentials are taken out of every spelling in which they can turn up.
import { describe, expect, it } from "vitest";
import { createScrubber } from "./scrub.ts";
import { collectMasks } from "./send/masks.ts";

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

  const value = "pä\"ss/w<o&r>d+ 'x'\\=!";
  const hide = createScrubber(new Map([[value, "secret://key"]]));
  const bytes = Buffer.from(value);
  const ascii = JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

  it.each([
    ["as it is", value],
    ["in lower case", value.toLowerCase()],
    ["in JSON", JSON.stringify(value)],
    ["in JSON of ASCII", ascii],
    ["in JSON with escaped slashes", JSON.stringify(value).replaceAll("/", "\\/")],
    ["in JSON within JSON", JSON.stringify(JSON.stringify(value))],
    ["in a URL", encodeURIComponent(value)],
    [
      "in a URL, in small digits",
      encodeURIComponent(value).replace(/%../g, (c) => c.toLowerCase()),
    ],
    ["in a form", new URLSearchParams({ value }).toString()],
    ["in HTML", "pä&quot;ss/w&lt;o&amp;r&gt;d+ &#39;x&#39;\\=!"],
    ["in hexadecimal", bytes.toString("hex")],
    ["in base64", bytes.toString("base64")],
    ["in base64 for URLs", bytes.toString("base64url")],
    ["in the base64 of basic authentication", Buffer.from(`u:${value}`).toString("base64")],
    ["in the base64 of something longer", Buffer.from(`abc ${value} def`).toString("base64")],
    ["as the Latin-1 of a header", Buffer.from(value, "latin1").toString("utf8")],
    ["as UTF-8 read for Latin-1", bytes.toString("latin1")],
  ])("hides a value %s", (_how, text) => {
    const hidden = hide(`before ${text} after`);
    expect(hidden).toContain("secret://key");
    expect(hidden).toMatch(/^before .* after$/);
    // What is left of it is at most what its edges share with their neighbours.
    expect(hidden.replace("secret://key", "").length).toBeLessThan("before after".length + 24);
  });

  it("hides the lines of a longer value one by one", () => {
    const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nkiG9w0BAQEFAASC\n-----END KEY-----\n";
    const hideKey = createScrubber(new Map([[pem, "secret://pem"]]));
    expect(hideKey("> kiG9w0BAQEFAASC\r")).toBe("> secret://pem\r");
  });

  it("hides the beginning of a value at the end of a text that was cut", () => {
    const hideKey = createScrubber(new Map([["abcdefghé", "secret://key"]]));
    expect(hideKey("got abcde", true)).toBe("got secret://key");
    expect(hideKey("got abcdefgh\ufffd", true)).toBe("got secret://key");
    expect(hideKey("got abcde")).toBe("got abcde");
    expect(hideKey("got what", true)).toBe("got what");
  });

  it.each(["\\", "s", "%25", "&amp;", "\n", "+", "\\u0022"])(
    "is not slowed down by a text of nothing but %j",
    (unit) => {
      const values = [
        "\\".repeat(50),
        "\n".repeat(50),
        `${"s".repeat(60)}x`,
        's s%&\\\n"\\\\%%%&&&',
      ];
      const hideAll = createScrubber(new Map(values.map((one) => [one, "secret://key"])));
      const text = unit.repeat(65_536 / unit.length);
      const begunAt = performance.now();
      hideAll(text, true);
      // It takes some ten milliseconds; an unbounded repetition would take minutes.
      expect(performance.now() - begunAt).toBeLessThan(5_000);
    },
  );

  it("leaves values alone that are too short to be credentials", () => {
    expect(scrub("status 1")).toBe("status 1");
  });
});
