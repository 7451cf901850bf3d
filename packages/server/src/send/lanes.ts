// Lanes: how many deliveries this node sends to one destination at once, so that a slow receiver
// holds up nobody but itself. It only counts and remembers; it claims nothing and sends nothing.

interface Passenger {
  readonly destinationId: string;
}

export interface Lanes {
  /** What a destination takes that has nothing in work. */
  readonly width: number;
  /** What those take that have, or that answer fast or hang: less than none is none. */
  rooms(held: readonly Passenger[]): Map<string, number>;
  /** Remembers how long a destination took to answer. */
  observe(destinationId: string, latencyMs: number): void;
}

// Of a destination that nothing is known of, and of one that is neither fast nor hangs.
const narrow = 8;
// A receiver that answers faster than this gives its places back before anybody misses them.
const fastMs = 250;
// Of one that hangs: after its first tries, 64 of them are needed to fill a node's 128 places.
const thin = 2;
// A person would call it hung; the time-out of a delivery is 15 s.
const hangingMs = 5_000;
// Weight of the newest answer in the running mean: four slow answers in a row narrow a lane.
const weight = 0.25;
// Destinations whose speed is remembered: more are seldom busy at once on one node.
const memoryMax = 500;

/** `places` is how many deliveries the node sends at once, over all lanes. */
export function createLanes(places: number): Lanes {
  const latencies = new Map<string, number>();
  // One fast flood may take half of the places, never all.
  const wide = Math.max(narrow, Math.floor(places / 2));
  const widthOf = (id: string) => {
    const latencyMs = latencies.get(id);
    if (latencyMs === undefined) return narrow;
    if (latencyMs < fastMs) return wide;
    return latencyMs < hangingMs ? narrow : thin;
  };
  return {
    width: narrow,
    rooms(held) {
      const taken = new Map<string, number>();
      for (const id of latencies.keys()) if (widthOf(id) !== narrow) taken.set(id, 0);
      for (const { destinationId: id } of held) taken.set(id, (taken.get(id) ?? 0) + 1);
      return new Map([...taken].map(([id, count]) => [id, widthOf(id) - count]));
    },
    observe(id, latencyMs) {
      const mean = latencies.get(id) ?? latencyMs;
      // Last in the map is last to be forgotten.
      latencies.delete(id);
      latencies.set(id, mean + weight * (latencyMs - mean));
      for (const oldest of latencies.keys()) {
        if (latencies.size <= memoryMax) break;
        latencies.delete(oldest);
      }
    },
  };
}
