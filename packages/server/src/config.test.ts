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

describe("origins of browsers", () => {
  const read = (value: string) => readConfig({ TRIGRUN_CORS_ORIGINS: value }).corsOrigins;

  it("are taken as browsers write them", () => {
    expect(read("https://app.example.com, http://localhost:5173,http://[::1]:8080")).toEqual([
      "https://app.example.com",
      "http://localhost:5173",
      "http://[::1]:8080",
    ]);
    expect(readConfig({}).corsOrigins).toEqual([]);
  });

  it.each([
    ["*", /name each origin/],
    ["https://*.example.com", /name each origin/],
    ["null", /no origin/],
    ["app.example.com", /no origin/],
    ["file:///app", /no origin/],
    ["https://app.example.com/", /write https:\/\/app\.example\.com\./],
    ["https://app.example.com/app", /write https:\/\/app\.example\.com\./],
    ["https://App.example.com", /write https:\/\/app\.example\.com\./],
    ["https://app.example.com:443", /write https:\/\/app\.example\.com\./],
    ["https://user@app.example.com", /write https:\/\/app\.example\.com\./],
  ])("are refused otherwise, with what would be right: %s", (value, sentence) => {
    expect(() => read(value)).toThrow(/^TRIGRUN_CORS_ORIGINS holds /);
    expect(() => read(`https://ok.example.com,${value}`)).toThrow(sentence);
  });
});

describe("limits and proxies", () => {
  it("are read strictly, and told with what would be right", () => {
    const config = readConfig({
      TRIGRUN_RATE_LIMIT_PER_TOKEN: "off",
      TRIGRUN_RATE_LIMIT_PER_ADDRESS: "30",
      TRIGRUN_TRUSTED_PROXIES: "loopback, 10.0.0.0/8",
    });
    expect(config).toMatchObject({ rateLimitPerToken: "off", rateLimitPerAddress: 30 });
    expect(config.trustedProxies).toEqual(["loopback", "10.0.0.0/8"]);
    expect(readConfig({})).toMatchObject({
      ...{ rateLimitPerToken: 6_000, rateLimitPerAddress: 1_200, trustedProxies: [] },
    });
  });

  it.each(["0", "-1", "1.5", "Off", "unlimited", "10000000000"])("refuse the rate %s", (value) => {
    expect(() => readConfig({ TRIGRUN_RATE_LIMIT_PER_TOKEN: value })).toThrow(/`off` or a whole/);
  });

  it("refuse a proxy that is none", () => {
    const read = () => readConfig({ TRIGRUN_TRUSTED_PROXIES: "loopback,0.0.0.0/0" });
    expect(read).toThrow(/^TRIGRUN_TRUSTED_PROXIES holds "0\.0\.0\.0\/0", which is everybody/);
  });
});
