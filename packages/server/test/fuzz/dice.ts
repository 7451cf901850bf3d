// Chance that repeats itself: the same seed throws the same dice on every machine.

export interface Dice {
  /** At least 0 and less than 1. */
  next(): number;
  /** A whole number, both ends included. */
  int(min: number, max: number): number;
  /** True so often: 0.25 is every fourth time. */
  chance(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  // Mulberry32: 32 bits of state are plenty for some hundred thousand throws.
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    int,
    chance: (share) => next() < share,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new Error("nothing to pick from");
      // The index is within the list.
      return list[int(0, list.length - 1)] as T;
    },
  };
}

/** An index with the chance that its weight gives it. */
export function weigh(dice: Dice, weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = dice.next() * total;
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found === -1 ? weights.length - 1 : found;
}
