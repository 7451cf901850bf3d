// Quantiles of measured values. Pure.

/** The smallest value that at least `share` of all are not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error("a quantile of nothing");
  return value;
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const upper = quantile(values, 0.5 + Number.EPSILON);
  return values.length % 2 === 1 ? upper : (quantile(values, 0.5) + upper) / 2;
}
