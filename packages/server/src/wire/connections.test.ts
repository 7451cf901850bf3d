// What the pool of connections keeps and forgets; how it carries calls is tested with the door.

import { afterEach, describe, expect, it, vi } from "vitest";
import { type FarEnd, Openings, openHttpFarEnd } from "../../test/support/far-end.ts";
import { createAddressGuard } from "./address-guard.ts";
import { Connections } from "./connections.ts";
import { createDial } from "./dial.ts";
import { Exchange } from "./exchange.ts";

const openings = new Openings();
afterEach(() => openings.close());

function openConnections() {
  const dial = createDial({ guard: createAddressGuard(["127.0.0.1/32"]) });
  return openings.keep(
    new Connections(dial, { connectionsPerOriginMax: 1, connectionsIdleMax: 10 }),
  );
}

/** One request over the pool; resolves to the status or the error's message. */
function send(connections: Connections, far: FarEnd): Promise<number | string> {
  return new Promise((resolve) => {
    const leave = (exchange: Exchange, canReuse: boolean) =>
      connections.leave(exchange.originKey, exchange, canReuse);
    const exchange = new Exchange(
      {
        onAnswer: (each, answer, canReuse) => {
          leave(each, canReuse);
          resolve(answer.statusCode);
        },
        onError: (each, error) => {
          leave(each, false);
          resolve(error.message);
        },
      },
      new URL(far.url),
      { method: "GET", headers: {}, body: null },
      { bodyBytesMax: 100, stopsAtRedirect: false },
    );
    connections.board(exchange.originKey, exchange, false);
  });
}

describe("an origin", () => {
  it("is kept while a connection to it is, and forgotten when that is closed", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const connections = openConnections();
    expect(connections.hasOrigin(far.url)).toBe(false);
    expect(await send(connections, far)).toBe(200);
    expect(connections.hasOrigin(far.url)).toBe(true);
    await far.close();
    await vi.waitFor(() => expect(connections.hasOrigin(far.url)).toBe(false));
  });

  it("is forgotten when it cannot be reached", async () => {
    const far = await openHttpFarEnd(() => undefined);
    await far.close();
    const connections = openConnections();
    const answers = await Promise.all([1, 2, 3].map(() => send(connections, far)));
    for (const answer of answers) expect(answer).toContain("refused the connection");
    await vi.waitFor(() => expect(connections.hasOrigin(far.url)).toBe(false));
  });

  it("is forgotten when the pool closes", async () => {
    const far = openings.keep(await openHttpFarEnd((_request, response) => response.end("ok")));
    const connections = openConnections();
    await send(connections, far);
    await connections.close();
    expect(connections.hasOrigin(far.url)).toBe(false);
    await far.emptied();
  });
});
