// A name server on loopback that answers A and AAAA questions as a test says, over real UDP, and
// counts what it was asked. It must never be imported by anything but a test.
import { createSocket } from "node:dgram";
import { type LookupAddress, Resolver } from "node:dns";
import { isIP } from "node:net";
import { parse } from "ipaddr.js";
import type { Resolve } from "../../src/wire/dial.ts";

/** The addresses of a name; `unknown`: there is no such name; `silence`: no answer at all. */
type Answer = readonly string[] | "unknown" | "silence";

export interface DnsServer {
  /** "127.0.0.1:53535". */
  readonly address: string;
  /** What `dns.lookup` does, by this server alone. */
  readonly resolve: Resolve;
  /** The addresses of a name, in order; given several times, the next answer each. */
  answers(name: string, ...answers: Answer[]): void;
  /** How often a name was asked for, both families together counted once. */
  asked(name: string): number;
  close(): Promise<void>;
}

const typeA = 1;
const typeAaaa = 28;
const classIn = 1;
const headerBytes = 12;

export async function openDnsServer(): Promise<DnsServer> {
  const zone = new Map<string, Answer[]>();
  const counts = new Map<string, number>();
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type, end } = readQuestion(query);
    // The family that is asked for second gets the same answer as the first.
    const count = counts.get(`${name} ${type}`) ?? 0;
    counts.set(`${name} ${type}`, count + 1);
    const script = zone.get(name);
    const all = script?.[Math.min(count, script.length - 1)] ?? "unknown";
    if (all === "silence") return;
    const family = type === typeA ? 4 : 6;
    const matching = all === "unknown" ? undefined : all.filter((each) => isIP(each) === family);
    socket.send(toReply(query.subarray(0, end), type, matching), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  const address = `127.0.0.1:${socket.address().port}`;
  resolver.setServers([address]);
  return {
    address,
    resolve: (name, _options, callback) => {
      void lookUp(resolver, name).then(
        (addresses) => callback(null, addresses),
        (error: unknown) => callback(error instanceof Error ? error : new Error("failed"), []),
      );
    },
    answers: (name, ...answers) => void zone.set(name, answers),
    asked: (name) => counts.get(`${name} ${typeA}`) ?? 0,
    close: () => {
      resolver.cancel();
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

async function lookUp(resolver: Resolver, name: string): Promise<LookupAddress[]> {
  const ask = (family: 4 | 6) =>
    new Promise<LookupAddress[]>((resolve, reject) => {
      const done = (error: NodeJS.ErrnoException | null, found: string[]) => {
        if (error === null) resolve(found.map((address) => ({ address, family })));
        else if (error.code === "ENODATA") resolve([]);
        else reject(error);
      };
      if (family === 4) resolver.resolve4(name, done);
      else resolver.resolve6(name, done);
    });
  return (await Promise.all([ask(4), ask(6)])).flat();
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  // After the root label: two bytes of type, two of class.
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** RFC 1035, section 4: the question again, then the answers. Undefined: there is no such name. */
function toReply(question: Buffer, type: number, addresses: string[] | undefined): Buffer {
  const head = Buffer.from(question);
  const noSuchName = 3;
  // An authoritative response; recursion was asked for and is there.
  head.writeUInt16BE(0x8580 | (addresses === undefined ? noSuchName : 0), 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses?.length ?? 0, 6);
  head.writeUInt32BE(0, 8);
  const answers = (addresses ?? []).map((address) => {
    const data = Buffer.from(parse(address).toByteArray());
    const record = Buffer.alloc(headerBytes);
    // A pointer to the name in the question.
    record.writeUInt16BE(0xc000 | headerBytes, 0);
    record.writeUInt16BE(type === typeAaaa ? typeAaaa : typeA, 2);
    record.writeUInt16BE(classIn, 4);
    // Nobody is to keep it: the next question may get another answer.
    record.writeUInt32BE(0, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  });
  return Buffer.concat([head, ...answers]);
}
