// Settings are read strictly: what is no number is refused, and an address takes a path behind it.
import { describe, expect, it } from "vitest";
import { readConfig, WrongSettings } from "./config.ts";

describe("readConfig", () => {
  it.each(["0x10", "1e1", " 7", "7.0", "-7", "seven", "99999999"])(
    "refuses %j as a number, and names the setting",
    (value) => {
      const read = () => readConfig({ TRIGRUN_SEND_CONCURRENCY: value });
      expect(read).toThrow(WrongSettings);
      expect(read).toThrow(/TRIGRUN_SEND_CONCURRENCY/);
    },
  );

  it("takes decimal digits, and its own number where there are none", () => {
    expect(readConfig({ TRIGRUN_SEND_CONCURRENCY: "16" }).sendConcurrency).toBe(16);
    expect(readConfig({ TRIGRUN_SEND_CONCURRENCY: "" }).sendConcurrency).toBe(128);
  });

  it("keeps the public address without a slash at its end", () => {
    const read = (url: string) => readConfig({ TRIGRUN_PUBLIC_URL: url }).publicUrl;
    expect(read("https://cron.example.com/")).toBe("https://cron.example.com");
    expect(read("https://example.com/cron//")).toBe("https://example.com/cron");
    expect(() => read("cron.example.com")).toThrow(/TRIGRUN_PUBLIC_URL/);
  });
});
