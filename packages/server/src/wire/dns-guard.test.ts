// Ways around the address guard that lead over names: a real name server answers as an attacker's
// would, and a canary that listens behind the forbidden address must never be reached.
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type DnsServer, openDnsServer } from "../../test/support/dns-server.ts";
import { Openings, openHttpFarEnd } from "../../test/support/far-end.ts";
import { forbiddenUrls, zoneUrls } from "../../test/support/forbidden-urls.ts";
import { createAddressGuard } from "./address-guard.ts";
import { createHttpDoor } from "./http.ts";
import type { HttpCall } from "./http-call.ts";

const openings = new Openings();
afterEach(() => openings.close());

const openTarget = async () =>
  openings.keep(await openHttpFarEnd((_request, response) => response.end("reached")));

const openDns = async () => openings.keep(await openDnsServer());

function openDoor({ resolve }: DnsServer, allowed: readonly string[] = []) {
  return openings.keep(createHttpDoor({ guard: createAddressGuard(allowed), resolve }));
}

function ask(url: string): HttpCall {
  const base = { method: "GET", headers: {}, body: null, timeoutMs: 5_000, bodyBytesMax: 1_000 };
  return { ...base, followRedirects: true, url };
}

describe("the name server of these tests", () => {
  it("leads a call to where it says, so that a refusal below means something", async () => {
    const dns = await openDns();
    const target = await openTarget();
    dns.answers("target.test", ["127.0.0.1"]);
    const door = openDoor(dns, ["127.0.0.1/32"]);
    const outcome = await door.call(ask(`http://target.test:${target.port}/`));
    expect(outcome).toMatchObject({ kind: "answered", statusCode: 200 });
    expect(target.accepted()).toBe(1);
    const none = await door.call(ask("http://nowhere.test/"));
    expect(none).toMatchObject({ errorClass: "dns_error" });
  });
});

describe("a name whose answer is", () => {
  const publicAddress = "93.184.216.34";
  it.each([
    ["this machine", ["127.0.0.1"]],
    ["another address of this machine", ["127.8.8.8"]],
    ["this machine in IPv6", ["::1"]],
    ["no address in particular", ["0.0.0.0"]],
    ["no IPv6 address in particular", ["::"]],
    ["private (10/8)", ["10.0.0.1"]],
    ["private (172.16/12)", ["172.31.255.254"]],
    ["private (192.168/16)", ["192.168.1.1"]],
    ["shared", ["100.64.0.1"]],
    ["link-local", ["169.254.1.1"]],
    ["the metadata service", ["169.254.169.254"]],
    ["the metadata service in IPv6", ["fd00:ec2::254"]],
    ["Azure's own", ["168.63.129.16"]],
    ["Alibaba's own", ["100.100.100.200"]],
    ["multicast", ["224.0.0.1"]],
    ["broadcast", ["255.255.255.255"]],
    ["reserved", ["240.0.0.1"]],
    ["for documents", ["192.0.2.1"]],
    ["for benchmarks", ["198.18.0.1"]],
    ["mapped IPv4", ["::ffff:127.0.0.1"]],
    ["mapped private IPv4", ["::ffff:192.168.0.1"]],
    ["compatible IPv4", ["::127.0.0.1"]],
    ["translated IPv4", ["::ffff:0:127.0.0.1"]],
    ["behind NAT64", ["64:ff9b::7f00:1"]],
    ["behind local NAT64", ["64:ff9b:1::7f00:1"]],
    ["6to4", ["2002:7f00:1::"]],
    ["Teredo", ["2001:0:7f00:1::"]],
    ["ISATAP", ["2606:4700::5efe:7f00:1"]],
    ["unique local", ["fd12:3456::1"]],
    ["link-local in IPv6", ["fe80::1"]],
    ["site-local", ["fec0::1"]],
    ["multicast in IPv6", ["ff02::1"]],
    ["public first, then private", [publicAddress, "10.0.0.1"]],
    ["private first, then public", ["10.0.0.1", publicAddress]],
    ["public, and private in IPv6", [publicAddress, "fd00::1"]],
    ["public in IPv6, and this machine", ["2606:4700::1111", "127.0.0.1"]],
    ["one forbidden among many", [...Array<string>(20).fill(publicAddress), "127.0.0.1"]],
  ])("%s is refused", async (_what, addresses) => {
    const dns = await openDns();
    const canary = await openTarget();
    dns.answers("a.test", addresses);
    const outcome = await openDoor(dns).call(ask(`http://a.test:${canary.port}/`));
    expect(outcome).toMatchObject({
      kind: "refused",
      errorClass: "target_not_allowed",
      message: expect.stringContaining("a.test"),
      phases: { connectMs: null },
    });
    expect(canary.accepted()).toBe(0);
  });

  it.each([
    ["in capitals", "http://A.TEST:PORT/"],
    ["with a trailing dot", "http://a.test.:PORT/"],
    ["with IDN dots", "http://a。test:PORT/"],
    ["percent-encoded", "http://%61.test:PORT/"],
    ["with a soft hyphen", "http://a\u00ad.test:PORT/"],
    ["over TLS", "https://a.test:PORT/"],
  ])("forbidden is refused %s", async (_how, template) => {
    const dns = await openDns();
    const canary = await openTarget();
    dns.answers("a.test", ["127.0.0.1"]);
    const url = template.replace("PORT", String(canary.port));
    expect(await openDoor(dns).call(ask(url))).toMatchObject({ kind: "refused" });
    expect(dns.asked("a.test")).toBe(1);
    expect(canary.accepted()).toBe(0);
  });

  it("an address written into a name is refused for what it resolves to", async () => {
    const dns = await openDns();
    const canary = await openTarget();
    dns.answers("127.0.0.1.nip.test", ["127.0.0.1"]);
    const outcome = await openDoor(dns).call(ask(`http://127.0.0.1.nip.test:${canary.port}/`));
    expect(outcome).toMatchObject({ kind: "refused" });
  });
});

