// The other side of a wire, for tests of the two doors: a server on loopback that counts what
// reaches it. It must never be imported by anything but a test.

import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface FarEnd {
  port: number;
  /** `http://127.0.0.1:port` without a path. */
  url: string;
  /** Connections accepted so far. */
  accepted(): number;
  /** Connections open now. */
  open(): number;
  /** Resolves when no connection is open any more. */
  emptied(): Promise<void>;
  close(): Promise<void>;
}

/** Every accepted socket is given to `onSocket`, which answers byte by byte. */
export function openRawFarEnd(onSocket: (socket: Socket) => void): Promise<FarEnd> {
  // Reading on, whether or not the test does, is what notices that the door has hung up.
  return listen(createServer((socket) => void onSocket(socket.resume())));
}

export function openHttpFarEnd(onRequest: RequestListener): Promise<FarEnd> {
  return listen(createHttpServer(onRequest));
}

export async function listen(server: Server): Promise<FarEnd> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  let onEmptied: (() => void)[] = [];
  server.on("connection", (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    // The door cuts connections off on purpose; that is no error of the far end.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      if (sockets.size > 0) return;
      for (const each of onEmptied) each();
      onEmptied = [];
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo; strings are for pipes.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    accepted: () => accepted,
    open: () => sockets.size,
    emptied: () =>
      sockets.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onEmptied.push(resolve);
          }),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Closes everything that was opened through it, newest first; for `afterEach`. */
export class Openings {
  private readonly opened: { close(): unknown }[] = [];

  keep<T extends { close(): unknown }>(thing: T): T {
    this.opened.push(thing);
    return thing;
  }

  async close(): Promise<void> {
    for (const thing of this.opened.splice(0).reverse()) await thing.close();
  }
}

/** A self-signed P-256 pair for "far.example", made for these tests alone. */
export const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZYWHEkA2fwDg1JEn
hSbtFwvbxqNpJKSWX9XJ3pkv6dmhRANCAASFq0DlicSZMoI0rbCYIj2UYKdxNQP7
cp5Fl6nFSCSrbVg5ftJlxoCFhyQSfP7vfDZ0Q1zU76pu3ZdLE2wNfEVX
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBgzCCASmgAwIBAgIUWa8NyOkjuSNWeuCxR0mDaHDrwdMwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLZmFyLmV4YW1wbGUwIBcNMjYxMTI0MTAyNDE5WhgPMjEyNjEw
MzExMDI0MTlaMBYxFDASBgNVBAMMC2Zhci5leGFtcGxlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEhatA5YnEmTKCNK2wmCI9lGCncTUD+3KeRZepxUgkq21YOX7S
ZcaAhYckEnz+73w2dENc1O+qbt2XSxNsDXxFV6NTMFEwHQYDVR0OBBYEFJxPs5wX
pMqqOLEAy/5u20unDLBWMB8GA1UdIwQYMBaAFJxPs5wXpMqqOLEAy/5u20unDLBW
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgZyUpxLrWAg+aBDJk
PSx6HdXsxxn+R6ZuMTHtiNq7x3cCIQDzvoHT2+ljrv3SaavTYLVthgBjtllYUy8U
kp8JZfK3Uw==
-----END CERTIFICATE-----
`,
};
