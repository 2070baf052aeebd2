/**
 * Which tables of two files hold the same rows, by SQLite's own reading of both: a third of what it
 * costs to have it hand the rows out as values. In the process for foreign files. Node only.
 */
import { statSync } from 'node:fs';
import { isLocalFault } from '../../lib/disk/local-fault.ts';
import { quoteName } from '../../lib/sql-tokens.ts';
import { type ForeignDatabase, openForeign } from '../foreign/connection.ts';
import type { ColumnInfo, TableInfo } from '../model/model.ts';
import { answerTo } from '../snapshot/file.ts';
import { chain } from '../snapshot/packed-row.ts';
import { holdings } from '../snapshot/scan-sql.ts';
import { readSchema, SCHEMA_QUERIES } from '../snapshot/schema.ts';
import { rowidName } from './insert-rows.ts';

/**
 * Tables whose rows have the same rowids in both, and under them the same values of the same types,
 * to the byte; with how many there are. One that is left out may be the same all the same.
 * @param filled has the same schema, and got its rows by INSERT: so a column of TEXT affinity holds
 * no number there, one of INTEGER affinity no whole one that is a REAL
 */
export function sameTables(path: string, filled: string): ReadonlyMap<string, number> {
  const same = new Map<string, number>();
  let opened: ForeignDatabase | undefined;
  try {
    opened = openForeign(path, { mode: 'read', bytes: statSync(path).size, second: filled });
    const { db } = opened;
    const { schema } = readSchema(SCHEMA_QUERIES.map((sql) => answerTo(db, sql)));
    for (const table of schema.tables) {
      if (table.withoutRowid) continue;
      const [found] = answerTo(db, sameRowsSql(table));
      if (found?.every((count) => count === found[0])) same.set(table.name, Number(found[0]));
    }
  } catch (error) {
    // Whoever reads the rows says what is wrong with them.
    if (isLocalFault(error)) throw error;
  } finally {
    opened?.close();
  }
  return same;
}

/** How many rows there are in one file, in the other, and in both alike. */
function sameRowsSql(table: TableInfo): string {
  const [main, second] = [`main.${quoteName(table.name)}`, `second.${quoteName(table.name)}`];
  const rowid = rowidName(table);
  const stored = table.columns.filter(({ generated }) => generated === 'no');
  const isSame = chain([`y.${rowid} IS NOT NULL`, ...stored.flatMap(sameValue)], ' AND ');
  return (
    `SELECT count(*), (SELECT count(*) FROM ${second}), count(*) FILTER (WHERE ${isSame}) ` +
    `FROM ${main} AS x NOT INDEXED LEFT JOIN ${second} AS y ON y.${rowid} = x.${rowid}`
  );
}

/**
 * Without the column's affinity, which makes numbers of texts. What is equal and yet not the same
 * is 1 and 1.0, and 0.0 and -0.0.
 */
function sameValue({ name, declaredType }: ColumnInfo): readonly string[] {
  const [x, y] = [`x.${quoteName(name)}`, `y.${quoteName(name)}`];
  const isEqual = `+${x} IS +${y} COLLATE BINARY`;
  const isOfType = `typeof(${x}) = typeof(${y})`;
  const held = holdings(declaredType);
  if (held === 'no real') return [isEqual];
  if (held === 'few reals') return [isEqual, isOfType];
  return [isEqual, isOfType, `(+${x} IS NOT 0.0 OR typeof(${x}) <> 'real')`];
}
