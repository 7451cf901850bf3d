// Keeps the connections of the HTTP door: at most so many per origin, kept alive for a moment,
// reused newest first, and a line in front when all are busy. It must never put two requests on
// one connection and never dial for a request whose caller has given up.

import { Client, type Dispatcher } from "undici";
import type { Dial, DialProgress } from "./dial.ts";
import { headerBytesMax } from "./http-call.ts";

/** One request on its way: undici's view of it, and where it sits. */
export interface Passenger extends Dispatcher.DispatchHandler {
  readonly request: Dispatcher.DispatchOptions;
  /** True as soon as nobody waits for it any more. */
  isSettled: boolean;
  connection: Connection | undefined;
}

export interface ConnectionLimits {
  connectionsPerOriginMax: number;
  connectionsIdleMax: number;
}

// node, gunicorn, uvicorn and Apache close an idle connection after 5 s and do not all say so;
// leaving first avoids writing into a connection that is just being closed.
const keepAliveMs = 4_000;

// A server may offer more. Most jobs run once a minute or less, so longer keeping only holds
// sockets; busy origins never become idle at all.
const keepAliveMaxMs = 10_000;

// A name can move to another address (failover, a load balancer that scales); a busy connection
// would stay with the old one for ever.
const connectionAgeMaxMs = 120_000;

/** One socket at a time to one origin, and whoever is on it. */
export class Connection {
  readonly origin: Origin;
  readonly client: Client;
  passenger: Passenger | undefined;
  /** Of the socket that is open or being opened. */
  progress: DialProgress | undefined;
  /** Requests that were written to that socket so far. */
  served = 0;
  openedAt = 0;
  isDropped = false;
  private giveUpDialling: (() => void) | undefined;

  constructor(origin: Origin, dial: Dial) {
    this.origin = origin;
    this.client = new Client(origin.key, {
      pipelining: 1,
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMaxMs,
      // The call's own deadline rules; undici's timers tick in steps of half a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) => {
        this.progress = { stage: "lookup", dnsMs: null, connectMs: null, tlsMs: null };
        this.served = 0;
        this.openedAt = performance.now();
        this.giveUpDialling = dial(target, this.progress, callback);
      },
    });
  }

  carry(passenger: Passenger): void {
    this.passenger = passenger;
    passenger.connection = this;
    this.client.dispatch(passenger.request, passenger);
  }

  destroy(): Promise<void> {
    this.giveUpDialling?.();
    return this.client.destroy();
  }
}

/** scheme, host and port, with the connections there and the line in front of them. */
class Origin {
  readonly key: string;
  readonly connections = new Set<Connection>();
  /** A stack: the connection used last is the one least likely to have been closed meanwhile. */
  readonly idle: Connection[] = [];
  private line: (Passenger | undefined)[] = [];
  private lineHead = 0;
  private goneFromLine = 0;

  constructor(key: string) {
    this.key = key;
  }

  get isAwaited(): boolean {
    return this.lineHead < this.line.length;
  }

  get isUnused(): boolean {
    return this.connections.size === 0 && !this.isAwaited;
  }

  join(passenger: Passenger): void {
    this.line.push(passenger);
  }

  /** The passenger has given up. It is stepped over later, unless half the line is like that. */
  leave(): void {
    this.goneFromLine += 1;
    if (this.goneFromLine * 2 < this.line.length - this.lineHead) return;
    this.line = this.line.slice(this.lineHead).filter((each) => each?.isSettled === false);
    this.lineHead = 0;
    this.goneFromLine = 0;
  }

  next(): Passenger | undefined {
    while (this.lineHead < this.line.length) {
      const passenger = this.line[this.lineHead];
      this.line[this.lineHead] = undefined;
      this.lineHead += 1;
      if (passenger?.isSettled === false) return passenger;
      this.goneFromLine -= 1;
    }
    this.line = [];
    this.lineHead = 0;
    return undefined;
  }
}

