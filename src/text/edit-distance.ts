/**
 * Whether two words are at most `limit` typos apart: a letter too many, too few, wrong, or two
 * neighbours swapped (Damerau-Levenshtein, optimal string alignment).
 */
export function isWithin(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + cost);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) value = Math.min(value, at(before, j - 2) + 1);
      row.push(value);
      best = Math.min(best, value);
    }
    if (best > limit && previous.every((value) => value > limit)) return false;
    before = previous;
    previous = row;
  }
  return at(previous, b.length) <= limit;
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
