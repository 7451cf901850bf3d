// Lanes: how many deliveries of one channel this node sends at once, so that a slow receiver holds
// up nobody but itself. It only counts; it claims nothing and sends nothing.

interface Passenger {
  readonly id: string;
  readonly channelId: string;
}

export interface Lanes {
  /** Channels that take no more for now: a claim leaves them out. */
  full(): string[];
  /** Lets in what its lane has room for. `refused` is to be given back. */
  admit<T extends Passenger>(passengers: readonly T[]): { admitted: T[]; refused: T[] };
  leave(channelId: string): void;
}

/** `width` is the room of each lane. */
export function createLanes(width: number): Lanes {
  const inLane = new Map<string, number>();
  const count = (channelId: string) => inLane.get(channelId) ?? 0;
  return {
    full: () => [...inLane].filter(([, taken]) => taken >= width).map(([channelId]) => channelId),
    admit(passengers) {
      const admitted: (typeof passengers)[number][] = [];
      const refused: (typeof passengers)[number][] = [];
      for (const passenger of passengers) {
        const taken = count(passenger.channelId);
        if (taken >= width) {
          refused.push(passenger);
          continue;
        }
        inLane.set(passenger.channelId, taken + 1);
        admitted.push(passenger);
      }
      return { admitted, refused };
    },
    leave(channelId) {
      const left = count(channelId) - 1;
      if (left > 0) inLane.set(channelId, left);
      else inLane.delete(channelId);
    },
  };
}
