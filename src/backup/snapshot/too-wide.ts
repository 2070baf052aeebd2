/** Tables that are too wide for one SELECT of a server, or of the change log. Pure. */
import type { TableInfo } from '../model/model.ts';
import { rowLayout } from '../model/values.ts';

/**
 * What one SELECT gives (SQLITE_MAX_COLUMN, sqlite.org/limits.html). A table may have as many
 * columns, and its rowid beside them.
 */
export const MOST_EXPRESSIONS = 2_000;

/** It can be backed up from a file, and restored into one. */
export class TooWide extends Error {
  override readonly name = 'TooWide';
  constructor({ name, columns }: Pick<TableInfo, 'name' | 'columns'>) {
    super(
      `table ${name} has ${countOf(columns)} columns, more than a server hands out with their rowid and their types: divide it, or keep the database in a file`,
    );
  }
}

/** Its rows go into no table of a server: they are copied by name, with a rowid of their own. */
export function requireNarrow(table: TableInfo): void {
  const { rowid, columns } = rowLayout(table);
  if (columns.length + (rowid === 'hidden' ? 1 : 0) > MOST_EXPRESSIONS) throw new TooWide(table);
}

/** Why no change file can hold its rows, which are read with their types; undefined: one can. */
export function tooWideForChanges(table: TableInfo): string | undefined {
  // The width has the rowid; the types are one value more, and what was asked for three.
  const { rowid, width } = rowLayout(table);
  return width - (rowid === 'alias' ? 1 : 0) + 4 > MOST_EXPRESSIONS
    ? `it has ${countOf(table.columns)} columns, more than a change file can hold`
    : undefined;
}

function countOf(columns: TableInfo['columns']): string {
  return columns.length.toLocaleString('en');
}
