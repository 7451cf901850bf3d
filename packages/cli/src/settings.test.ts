// Which address and which token win.
import { describe, expect, it } from "vitest";
import { resolveSettings, type Sources, toAddress } from "./settings.ts";

const login = { url: "https://stored.example", token: "stored" };
const resolve = (sources: Partial<Sources>) =>
  resolveSettings({ flags: {}, env: {}, login: undefined, loginPath: "config.json", ...sources });

describe("the address", () => {
  it("comes from the flag, then CRON_, then TRIGRUN_, then the login, then the default", () => {
    const env = { CRON_API_URL: "http://cron", TRIGRUN_API_URL: "http://trigrun" };
    expect(resolve({ flags: { url: "http://flag" }, env, login }).url).toBe("http://flag");
    expect(resolve({ env, login }).url).toBe("http://cron");
    expect(resolve({ env: { ...env, CRON_API_URL: "" }, login }).url).toBe("http://trigrun");
    expect(resolve({ login }).url).toBe("https://stored.example");
    expect(resolve({}).url).toBe("http://127.0.0.1:7400");
  });

  it.each([
    ["http://127.0.0.1:7400/", "http://127.0.0.1:7400"],
    ["HTTPS://Cron.Example.com", "https://cron.example.com"],
    ["https://example.com/cron/", "https://example.com/cron"],
    ["http://[::1]:80", "http://[::1]"],
  ])("%s is %s", (text, address) => {
    expect(toAddress(text, "--url")).toBe(address);
  });

  it.each(["", "localhost", "localhost:7400", "file:///etc/passwd", "http://a/?b", "http://a/#b"])(
    "%j is refused",
    (text) => {
      expect(() => toAddress(text, "--url")).toThrow("from --url");
    },
  );
});

describe("the token", () => {
  it("comes from the flag, then CRON_, then TRIGRUN_, then the login", () => {
    const env = { CRON_TOKEN: "cron", TRIGRUN_TOKEN: "trigrun" };
    expect(resolve({ flags: { token: "flag" }, env, login }).token).toBe("flag");
    expect(resolve({ env, login }).token).toBe("cron");
    expect(resolve({ env: { TRIGRUN_TOKEN: "trigrun\n" }, login }).token).toBe("trigrun");
    expect(resolve({ login })).toMatchObject({ token: "stored", tokenSource: "config.json" });
    expect(resolve({})).not.toHaveProperty("token");
  });

  it("of the login goes to the address of the login only", () => {
    const other = resolve({ flags: { url: "https://other.example" }, login });
    expect(other).not.toHaveProperty("token");
    expect(other.otherLoginUrl).toBe("https://stored.example");
    expect(resolve({ flags: { url: "https://STORED.example/" }, login }).token).toBe("stored");
  });

  it("that cannot stand in a header is refused without being repeated", () => {
    for (const token of ["two words", "line\nbreak", "ümlaut"]) {
      const refused = () => resolve({ env: { CRON_TOKEN: token } });
      expect(refused).toThrow("CRON_TOKEN");
      expect(refused).not.toThrow(token);
    }
  });
});
