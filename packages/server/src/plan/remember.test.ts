// Guards the bound and the order of forgetting.
import { describe, expect, it } from "vitest";
import { remember } from "./remember.ts";

describe("remember", () => {
  it("builds an answer once while it is in use and forgets the least recently asked first", () => {
    const built: string[] = [];
    const ask = remember(2, (key) => {
      built.push(key);
      return key.toUpperCase();
    });
    expect([ask("a"), ask("b"), ask("a"), ask("c"), ask("a"), ask("b")].join("")).toBe("ABACAB");
    expect(built).toEqual(["a", "b", "c", "b"]);
  });

  it("keeps an undefined answer as well", () => {
    let builds = 0;
    const ask = remember(2, () => {
      builds += 1;
      return undefined;
    });
    ask("a");
    ask("a");
    expect(builds).toBe(1);
  });

  it("does not keep a failure", () => {
    let builds = 0;
    const ask = remember(2, () => {
      builds += 1;
      if (builds === 1) throw new Error("not yet");
      return builds;
    });
    expect(() => ask("a")).toThrow("not yet");
    expect(ask("a")).toBe(2);
  });
});
