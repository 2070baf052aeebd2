/** Lists of any length: as arguments of one call some 120,000 values end the stack. */

/** -Infinity of none, as `Math.max()`. */
export function greatest(numbers: Iterable<number>): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const number of numbers) if (number > best || Number.isNaN(number)) best = number;
  return best;
}

/** Infinity of none, as `Math.min()`. */
export function least(numbers: Iterable<number>): number {
  let best = Number.POSITIVE_INFINITY;
  for (const number of numbers) if (number < best || Number.isNaN(number)) best = number;
  return best;
}

export function append<T>(to: T[], more: Iterable<T>): void {
  for (const one of more) to.push(one);
}
