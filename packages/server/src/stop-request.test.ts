// The first signal asks to stop, its echoes do nothing, and a later one ends at once.
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { listenForStop, StopRequested } from "./stop-request.ts";

function listen() {
  const source = new EventEmitter();
  const state = { nowMs: 5_000, ends: 0 };
  const signal = listenForStop({
    source,
    endAtOnce: () => {
      state.ends += 1;
    },
    nowMs: () => state.nowMs,
  });
  return { signal, state, hear: (name: string) => source.emit(name, name) };
}

describe("listenForStop", () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"])("asks to stop at the first %s", (name) => {
    const { signal, state, hear } = listen();
    expect(signal.aborted).toBe(false);
    hear(name);
    expect(signal.reason).toBeInstanceOf(StopRequested);
    expect(signal.reason.message).toBe(`${name} asks to stop.`);
    expect(state.ends).toBe(0);
  });

  it("takes further signals within two seconds for the same request", () => {
    const { state, hear } = listen();
    hear("SIGINT");
    state.nowMs += 50;
    hear("SIGINT");
    state.nowMs += 1_950;
    hear("SIGTERM");
    expect(state.ends).toBe(0);
  });

  it("ends at once at a later one", () => {
    const { state, hear } = listen();
    hear("SIGINT");
    state.nowMs += 2_001;
    hear("SIGINT");
    expect(state.ends).toBe(1);
  });
});
