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

  it("leaves values alone that are too short to be credentials", () => {
    expect(scrub("status 1")).toBe("status 1");
  });
});