export class Connections {
  private readonly origins = new Map<string, Origin>();
  /** Every idle connection, the one longest idle first. */
  private readonly idle = new Set<Connection>();
  private readonly closing = new Set<Promise<void>>();
  private readonly dial: Dial;
  private readonly limits: ConnectionLimits;

  constructor(dial: Dial, limits: ConnectionLimits) {
    this.dial = dial;
    this.limits = limits;
  }

  hasOrigin(key: string): boolean {
    return this.origins.has(key);
  }

  /** `mustBeFresh`: not on an idle connection, however many there are. */
  board(key: string, passenger: Passenger, mustBeFresh: boolean): void {
    let origin = this.origins.get(key);
    if (origin === undefined) {
      origin = new Origin(key);
      this.origins.set(key, origin);
    }
    const kept = mustBeFresh ? undefined : origin.idle.at(-1);
    if (kept !== undefined) {
      this.unidle(kept);
      kept.carry(passenger);
    } else if (origin.connections.size < this.limits.connectionsPerOriginMax) {
      this.open(origin, passenger);
    } else {
      origin.join(passenger);
    }
  }

  /** Called once per passenger, when its outcome is known. */
  leave(key: string, passenger: Passenger, canReuse: boolean): void {
    const { connection } = passenger;
    if (connection === undefined) {
      const origin = this.origins.get(key);
      origin?.leave();
      if (origin?.isUnused) this.origins.delete(key);
      return;
    }
    connection.passenger = undefined;
    const { origin } = connection;
    const isOld = performance.now() - connection.openedAt > connectionAgeMaxMs;
    if (!canReuse || isOld) {
      this.drop(connection);
      return;
    }
    this.setIdle(connection);
    // Not at once: undici's parser is still inside the answer that has just ended.
    if (origin.isAwaited) queueMicrotask(() => this.seatNext(origin));
  }

  /** Ends every connection. The callers of those still in use must have been answered before. */
  async close(): Promise<void> {
    for (const origin of this.origins.values()) {
      for (const connection of [...origin.connections]) this.drop(connection);
    }
    // The drops end their sockets a microtask later.
    await Promise.resolve();
    await Promise.all(this.closing);
  }

  private open(origin: Origin, passenger: Passenger): void {
    const connection = new Connection(origin, this.dial);
    origin.connections.add(connection);
    connection.client.on("disconnect", () => {
      // With a passenger that was not written yet, undici dials again by itself.
      if (connection.passenger === undefined) this.drop(connection);
    });
    connection.carry(passenger);
  }

  private seatNext(origin: Origin): void {
    const kept = origin.idle.at(-1);
    const hasRoom = origin.connections.size < this.limits.connectionsPerOriginMax;
    if (kept === undefined && !hasRoom) return;
    const passenger = origin.next();
    if (passenger === undefined) {
      if (origin.isUnused) this.origins.delete(origin.key);
    } else if (kept === undefined) {
      this.open(origin, passenger);
    } else {
      this.unidle(kept);
      kept.carry(passenger);
    }
  }

  private drop(connection: Connection): void {
    if (connection.isDropped) return;
    connection.isDropped = true;
    const { origin } = connection;
    origin.connections.delete(connection);
    this.unidle(connection);
    // Not at once: undici may be in the middle of telling why.
    queueMicrotask(() => {
      const closed = connection.destroy();
      this.closing.add(closed);
      void closed.finally(() => this.closing.delete(closed));
      this.seatNext(origin);
    });
  }

  private setIdle(connection: Connection): void {
    connection.origin.idle.push(connection);
    this.idle.add(connection);
    if (this.idle.size <= this.limits.connectionsIdleMax) return;
    const oldest = this.idle.values().next();
    if (oldest.done === false) this.drop(oldest.value);
  }

  private unidle(connection: Connection): void {
    if (!this.idle.delete(connection)) return;
    const { idle } = connection.origin;
    // Mostly the last one; a connection that closes while idle can sit anywhere.
    const index = idle.lastIndexOf(connection);
    idle.splice(index, 1);
  }
}
