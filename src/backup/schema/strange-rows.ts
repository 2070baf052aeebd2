/**
 * Rows of a backup that are orders to a program, and that this one does not write. In the process
 * for foreign files only.
 */
import type { DatabaseSync } from 'node:sqlite';
import { configOf, FULL_TEXT, OWN_ROW } from '../../db/search-config.ts';
import type { SchemaObject } from '../model/model.ts';
import type { Stranger } from './strangers.ts';

/** Names for people come first; values may be of any length. */
const MOST_ROWS = 20;
const SHOWN = 40;

export function strangeRows(db: DatabaseSync, objects: readonly SchemaObject[]): Stranger[] {
  const has = (table: string, ...columns: readonly string[]): boolean =>
    objects.some(
      ({ type, name, hasStorage }) => type === 'table' && hasStorage && name.toLowerCase() === table,
    ) && columns.every((column) => columnsOf(db, table).includes(column));
  return [
    ...[...FULL_TEXT.keys()]
      .map(configOf)
      .filter((table) => has(table, 'k', 'v'))
      .flatMap((table) => rowsOf(db, table, 'k', `NOT ${OWN_ROW}`)),
    // A takeover that was not finished: the next start would run what stands in them.
    ...(has('old_schema', 'type', 'name', 'table_name', 'sql', 'why')
      ? rowsOf(db, 'old_schema', "type || ' ' || name", 'why IS NULL')
      : []),
  ];
}

function rowsOf(db: DatabaseSync, table: string, what: string, where: string): Stranger[] {
  const found = db
    .prepare(
      `SELECT substr(quote(${what}), 1, ${SHOWN}) AS what FROM "${table}" WHERE ${where} LIMIT ${MOST_ROWS}`,
    )
    .all();
  return found.map((row) => {
    const name = `row ${String(row['what'])} of ${table}`;
    return { name, runs: true, text: name };
  });
}

/** Stored ones: another would be computed. */
function columnsOf(db: DatabaseSync, table: string): string[] {
  const found = db.prepare('SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0').all(table);
  return found.map((row) => String(row['name']));
}
