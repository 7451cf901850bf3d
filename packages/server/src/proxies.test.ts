// Who is believed about the client's address: only what the operator wrote, and only addresses.
import { describe, expect, it } from "vitest";
import { createTrust, findWrongProxy, readForwardedFor } from "./proxies.ts";

describe("findWrongProxy", () => {
  it.each([
    "192.0.2.7",
    "10.0.0.0/8",
    "192.0.2.7/32",
    "2001:db8::/32",
    "::1",
    "::ffff:192.0.2.7",
    "loopback",
    "private",
  ])("takes %s", (entry) => {
    expect(findWrongProxy(entry)).toBeUndefined();
  });

  it.each([
    ["true", /no address/],
    ["*", /no address/],
    ["1", /no address/],
    ["toString", /no address/],
    ["proxy.example.com", /no address/],
    ["127.1", /no address/],
    ["0x7f.0.0.1", /no address/],
    ["010.0.0.1", /no address/],
    ["10.0.0.0/33", /no address/],
    ["10.0.0.0/", /no address/],
    ["10.0.0.0/8/8", /no address/],
    ["10.0.0.0/255.0.0.0", /no address/],
    ["fe80::1%eth0", /no address/],
    ["0.0.0.0/0", /everybody/],
    ["::/0", /everybody/],
    ["10.0.0.1/8", /write 10\.0\.0\.0\/8 .* or 10\.0\.0\.1/],
    ["2001:db8::1/32", /write 2001:db8::\/32/],
  ])("refuses %s with a sentence", (entry, sentence) => {
    expect(findWrongProxy(entry)).toMatch(sentence);
  });
});

describe("createTrust", () => {
  it.each([
    [["loopback"], ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"], ["10.0.0.1", "::2"]],
    [["private"], ["10.1.2.3", "172.31.0.1", "192.168.0.1", "fd00::1"], ["172.32.0.1", "fe00::1"]],
    [["192.0.2.0/25"], ["192.0.2.0", "192.0.2.127"], ["192.0.2.128", "192.0.1.255"]],
    [["2001:db8::/33"], ["2001:db8::1", "2001:db8:7fff::1"], ["2001:db8:8000::1", "32.1.13.184"]],
    [["::ffff:192.0.2.7"], ["192.0.2.7"], ["192.0.2.8"]],
    [["fe80::1"], ["fe80::1%eth0"], ["fe80::2%eth0"]],
    [[], [], ["127.0.0.1", "::1", "", "unknown"]],
    [
      ["private", "::1"],
      ["::1", "10.0.0.1"],
      ["010.0.0.1", "10.1", "garbage", "10.0.0.1:80"],
    ],
  ])("of %j is for %j and not for %j", (entries, inside, outside) => {
    const isTrusted = createTrust(entries);
    expect(inside.filter((address) => !isTrusted(address))).toEqual([]);
    expect(outside.filter((address) => isTrusted(address))).toEqual([]);
  });
});

describe("readForwardedFor", () => {
  it.each([
    ["192.0.2.1", ["192.0.2.1"]],
    ["192.0.2.1, 2001:db8::1,10.0.0.1", ["192.0.2.1", "2001:db8::1", "10.0.0.1"]],
    ["192.0.2.1:4711, [2001:db8::1]:443, [::1]", ["192.0.2.1", "2001:db8::1", "::1"]],
    ["192.0.2.1, unknown, 10.0.0.1", ["10.0.0.1"]],
    ["192.0.2.1, , 10.0.0.1", ["10.0.0.1"]],
    ["192.0.2.1, 10.0.0.1, garbage", []],
    ["127.1", []],
    ["192.0.2.1; drop", []],
    ["fe80::1%eth0", []],
    ["", []],
    [",".repeat(15_000), []],
    [`[${"]".repeat(100)}, 10.0.0.1`, ["10.0.0.1"]],
  ])("of %j is %j", (header, addresses) => {
    expect(readForwardedFor(header)).toEqual(addresses);
  });

  it("is the last 32 of a chain that is longer than any", () => {
    const last = Array.from({ length: 32 }, (_, n) => `10.0.0.${n}`);
    const chain = `${"192.0.2.1, ".repeat(1_000)}${last.join(", ")}`;
    expect(readForwardedFor(chain)).toEqual(last);
  });
});
