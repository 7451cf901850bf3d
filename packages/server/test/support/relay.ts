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
  // From now on connections are taken again.
  accept(): void;
  // From now on each new connection breaks after so many bytes, both directions counted together,
  // wherever in a statement, an answer or a commit that is; undefined lets it live.
  cutEachAfter(bytes: () => number | undefined): void;
  // How many connections broke so.
  cuts(): number;
  // From now on new connections lead to the PostgreSQL of this folder.
  leadTo(socketDir: string): void;
  stop(): Promise<void>;
}

export async function startRelay(socketDir: string): Promise<Relay> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "trigrun-relay-"));
  const sockets = new Set<net.Socket>();
  let target = socketDir;
  let isMute = false;
  let isAway = false;
  let cuts = 0;
  let nextBudget: () => number | undefined = () => undefined;
  let tellHeard: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    tellHeard = resolve;
  });
  const server = net.createServer((client) => {
    if (isAway) {
      client.destroy();
      return;
    }
    const upstream = net.connect(path.join(target, ".s.PGSQL.5432"));
    let left = nextBudget() ?? Number.POSITIVE_INFINITY;
    for (const [from, to] of [[client, upstream] as const, [upstream, client] as const]) {
      sockets.add(from);
      from.on("data", (chunk) => {
        if (isMute) {
          if (from === client) tellHeard();
          return;
        }
        const passed = chunk.subarray(0, left);
        left -= chunk.length;
        if (left > 0) {
          to.write(passed);
          return;
        }
        // What was passed on arrives; the rest is lost, and both ends learn that at once.
        if (!from.destroyed) cuts += 1;
        to.end(passed);
        from.destroy();
      });
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroySoon();
      });
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
    accept: () => {
      isAway = false;
    },
    cutEachAfter: (bytes) => {
      nextBudget = bytes;
    },
    cuts: () => cuts,
    leadTo: (socketDir) => {
      target = socketDir;
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true });
    },
  };
}
