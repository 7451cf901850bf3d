// A client that is not polite: writes what it is told to a real socket, from an address of its
// choice, reads or does not, and tells how the connection ended.
import { connect, type Socket } from "node:net";

export interface RawClient {
  readonly socket: Socket;
  /** What has come so far. */
  text(): string;
  /** Resolves when the connection is gone, whoever ended it and however. */
  readonly gone: Promise<void>;
}

export interface RawOptions {
  /** Any address of 127.0.0.0/8, all of which are this machine on Linux. */
  readonly from?: string;
  /** Keeps its half open when the server has closed the other one. */
  readonly isStubborn?: boolean;
}

export function openRaw(port: number, { from, isStubborn }: RawOptions = {}): RawClient {
  const socket = connect({
    ...{ port, host: "127.0.0.1", localAddress: from ?? "127.0.0.1" },
    allowHalfOpen: isStubborn ?? false,
  });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  // To be cut off is what most of these clients are for.
  socket.on("error", () => undefined);
  return {
    socket,
    gone: untilClosed(socket),
    text: () => Buffer.concat(chunks).toString("latin1"),
  };
}

/** `once` of node would reject at an error, which comes before the end. */
export function untilClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
}

// Often enough that no limit on silence is met, and seldom enough to be no load.
const dripMs = 20;

/** Writes one byte after the other, and goes on until the connection is gone. */
export function drip(client: RawClient, byte = "x"): void {
  const timer = setInterval(() => client.socket.write(byte), dripMs);
  client.socket.once("close", () => clearInterval(timer));
}

/** One polite request on a connection of its own; the whole answer as text. */
export async function askRaw(
  port: number,
  path: string,
  options: Pick<RawOptions, "from"> & { headers?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const client = openRaw(port, options);
  const headers = { host: "127.0.0.1", connection: "close", ...options.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  client.socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  await client.gone;
  return client.text();
}