describe("a name with a fixed meaning", () => {
  it.each(["localhost", "a.localhost", "metadata.google.internal", "instance-data"])(
    "%s is refused without being asked for",
    async (name) => {
      const dns = await openDns();
      dns.answers(name, ["93.184.216.34"]);
      expect(await openDoor(dns).call(ask(`http://${name}/`))).toMatchObject({ kind: "refused" });
      expect(dns.asked(name)).toBe(0);
    },
  );
});

describe("a name that changes its answer (rebinding)", () => {
  it("is asked for once a connection: what was checked is what is dialled", async () => {
    const dns = await openDns();
    const target = await openTarget();
    dns.answers("flip.test", ["127.0.0.1"], ["10.0.0.1"]);
    const door = openDoor(dns, ["127.0.0.1/32"]);
    const outcome = await door.call(ask(`http://flip.test:${target.port}/`));
    expect(outcome).toMatchObject({ kind: "answered" });
    expect(dns.asked("flip.test")).toBe(1);
  });

  it("is refused as soon as the answer is forbidden, also for a redirect to itself", async () => {
    const dns = await openDns();
    dns.answers("flip.test", ["127.0.0.1"], ["169.254.169.254"]);
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        response.writeHead(302, { location: "/again", connection: "close" }).end();
      }),
    );
    const door = openDoor(dns, ["127.0.0.1/32"]);
    const outcome = await door.call(ask(`http://flip.test:${far.port}/`));
    expect(outcome).toMatchObject({ kind: "refused", redirects: [expect.any(String)] });
    expect(far.accepted()).toBe(1);
    expect(dns.asked("flip.test")).toBe(2);
  });

  it("back and forth is never dialled at its forbidden address", async () => {
    const dns = await openDns();
    const flips = Array.from({ length: 10 }, (_, n) => [n % 2 === 0 ? "10.0.0.1" : "127.0.0.1"]);
    dns.answers("flip.test", ...flips);
    const far = openings.keep(
      await openHttpFarEnd((_request, response) => {
        response.setHeader("connection", "close").end();
      }),
    );
    const door = openDoor(dns, ["127.0.0.1/32"]);
    const kinds: string[] = [];
    for (let call = 0; call < 10; call += 1) {
      kinds.push((await door.call(ask(`http://flip.test:${far.port}/`))).kind);
      await far.emptied();
    }
    expect(kinds.filter((kind) => kind === "refused")).toHaveLength(5);
    expect(kinds.filter((kind) => kind === "answered")).toHaveLength(5);
  });
});

describe("a redirect from a name that may be called", () => {
  /** The first hop listens on 127.0.0.3, so that nothing of 127.0.0.1 has to be opened for it. */
  async function openRedirecting(location: string): Promise<number> {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      const head = `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${location}\r\n`;
      socket.once("data", () =>
        socket.end(`${head}content-length: 0\r\nconnection: close\r\n\r\n`),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.3", resolve));
    openings.keep({ close: () => new Promise<void>((done) => server.close(() => done())) });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("it has a port");
    return address.port;
  }

  // A header is Latin-1 on one line, and its ends are cut; the URLs are sent as far ends send them.
  const locations = [...forbiddenUrls, ...zoneUrls]
    .map((url) => Buffer.from(url, "utf8").toString("latin1"))
    .filter((url) => !/[\n\t]/.test(url));

  it.each([...locations, "http://inner.test:PORT/", "http://mixed.test:PORT/"])(
    "to %j is refused at the hop",
    async (template) => {
      const dns = await openDns();
      const canary = await openTarget();
      dns.answers("first.test", ["127.0.0.3"]);
      dns.answers("inner.test", ["127.0.0.1"]);
      dns.answers("mixed.test", ["127.0.0.3", "127.0.0.1"]);
      const port = await openRedirecting(template.replace("PORT", String(canary.port)));
      const door = openDoor(dns, ["127.0.0.3/32"]);
      const outcome = await door.call(ask(`http://first.test:${port}/`));
      expect(outcome.kind).not.toBe("answered");
      expect(["target_not_allowed", "invalid_redirect", "dns_error"]).toContain(
        outcome.kind === "answered" ? "" : outcome.errorClass,
      );
      expect(canary.accepted()).toBe(0);
    },
  );
});
