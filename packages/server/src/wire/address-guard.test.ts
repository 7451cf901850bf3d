// The address guard: every special address in every spelling is refused, the allow list wins, and
// a wrong allow list is refused with a sentence.

import { describe, expect, it } from "vitest";
import { createAddressGuard, isLocalhostName } from "./address-guard.ts";

const closed = createAddressGuard([]);

describe("refusal of an address", () => {
  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.23",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::2",
    "::127.0.0.1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::a9fe:a9fe",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2606:4700::5efe:7f00:1",
    "2606:4700::200:5efe:7f00:1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
  ])("refuses %s and says how to open it", (address) => {
    const refusal = closed.refusal(address);
    expect(refusal).toContain(`${address} is `);
    expect(refusal).toContain("TRIGRUN_ALLOW_NETWORKS");
  });

  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450:4001:81b::200e",
    "2001:4860:4860::8888",
  ])("lets %s through", (address) => {
    expect(closed.refusal(address)).toBeUndefined();
  });

  it.each(["", "localhost", "0x7f.1", "0177.0.0.1", "127.1", "2130706433", "1.2.3.4.5", "[::1]"])(
    "refuses %j, which is no address in the strict spelling",
    (text) => {
      expect(closed.refusal(text)).toContain("not an IP address");
    },
  );
});

describe("the allow list", () => {
  it.each([
    ["127.0.0.1/32", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    [" 10.0.0.0/8 ", "10.20.30.40"],
    ["0.0.0.0/0", "192.168.1.1"],
    ["::1/128", "::1"],
    ["fd00::/8", "fd12:3456::1"],
    ["64:ff9b::/96", "64:ff9b::8.8.8.8"],
    // A mapped address reaches the IPv4 address itself.
    ["127.0.0.1/32", "::ffff:127.0.0.1"],
    ["::ffff:10.0.0.0/104", "10.1.1.1"],
    ["168.63.129.16/32", "168.63.129.16"],
  ])("%s opens %s", (network, address) => {
    expect(createAddressGuard([network]).refusal(address)).toBeUndefined();
  });

  it.each([
    ["127.0.0.1/32", "127.0.0.2"],
    ["10.0.0.0/8", "192.168.0.1"],
    ["10.0.0.0/8", "::10.0.0.1"],
    ["10.0.0.0/8", "64:ff9b::10.0.0.1"],
    ["10.0.0.0/8", "2002:a00:1::"],
    ["::/96", "127.0.0.1"],
  ])("%s does not open %s", (network, address) => {
    expect(createAddressGuard([network]).refusal(address)).toBeDefined();
  });

  it.each([
    ["localhost", "not a network"],
    ["", "not a network"],
    ["10/8", "not a network"],
    ["10.0.0.0/33", "not a network"],
    ["10.0.0.0/-1", "not a network"],
    ["10.0.0.0/8/8", "not a network"],
    ["10.0.0.0/", "not a network"],
    ["0x0a.0.0.0/8", "not a network"],
    ["fe80::%eth0/10", "not a network"],
    ["fd00::/129", "not a network"],
    ["10.0.0.1/8", "10.0.0.0/8 for the network or 10.0.0.1/32 for the one machine"],
    ["fd00::1/8", "fd00::/8 for the network"],
  ])("refuses the entry %j with a sentence", (entry, sentence) => {
    expect(() => createAddressGuard(["127.0.0.1/32", entry])).toThrow(sentence);
    expect(() => createAddressGuard([entry])).toThrow("TRIGRUN_ALLOW_NETWORKS");
  });
});

describe("refusal of a URL", () => {
  it.each([
    "http://127.0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.1../",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.0x1/",
    "http://%31%32%37.0.0.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://１２７.0.0.1/",
    "http://0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http:\\\\127.0.0.1\\",
    "http:127.0.0.1",
    " http://127.0.0.1/\n",
    "ht\ntp://127.0.0.1/",
    "HTTP://LOCALHOST/",
    "http://localhost./",
    "http://localhost../",
    "http://api.localhost/",
    "http://localhost.localdomain/",
    "http://ip6-localhost/",
    "http://lo\u00adcalhost/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata.google.internal./",
    "http://metadata/",
    "http://instance-data/latest",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
  ])("refuses %j and says how to open it", (url) => {
    expect(closed.refusalOfUrl(url)).toContain("TRIGRUN_ALLOW_NETWORKS");
  });

  it.each([
    ["", "cannot be read"],
    ["example.com", "cannot be read"],
    ["http://", "cannot be read"],
    ["http://a b/", "cannot be read"],
    ["http://1.2.3.4.5/", "cannot be read"],
    ["http://./", "names no host"],
    ["file:///etc/passwd", "only http: and https:"],
    ["ftp://example.com/", "only http: and https:"],
    ["gopher://127.0.0.1:6379/_x", "only http: and https:"],
    ["javascript:alert(1)", "only http: and https:"],
    ["http://user:hunter2@example.com/", "Authorization header"],
    ["http://user@example.com/", "Authorization header"],
    ["http://:hunter2@example.com/", "Authorization header"],
  ])("refuses %j with a sentence that does not repeat it", (url, sentence) => {
    expect(closed.refusalOfUrl(url)).toContain(sentence);
    expect(closed.refusalOfUrl(url)).not.toContain("hunter2");
  });

  it.each([
    "http://example.com/",
    "https://example.com:8443/a?b=c#d",
    "https://example.com./",
    "http://1.1.1.1/",
    "http://[2606:4700::1111]/",
    "http://notlocalhost/",
    "http://localhost.example.com/",
    "https://metadata.example.com/",
    "https://bücher.example/",
  ])("lets %s through", (url) => {
    expect(closed.refusalOfUrl(url)).toBeUndefined();
  });

  it("lets through what the operator opened, by address and by name", () => {
    const guard = createAddressGuard(["127.0.0.1/32", "169.254.169.254/32"]);
    expect(guard.refusalOfUrl("http://127.0.0.1:8080/")).toBeUndefined();
    expect(guard.refusalOfUrl("http://127.1/")).toBeUndefined();
    expect(guard.refusalOfUrl("http://[::ffff:127.0.0.1]/")).toBeUndefined();
    expect(guard.refusalOfUrl("http://localhost:8080/")).toBeUndefined();
    expect(guard.refusalOfUrl("http://api.localhost./")).toBeUndefined();
    expect(guard.refusalOfUrl("http://metadata.google.internal/")).toBeUndefined();
    expect(guard.refusalOfUrl("http://127.0.0.2/")).toContain("loopback");
    expect(guard.refusalOfUrl("http://[::1]/")).toContain("loopback");
  });

  it("keeps the other rules for what the operator opened", () => {
    const guard = createAddressGuard(["0.0.0.0/0", "::/0"]);
    expect(guard.refusalOfUrl("http://user:pass@127.0.0.1/")).toContain("Authorization");
    expect(guard.refusalOfUrl("file:///etc/passwd")).toContain("http:");
  });
});

describe("localhost names", () => {
  it("are localhost and what is below it, in any case and with trailing dots", () => {
    const yes = ["localhost", "LOCALHOST.", "a.b.localhost", "localhost6", "ip6-loopback"];
    const no = ["localhost.com", "mylocalhost", "metadata", "example.com", ""];
    expect(yes.filter(isLocalhostName)).toEqual(yes);
    expect(no.filter(isLocalhostName)).toEqual([]);
  });
});
