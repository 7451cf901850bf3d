// Bounds the connections of clients, so that nobody can use up the descriptors and the memory of
// this process. A connection that is being answered is never cut for the sake of another.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { toNetwork } from "../auth/limits.ts";
import type { Log } from "../log.ts";
import type { IsTrusted } from "../proxies.ts";

export interface BoundsOptions {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Proxies: behind one address of theirs is everybody. */
  readonly isTrusted: IsTrusted;
  readonly log: Log;
}

export interface ConnectionBounds {
  /**
   * Whether a request that has come may be looked at: `full` for the first one too many on its
   * connection, after which nothing more is read, `over` for what had been read already.
   */
  admit(socket: Socket): "yes" | "full" | "over";
}

interface Connection {
  readonly address: string;
  isOver: boolean;
  underWay: number;
  /** The one that came last. */
  request: IncomingMessage | undefined;
}

// Clients send one request after the other; the few that do not (pipelining) have a handful.
const requestsPerConnectionMax = 32;
// Once a minute says as much as once for each, and a flood must not fill the log.
const tellAgainMs = 60_000;

export function boundConnections(server: Server, options: BoundsOptions): ConnectionBounds {
  // The order is that of arrival, so the first are those that have been there longest.
  const connections = new Map<Socket, Connection>();
  const countOf = new Map<string, number>();
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function tell(address: string, why: string): void {
    const nowMs = performance.now();
    if (nowMs - toldAtMs < tellAgainMs) return;
    toldAtMs = nowMs;
    options.log.warn({ address, connections: connections.size }, why);
  }

  function forget(socket: Socket, address: string): void {
    if (!connections.delete(socket)) return;
    const left = (countOf.get(address) ?? 1) - 1;
    if (left === 0) countOf.delete(address);
    else countOf.set(address, left);
  }

  function admit(socket: Socket): void {
    const peer = socket.remoteAddress;
    // Gone already.
    if (peer === undefined) return;
    const address = toNetwork(peer);
    const count = (countOf.get(address) ?? 0) + 1;
    if (count > options.connectionsPerAddressMax && !options.isTrusted(peer)) {
      tell(peer, "connections of an address beyond its bound are closed");
      socket.destroy();
      return;
    }
    if (connections.size >= options.connectionsMax) {
      tell(peer, "too many connections: idle ones are closed");
      const victim = findVictim(connections);
      if (victim === undefined) {
        socket.destroy();
        return;
      }
      const { address: of } = connections.get(victim) ?? { address };
      forget(victim, of);
      victim.destroy();
    }
    countOf.set(address, (countOf.get(address) ?? 0) + 1);
    connections.set(socket, { address, isOver: false, underWay: 0, request: undefined });
    socket.once("close", () => forget(socket, address));
  }

  server.on("connection", admit);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) return;
    connection.underWay += 1;
    connection.request = request;
    response.once("close", () => {
      connection.underWay -= 1;
    });
  });
  return {
    admit(socket) {
      const connection = connections.get(socket);
      if (connection?.isOver) return "over";
      if (connection === undefined || connection.underWay < requestsPerConnectionMax) return "yes";
      connection.isOver = true;
      socket.pause();
      return "full";
    },
  };
}

/** The oldest one that waits for its client: between requests, in a head or in a body. */
function findVictim(connections: ReadonlyMap<Socket, Connection>): Socket | undefined {
  for (const [socket, { underWay, request }] of connections) {
    if (underWay === 0 || request?.complete === false) return socket;
  }
  return undefined;
}
