/**
 * Names for what a takeover or a mending keeps. An object of somebody else's may have such a name:
 * it stays what it is, and the next free name is taken.
 */
import { all, sql } from '../db/database.ts';
import { hexOf, textOfHex } from '../lib/hex-text.ts';
import { quoteName, tokenizeSql } from '../lib/sql-tokens.ts';

export interface KeptObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** All that could have such a name. */
export const keptTables = all(
  sql(
    `SELECT type, ${hexOf('name')} AS name, ${hexOf('sql')} AS "text" FROM sqlite_schema WHERE type <> 'trigger' AND name LIKE 'old\\_%' ESCAPE '\\'`,
  ),
  (row): KeptObject => ({
    type: row.text('type'),
    name: textOfHex(row.text('name')),
    sql: textOfHex(row.text('text')),
  }),
);

/**
 * The first of `wanted`, `wanted_2` … that nothing has, or a table of just these columns, which is
 * ours.
 */
export function keptName(wanted: string, columns: string, objects: readonly KeptObject[]): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? wanted : `${wanted}_${n}`;
    const isTaken = objects.some((object) => object.name.toLowerCase() === name.toLowerCase());
    if (!isTaken || isKept(name, columns, objects)) return name;
  }
}

/**
 * A table of this name is there, and made of just these columns: whatever else stood in it would
 * act, or refuse a row.
 */
export function isKept(name: string, columns: string, objects: readonly KeptObject[]): boolean {
  const own = wordsOf(`(${columns})`).join(' ');
  return objects.some((object) => {
    const words = wordsOf(object.sql);
    const isMadeOf = words.slice(words.indexOf('(')).join(' ') === own;
    return object.type === 'table' && object.name.toLowerCase() === name.toLowerCase() && isMadeOf;
  });
}

function wordsOf(text: string): string[] {
  return tokenizeSql(text).map((token) => token.text);
}

export function makeKept(name: string, columns: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteName(name)} (${columns})`;
}

/** A free name; from now on it is taken. */
export function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name.toLowerCase()); n += 1) name = `${wanted}_${n}`;
  taken.add(name.toLowerCase());
  return name;
}
