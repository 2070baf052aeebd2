/** What of a row is data: for the digests and the document, so that both agree on a table. */
import type { ColumnInfo, SqlValue, TableInfo } from './model.ts';

/** Range of a SQLite INTEGER. */
const INT64_MIN: bigint = -(2n ** 63n);
const INT64_MAX: bigint = 2n ** 63n - 1n;

/** Where the data lies in a {@link Row} of one table scan. */
export interface RowLayout {
  /**
   * `hidden`: the rowid is data of its own and first in the row; `alias`: a column carries it as
   * well; `none`: WITHOUT ROWID.
   */
  readonly rowid: 'hidden' | 'alias' | 'none';
  /** Number of values in a row. */
  readonly width: number;
  /** The columns that are data: all but generated ones, which SQLite derives from the others. */
  readonly columns: readonly ColumnInfo[];
  /** For each of `columns`: its index in the row. */
  readonly at: readonly number[];
}

/**
 * The layout of `table`'s rows as model.ts delivers them (STORED generated columns are in the row,
 * but are not data).
 */
export function rowLayout(table: TableInfo): RowLayout {
  const columns: ColumnInfo[] = [];
  const at: number[] = [];
  let next = table.withoutRowid ? 0 : 1;
  for (const column of table.columns) {
    if (column.generated === 'virtual') continue;
    if (column.generated === 'no') {
      columns.push(column);
      at.push(next);
    }
    next += 1;
  }
  const rowid = table.withoutRowid ? 'none' : table.rowidAlias === null ? 'hidden' : 'alias';
  return { rowid, width: next, columns, at };
}

/**
 * The fault in a value that SQLite could not hold, or null. Sources never deliver one; a program
 * fault must not be sealed into a backup.
 */
export function valueFault(value: SqlValue): string | null {
  if (typeof value === 'bigint') {
    return value < INT64_MIN || value > INT64_MAX ? `integer ${value} is beyond 64 bits` : null;
  }
  if (typeof value === 'number') return Number.isNaN(value) ? 'a real is not a number' : null;
  if (typeof value === 'string') return value.isWellFormed() ? null : 'text has a lone surrogate';
  return null;
}
