// Decides which addresses a call on a user's behalf may reach: public ones, and what the operator
// opened. It never resolves a name and never opens a socket; `dial.ts` asks it again about the very
// address that is dialled, because only that check cannot be fooled by a name.

import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

export interface AddressGuard {
  /** Why this IP address may not be reached, as a sentence for the user; undefined when it may. */
  refusal(address: string): string | undefined;
  /** Why a URL is refused before any name is resolved: for the moment a job or channel is saved. */
  refusalOfUrl(url: string): string | undefined;
}

type Ip = ReturnType<typeof ipaddr.parse>;
interface Network {
  base: Ip;
  bits: number;
}

const howToOpen = "An operator can open networks with TRIGRUN_ALLOW_NETWORKS.";

// The names are those of ipaddr.js, which follows the IANA special-purpose address registries.
// A name that is missing here is refused all the same, under the words "a reserved address".
const ranges: Readonly<Record<string, string>> = {
  unspecified: "an unspecified address (it means this machine itself)",
  loopback: "a loopback address (this machine itself)",
  linkLocal: "a link-local address (cloud metadata services answer there)",
  private: "a private address",
  uniqueLocal: "a private address",
  deprecatedSiteLocal: "a private (site-local) address",
  carrierGradeNat: "a shared carrier address (carrier-grade NAT)",
  multicast: "a multicast address",
  broadcast: "the broadcast address",
  discard: "a discard address",
  ipv4Mapped: "an IPv4 address written as IPv6",
  rfc6145: "an IPv4 address translated to IPv6",
  rfc6052: "an IPv4 address behind NAT64",
  "6to4": "an IPv4 address tunnelled by 6to4",
  teredo: "an IPv4 address tunnelled by Teredo",
};

// The inner services of Azure (in a public range) and Alibaba (in a shared one).
// https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
const cloudAddresses: ReadonlySet<string> = new Set(["168.63.129.16", "100.100.100.200"]);

// 2000::/3 is all that IANA has given out as global unicast; ipaddr.js calls everything it has no
// name for "unicast", so `::7f00:1` (an IPv4-compatible 127.0.0.1) would pass without this.
const globalUnicast: Network = { base: ipaddr.parse("2000::"), bits: 3 };

// Names that lead to a special address wherever they are asked, with the addresses they stand for.
// RFC 6761 section 6.3 fixes `localhost`; the others are the metadata services of the large clouds.
const loopbackAddresses = ["127.0.0.1", "::1"];
const metadataAddresses = ["169.254.169.254", "fd20:ce::254", "fd00:ec2::254"];
const specialNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["localhost", loopbackAddresses],
  ["localhost.localdomain", loopbackAddresses],
  ["localhost6", loopbackAddresses],
  ["localhost6.localdomain6", loopbackAddresses],
  ["ip6-localhost", loopbackAddresses],
  ["ip6-loopback", loopbackAddresses],
  ["metadata", metadataAddresses],
  ["metadata.google.internal", metadataAddresses],
  ["metadata.goog", metadataAddresses],
  ["instance-data", metadataAddresses],
  ["instance-data.ec2.internal", metadataAddresses],
  ["metadata.tencentyun.com", ["169.254.0.23"]],
]);

/** True for `localhost` and everything below it, which mean this machine by definition. */
export function isLocalhostName(hostname: string): boolean {
  const name = stripTrailingDots(hostname.toLowerCase());
  return specialNames.get(name) === loopbackAddresses || name.endsWith(".localhost");
}

/** `allowNetworks` wins over every rule here; an entry that is no network throws a sentence. */
export function createAddressGuard(allowNetworks: readonly string[]): AddressGuard {
  const allowed = allowNetworks.map(parseNetwork);
  const refusal = (address: string): string | undefined => {
    const kind = describeForbidden(address, allowed);
    return kind === undefined ? undefined : `${address} is ${kind}. ${howToOpen}`;
  };
  return { refusal, refusalOfUrl: (url) => describeUrl(url, refusal) };
}

function parseNetwork(text: string): Network {
  const [address = "", length, ...rest] = text.trim().split("/");
  const family = isIP(address);
  const bitsMax = family === 4 ? 32 : 128;
  const bits = length === undefined ? bitsMax : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (family === 0 || address.includes("%") || rest.length > 0 || bits < 0 || bits > bitsMax) {
    throw new Error(
      `TRIGRUN_ALLOW_NETWORKS holds "${text}", which is not a network: ` +
        "write it as an address and a length, like 10.0.0.0/8 or fd00::/8.",
    );
  }
  const base = parseIp(address);
  // 10.0.0.1/8 is refused, not rounded: whoever meant one machine would open 16 million.
  if (firstAddressOf(base, bits) !== base.toString()) {
    throw new Error(
      `TRIGRUN_ALLOW_NETWORKS holds "${text}", whose address has bits beyond the length: ` +
        `write ${firstAddressOf(base, bits)}/${bits} for the network or ` +
        `${address}/${bitsMax} for the one machine.`,
    );
  }
  const embedded = embeddedIpv4(base);
  return embedded !== undefined && bits >= 96
    ? { base: embedded, bits: bits - 96 }
    : { base, bits };
}

