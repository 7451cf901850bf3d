// One channel never takes more than its lane.
import { describe, expect, it } from "vitest";
import { createLanes } from "./lanes.ts";

const of = (channelId: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `${channelId}${index}`, channelId }));

describe("createLanes", () => {
  it("lets in what a lane has room for and gives the rest back, in order", () => {
    const { admitted, refused } = createLanes(2).admit([...of("slow", 4), ...of("quick", 1)]);
    expect(admitted.map(({ id }) => id)).toEqual(["slow0", "slow1", "quick0"]);
    expect(refused.map(({ id }) => id)).toEqual(["slow2", "slow3"]);
  });

  it("names full lanes until somebody leaves", () => {
    const lanes = createLanes(2);
    lanes.admit([...of("slow", 2), ...of("quick", 1)]);
    expect(lanes.full()).toEqual(["slow"]);
    lanes.leave("slow");
    expect(lanes.full()).toEqual([]);
    expect(lanes.admit(of("slow", 2)).admitted).toHaveLength(1);
  });

  it("forgets empty lanes", () => {
    const lanes = createLanes(1);
    lanes.admit(of("slow", 1));
    lanes.leave("slow");
    lanes.leave("slow");
    expect(lanes.admit(of("slow", 1)).admitted).toHaveLength(1);
  });
});
