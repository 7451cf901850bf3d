// Stands between a client and PostgreSQL's socket, as a network would, and can lose what is said.
// It never changes what it passes on.

import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";

export interface Relay {
  dir: string;
  // From now on nothing is passed on, in either direction; connections stay open.
  mute(): void;
  // Resolves when a muted client has said something.
  heard(): Promise<void>;
  cut(): void;
  // From now on no connection is taken: the database is away.
  refuse(): void;
  stop(): Promise<void>;
}

export async function startRelay(socketDir: string): Promise<Relay> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "trigrun-relay-"));
  const sockets = new Set<net.Socket>();
  let isMute = false;
  let isAway = false;
  let tellHeard: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    tellHeard = resolve;
  });
  const server = net.createServer((client) => {
    if (isAway) {
      client.destroy();
      return;
    }
    const upstream = net.connect(path.join(socketDir, ".s.PGSQL.5432"));
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.on("data", (chunk) => {
        if (!isMute) to.write(chunk);
        else if (from === client) tellHeard();
      });
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(path.join(dir, ".s.PGSQL.5432"), resolve);
  });
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    dir,
    mute: () => {
      isMute = true;
    },
    heard: () => heard,
    cut,
    refuse: () => {
      isAway = true;
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true });
    },
  };
}
