// Opens one guarded connection: looks the name up, checks every address it stands for, dials
// exactly those addresses and checks again where the socket ended up. Nothing else in the program
// may open a socket to an address that a user chose, so no name can be swapped after the check.

import { ADDRCONFIG, type LookupAddress, lookup as systemLookup } from "node:dns";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { buildConnector } from "undici";
import { type AddressGuard, isLocalhostName } from "./address-guard.ts";
import type { HttpFailure } from "./http-call.ts";
import {
  connectionError,
  connectTimeout,
  DialError,
  type DialStage,
  describeDialError,
  refused,
} from "./http-error.ts";

/** `dns.lookup` with `all: true`; tests put their own name server here. */
export type Resolve = (
  hostname: string,
  options: { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** What is known of a connection while it is being opened, and after. */
export interface DialProgress {
  stage: DialStage;
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
}

/** Starts dialling and returns a function that gives up on it. */
export type Dial = (
  target: buildConnector.Options,
  progress: DialProgress,
  callback: buildConnector.Callback,
) => () => void;

// Each address of a name gets this long before the next one is tried. node's default of 250 ms
// cuts off hosts on the other side of the planet, whose first packet alone takes 300 ms.
const attemptTimeoutMs = 1_000;

// A call may wait 300 s for its answer; many firewalls forget a connection silent for 60 s.
const probeAfterMs = 30_000;

// Linux asks again after 1, 3 and 7 s; who has not answered by 10 s is not there.
const connectTimeoutMsDefault = 10_000;

// A resumed TLS session saves the certificate check (about 1 ms of CPU). A session is 2 to 5 kB,
// so all of them stay under 3 MB.
const tlsSessionsMax = 500;

export function createDial(options: {
  guard: AddressGuard;
  resolve?: Resolve | undefined;
  connectTimeoutMs?: number | undefined;
}): Dial {
  const tools: Tools = {
    guard: options.guard,
    lookup: shareLookups(options.resolve ?? resolveBySystem),
    sessions: new Map(),
    connectTimeoutMs: options.connectTimeoutMs ?? connectTimeoutMsDefault,
  };
  return (target, progress, callback) => {
    const dialling = new Dialling(tools, target, progress, callback);
    dialling.start();
    return () => dialling.giveUp();
  };
}

type Lookup = (
  hostname: string,
  callback: (error: unknown, addresses: readonly LookupAddress[]) => void,
) => void;

interface Tools {
  guard: AddressGuard;
  lookup: Lookup;
  sessions: Map<string, Buffer>;
  connectTimeoutMs: number;
}

// ADDRCONFIG is what node's own sockets ask for: no IPv6 answers on a machine without IPv6.
const resolveBySystem: Resolve = (hostname, { all }, callback) =>
  systemLookup(hostname, { all, hints: ADDRCONFIG }, callback);

/**
 * One lookup at a time per name: at the top of the minute hundreds of jobs want the same host, and
 * the system resolver has four threads for the whole process. Nothing is kept after the answer.
 */
function shareLookups(resolve: Resolve): Lookup {
  const waiting = new Map<string, Parameters<Lookup>[1][]>();
  return (hostname, callback) => {
    const others = waiting.get(hostname);
    if (others !== undefined) {
      others.push(callback);
      return;
    }
    const callbacks = [callback];
    waiting.set(hostname, callbacks);
    const answer = (error: unknown, addresses: readonly LookupAddress[]) => {
      waiting.delete(hostname);
      for (const each of callbacks) each(error, addresses);
    };
    try {
      resolve(hostname, { all: true }, answer);
    } catch (error) {
      answer(error, []);
    }
  };
}

class Dialling {
  private readonly tools: Tools;
  private readonly target: buildConnector.Options;
  private readonly progress: DialProgress;
  private readonly callback: buildConnector.Callback;
  private readonly host: string;
  private stageBeganAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private socket: Socket | undefined;
  private isSettled = false;

  constructor(
    tools: Tools,
    target: buildConnector.Options,
    progress: DialProgress,
    callback: buildConnector.Callback,
  ) {
    this.tools = tools;
    this.target = target;
    this.progress = progress;
    this.callback = callback;
    this.host = target.host ?? target.hostname;
  }

  start(): void {
    const { connectTimeoutMs, guard, lookup } = this.tools;
    const { hostname } = this.target;
    this.timer = setTimeout(
      () => this.fail(connectTimeout(this.host, this.progress.stage, connectTimeoutMs)),
      connectTimeoutMs,
    );
    const family = isIP(hostname);
    if (family === 0) {
      lookup(hostname, (error, addresses) => this.choose(error, addresses));
      return;
    }
    // node never calls `lookup` for a literal address, so it is checked here.
    const refusal = guard.refusal(hostname);
    // undici does not expect its connector to fail before it has returned.
    if (refusal !== undefined) queueMicrotask(() => this.fail(refused(refusal)));
    else this.open([{ address: hostname, family }]);
  }

  giveUp(): void {
    this.settle();
    this.socket?.destroy();
  }

  private choose(error: unknown, addresses: readonly LookupAddress[]): void {
    if (this.isSettled) return;
    const { hostname } = this.target;
    if (error !== null && error !== undefined) {
      this.fail(describeDialError(hostname, "lookup", error));
      return;
    }
    this.progress.dnsMs = this.endStage("tcp");
    const open: LookupAddress[] = [];
    let refusal: string | undefined;
    for (const each of addresses) {
      const why = this.tools.guard.refusal(each.address);
      if (why === undefined) open.push(each);
      else refusal ??= why;
    }
    // One forbidden address condemns the name: whoever mixes a public and an inner address into
    // one name waits for the second to be dialled. `localhost` is the exception, because it is
    // this machine in both families, and the operator may have opened one of them.
    const isRefused = refusal !== undefined && !(open.length > 0 && isLocalhostName(hostname));
    if (isRefused) {
      this.fail(refused(`The name ${hostname} leads to a forbidden address: ${refusal}`));
    } else if (open.length === 0) {
      this.fail(connectionError("dns_error", `The name ${hostname} has no address.`));
    } else {
      this.open(open);
    }
  }

  private open(addresses: LookupAddress[]): void {
    const { target } = this;
    this.progress.stage = "tcp";
    const isSecure = target.protocol === "https:";
    const first = addresses[0];
    // The checked addresses are handed over as the answer of the lookup: there is no second one.
    const pinned: LookupFunction = (_name, options, callback) => {
      if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family);
    };
    const common = {
      host: target.hostname,
      port: Number(target.port) || (isSecure ? 443 : 80),
      lookup: pinned,
      autoSelectFamily: addresses.length > 1,
      autoSelectFamilyAttemptTimeout: attemptTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
    };
    try {
      this.socket = isSecure ? this.openTls(common) : connectTcp(common);
    } catch (error) {
      this.fail(describeDialError(this.host, "tcp", error));
      return;
    }
    this.socket
      .prependOnceListener("connect", () => this.checkPeer(isSecure))
      .on("error", (error) => {
        this.fail(describeDialError(this.host, this.progress.stage, error));
      });
  }

  private openTls(common: { host: string; port: number; lookup: LookupFunction }): TLSSocket {
    const { sessions } = this.tools;
    // undici passes the name of a Host header the user set; a literal address has no name.
    const name = this.target.servername ?? (isIP(common.host) === 0 ? common.host : "");
    const key = `${name}|${common.host}:${common.port}`;
    const session = sessions.get(key);
    const socket = connectTls({
      ...common,
      ...(name === "" ? {} : { servername: name }),
      ...(session === undefined ? {} : { session }),
      ALPNProtocols: ["http/1.1"],
    });
    socket.on("session", (fresh) => {
      sessions.delete(key);
      sessions.set(key, fresh);
      const oldest = sessions.size > tlsSessionsMax ? sessions.keys().next() : undefined;
      if (oldest?.done === false) sessions.delete(oldest.value);
    });
    socket.once("secureConnect", () => {
      this.progress.tlsMs = this.endStage("open");
      this.succeed();
    });
    return socket;
  }

  /** The last word: the address the socket is really connected to, before a byte is sent. */
  private checkPeer(isSecure: boolean): void {
    if (this.isSettled) return;
    const address = this.socket?.remoteAddress;
    const refusal = address === undefined ? undefined : this.tools.guard.refusal(address);
    if (refusal !== undefined) {
      this.fail(refused(refusal));
      return;
    }
    this.progress.connectMs = this.endStage(isSecure ? "tls" : "open");
    if (!isSecure) this.succeed();
  }

  private endStage(next: DialStage): number {
    const now = performance.now();
    const ms = now - this.stageBeganAt;
    this.stageBeganAt = now;
    this.progress.stage = next;
    return ms;
  }

  private succeed(): void {
    if (this.isSettled || this.socket === undefined) return;
    this.settle();
    this.callback(null, this.socket);
  }

  private fail(failure: HttpFailure): void {
    if (this.isSettled) return;
    this.settle();
    this.socket?.destroy();
    this.callback(new DialError(failure), null);
  }

  private settle(): void {
    this.isSettled = true;
    clearTimeout(this.timer);
  }
}
