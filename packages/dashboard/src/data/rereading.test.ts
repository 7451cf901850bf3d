// How often something is read again while it changes without end.
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, describe, expect, it } from "vitest";
import { isLong, outdated } from "./long-lists.ts";
import { createRereading } from "./rereading.ts";

const queries = new QueryClient();
let stop: (() => void) | undefined;
afterEach(() => {
  stop?.();
  queries.clear();
});

/** A reader of a list that answers when it is told to. */
function open(key: string, pages: number) {
  const answers: (() => void)[] = [];
  let count = 0;
  const data = { pages: Array.from({ length: pages }, () => []), pageParams: [] };
  const queryFn = () => {
    count += 1;
    return new Promise((resolve) => answers.push(() => resolve({ ...data, count })));
  };
  stop = new QueryObserver(queries, { queryKey: [key], queryFn }).subscribe(() => undefined);
  const turns = () => new Promise((resolve) => setImmediate(resolve));
  return {
    count: () => count,
    async answer() {
      answers.shift()?.();
      await turns();
    },
  };
}

describe("what changes", () => {
  it("is read one at a time, and once more after the last change", async () => {
    const list = open("listJobs", 1);
    const tell = createRereading(queries);
    await list.answer();
    for (let change = 0; change < 10; change += 1) tell(["listJobs"]);
    expect(list.count()).toBe(2);
    await list.answer();
    expect(list.count()).toBe(3);
    await list.answer();
    await list.answer();
    expect(list.count()).toBe(3);
    tell(["listJobs"]);
    expect(list.count()).toBe(4);
  });

  it("is read once more where it was on its way before the change", async () => {
    const list = open("getOverview", 1);
    createRereading(queries)(["getOverview"]);
    expect(list.count()).toBe(1);
    await list.answer();
    expect(list.count()).toBe(2);
    await list.answer();
    expect(list.count()).toBe(2);
  });

  it("is read only where it is shown", async () => {
    const list = open("listJobs", 1);
    await list.answer();
    stop?.();
    createRereading(queries)(["listJobs"]);
    await list.answer();
    expect(list.count()).toBe(1);
    expect(queries.getQueryState(["listJobs"])?.isInvalidated).toBe(true);
  });

  it("is only marked where the list is long", async () => {
    const list = open("listExecutions", 3);
    await list.answer();
    createRereading(queries)(["listExecutions"]);
    expect(list.count()).toBe(1);
    expect(outdated.get()).toContain('["listExecutions"]');
  });

  it("tells long lists from everything else that is cached", () => {
    expect([undefined, null, {}, { pages: 7 }, { pages: [1, 2] }].map(isLong)).not.toContain(true);
    expect(isLong({ pages: [1, 2, 3] })).toBe(true);
  });
});
