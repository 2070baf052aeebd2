/**
 * Statements over staged rows, cut into slices: none holds a server's write lock, or tries its
 * reader's patience, for a whole large file.
 */

/**
 * A statement. With `over` it is run once a slice of that table's rows, and gets the slice as
 * `BETWEEN x AND y` (of `n` in a staging table, of `id` in a living one). `needs` names the table
 * whose staged rows it is about: without any it is left out.
 */
export interface Step {
  readonly needs?: string;
  readonly over?: string;
  readonly sql: (range: string) => string;
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Some 0.1 s of a server's write lock each. */
const SLICE_ROWS = 20_000;
/** Statements in one transaction where all are small: few requests for a Worker. */
const SMALL_BATCH = 20;
/** More would be no slices of rows, but of gaps between their numbers. */
const MOST_SLICES = 2_000;

/** The statements of the steps, in transactions. `ranges` holds the tables that have rows. */
export function batches(steps: readonly Step[], ranges: ReadonlyMap<string, Range>): string[][] {
  const isLarge = [...ranges.values()].some(({ from, to }) => to - from >= SLICE_ROWS);
  const statements = steps.flatMap((step) => statementsOf(step, ranges));
  const size = isLarge ? 1 : SMALL_BATCH;
  return Array.from({ length: Math.ceil(statements.length / size) }, (_, i) =>
    statements.slice(i * size, (i + 1) * size),
  );
}

function statementsOf({ needs, over, sql }: Step, ranges: ReadonlyMap<string, Range>): string[] {
  if (needs !== undefined && !ranges.has(needs)) return [];
  if (over === undefined) return [sql('')];
  const range = ranges.get(over);
  if (range === undefined) return [];
  const size = Math.max(SLICE_ROWS, Math.ceil((range.to - range.from + 1) / MOST_SLICES));
  const slices: string[] = [];
  for (let from = range.from; from <= range.to; from += size)
    slices.push(sql(`BETWEEN ${from} AND ${Math.min(from + size - 1, range.to)}`));
  return slices;
}
