// One destination never takes more than its lane, and a fast one gets a wider lane.
import { describe, expect, it } from "vitest";
import { createLanes } from "./lanes.ts";

const held = (destinationId: string, count: number) => Array(count).fill({ destinationId });

describe("createLanes", () => {
  it("leaves a lane what its deliveries in work have not taken", () => {
    const lanes = createLanes(128);
    const rooms = lanes.rooms([...held("slow", 8), ...held("other", 3)]);
    expect(rooms).toEqual(
      new Map([
        ["slow", 0],
        ["other", 5],
      ]),
    );
  });

  it("widens the lane of a destination that answers fast, to half of all places", () => {
    const lanes = createLanes(128);
    lanes.observe("fast", 5);
    lanes.observe("slow", 900);
    expect(lanes.rooms(held("slow", 1))).toEqual(
      new Map([
        ["fast", 64],
        ["slow", 7],
      ]),
    );
  });

  it("narrows a lane that has become slow: what is in work then is more than it may be", () => {
    const lanes = createLanes(128);
    lanes.observe("was fast", 5);
    lanes.observe("was fast", 15_000);
    expect(lanes.rooms(held("was fast", 64)).get("was fast")).toBe(8 - 64);
  });

  it("leaves two places to a destination that hangs, until it answers again", () => {
    const lanes = createLanes(128);
    lanes.observe("hanging", 15_000);
    expect(lanes.rooms([]).get("hanging")).toBe(2);
    for (let answer = 0; answer < 4; answer += 1) lanes.observe("hanging", 100);
    expect(lanes.rooms(held("hanging", 1)).get("hanging")).toBe(8 - 1);
  });

  it("never widens a lane below what every lane has", () => {
    const lanes = createLanes(4);
    lanes.observe("fast", 5);
    expect(lanes.rooms([]).get("fast") ?? lanes.width).toBe(8);
  });

  it("remembers the 500 that answered last", () => {
    const lanes = createLanes(128);
    for (let number = 0; number <= 500; number += 1) lanes.observe(`d${number}`, 5);
    lanes.observe("d1", 5);
    lanes.observe("one more", 5);
    const rooms = lanes.rooms([]);
    expect(rooms.size).toBe(500);
    expect([rooms.has("d0"), rooms.has("d1"), rooms.has("d2")]).toEqual([false, true, false]);
  });
});
