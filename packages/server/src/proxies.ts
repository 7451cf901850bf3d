// Which machines in front of this one are believed about whom they speak for. Pure; it reads
// addresses as they are written and never resolves a name.
import ipaddr from "ipaddr.js";

/** True for addresses whose `X-Forwarded-For` is believed. */
export type IsTrusted = (address: string) => boolean;

/** Names for what many would write out: RFC 1918 and RFC 4193, and this machine itself. */
const names: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** What is wrong with an entry of the setting, as the end of a sentence. */
export function findWrongProxy(entry: string): string | undefined {
  if (Object.hasOwn(names, entry)) return undefined;
  const [address = "", length, ...rest] = entry.split("/");
  const bitsMax = ipaddr.IPv4.isValidFourPartDecimal(address) ? 32 : 128;
  const bits = length === undefined ? bitsMax : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (!isAddress(address) || rest.length > 0 || bits < 0 || bits > bitsMax) {
    return (
      `holds "${entry}", which is no address, no network and no name: write 192.0.2.7, ` +
      "10.0.0.0/8, loopback or private"
    );
  }
  if (bits === 0) {
    return `holds "${entry}", which is everybody: write the addresses of your proxies`;
  }
  const first = toFirstAddress(address, bits);
  if (ipaddr.parse(address).toString() === first) return undefined;
  // Not rounded: whoever meant one machine would believe sixteen million.
  return (
    `holds "${entry}", whose address has bits beyond the length: write ${first}/${bits} for ` +
    `the network or ${address} for the one machine`
  );
}

/** Takes entries that `findWrongProxy` finds nothing wrong with. */
export function createTrust(entries: readonly string[]): IsTrusted {
  const networks = entries
    .flatMap((entry) => names[entry] ?? [entry])
    .map((text) => {
      const [address = "", length] = text.split("/");
      const { kind, bytes } = readAddress(address);
      return { kind, bytes, bits: length === undefined ? bytes.length * 8 : Number(length) };
    });
  return (address) => {
    if (!isAddress(address.replace(/%.*$/s, ""))) return false;
    const { kind, bytes } = readAddress(address);
    return networks.some(
      (network) => network.kind === kind && hasPrefix(bytes, network.bytes, network.bits),
    );
  };
}

/** Strictly: ipaddr.js alone also takes `0x7f.1`, `127` and zones. */
function isAddress(text: string): boolean {
  return (
    ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes("%"))
  );
}

/** `::ffff:a.b.c.d`, as a socket for both families shows IPv4, is read as a.b.c.d. */
function readAddress(text: string) {
  const parsed = ipaddr.process(text.replace(/%.*$/s, ""));
  return { kind: parsed.kind(), bytes: parsed.toByteArray() };
}

function hasPrefix(bytes: readonly number[], prefix: readonly number[], bits: number): boolean {
  return prefix.every((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return ((byte ^ (bytes[index] ?? 0)) & (0xff << (8 - kept)) & 0xff) === 0;
  });
}

function toFirstAddress(address: string, bits: number): string {
  const bytes = ipaddr
    .parse(address)
    .toByteArray()
    .map((byte, index) => byte & (0xff << (8 - Math.min(8, Math.max(0, bits - index * 8)))) & 0xff);
  return ipaddr.fromByteArray(bytes).toString();
}

// Nobody has as many proxies one behind the other; a client's own header is as long as it likes.
const hopsMax = 32;
// Of IPv6 with an IPv4 part, in brackets and with a port.
const entryCharsMax = 53;

/**
 * `X-Forwarded-For` as far as it is one: what stands right of anything that is no address, and no
 * more of that than there could be proxies. Each proxy appends whom it was asked by, so what is
 * left of a fault was written by nobody we know.
 */
export function readForwardedFor(header: string): string[] {
  const entries = header.split(",").slice(-hopsMax).map(withoutPort);
  const fault = entries.findLastIndex((entry) => !isAddress(entry));
  return entries.slice(fault + 1);
}

/** Some proxies (Azure's) write the port too: `192.0.2.7:1234`, `[2001:db8::1]:1234`. */
function withoutPort(entry: string): string {
  const text = entry.trim();
  if (text.length > entryCharsMax) return "";
  return /^\[(.+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d{1,5}$/, "$1");
}