function firstAddressOf(base: Ip, bits: number): string {
  const bytes = base.toByteArray().map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });
  return ipaddr.fromByteArray(bytes).toString();
}

function describeForbidden(address: string, allowed: readonly Network[]): string | undefined {
  // A zone (`fe80::1%eth0`) only says through which card; the rules look at the address.
  const bare = address.replace(/%.*$/s, "");
  // node's strict reading on purpose: ipaddr.js would also take 0x7f.1 and 0177.0.0.1.
  if (isIP(bare) === 0) return "not an IP address";
  const ip = parseIp(bare);
  const embedded = embeddedIpv4(ip);
  if (isWithin(embedded ?? ip, allowed)) return undefined;
  if (cloudAddresses.has((embedded ?? ip).toString()))
    return "an address of a cloud's own services";
  const range: string = ip.range();
  if (range !== "unicast") return ranges[range] ?? "a reserved address";
  if (ip.kind() === "ipv4") return undefined;
  return describeForbiddenIpv6(ip.toByteArray());
}

function describeForbiddenIpv6(bytes: readonly number[]): string | undefined {
  if (bytes.slice(0, 12).every((byte) => byte === 0)) return "an IPv4-compatible IPv6 address";
  const ip = ipaddr.fromByteArray([...bytes]);
  if (!isWithin(ip, [globalUnicast])) return "not a public address";
  // ISATAP (RFC 5214 section 6.1) hides an IPv4 address behind ::0:5efe or ::200:5efe.
  const isIsatap = ((bytes[8] ?? 0) & 0xfd) === 0 && bytes[9] === 0;
  if (isIsatap && bytes[10] === 0x5e && bytes[11] === 0xfe) {
    return "an IPv4 address tunnelled by ISATAP";
  }
  return undefined;
}

/** Takes what `isIP` takes. ipaddr.js reads `::10.0.0.1` as a mapped address; its hex form not. */
function parseIp(address: string): Ip {
  if (isIP(address) === 4) return ipaddr.parse(address);
  return ipaddr.parse(new URL(`http://[${address}]`).hostname.slice(1, -1));
}

/** ::ffff:a.b.c.d reaches a.b.c.d itself, so the allow list is asked about that address. */
function embeddedIpv4(ip: Ip): Ip | undefined {
  return ip.kind() === "ipv6" && ip.range() === "ipv4Mapped"
    ? ipaddr.fromByteArray(ip.toByteArray().slice(12))
    : undefined;
}

function isWithin(ip: Ip, networks: readonly Network[]): boolean {
  return networks.some(({ base, bits }) => base.kind() === ip.kind() && ip.match(base, bits));
}

function describeUrl(
  text: string,
  refusal: (address: string) => string | undefined,
): string | undefined {
  // No sentence repeats the URL: it may hold a password or a key.
  if (!URL.canParse(text)) {
    return "The URL cannot be read: write it out in full, like https://example.com/path.";
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return `The URL starts with "${url.protocol}", but only http: and https: can be called.`;
  }
  if (url.username !== "" || url.password !== "") {
    return "The URL holds a user name or password: send them in an Authorization header instead.";
  }
  // The URL parser has already undone decimal, octal, hex, short, percent-encoded and
  // full-width spellings; what is left to undo are brackets and trailing dots.
  const host = stripTrailingDots(url.hostname.replace(/^\[|\]$/g, ""));
  if (host === "") return "The URL names no host.";
  if (isIP(host) !== 0) return refusal(host);
  const means = isLocalhostName(host) ? loopbackAddresses : specialNames.get(host);
  if (means === undefined) return undefined;
  // One open address is enough here; which one is really dialled is checked at the socket.
  if (means.some((address) => refusal(address) === undefined)) return undefined;
  const what =
    means === loopbackAddresses ? "means this machine itself" : "is a cloud's metadata service";
  return `The host "${host}" ${what}, which jobs and channels may not reach. ${howToOpen}`;
}

function stripTrailingDots(name: string): string {
  return name.replace(/\.+$/, "");
}
