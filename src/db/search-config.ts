/**
 * FTS5 takes orders from the rows of a `_config` table: a rank function that is not there fails
 * every search, a version that it does not know fails every statement, sizes of pages and hashes
 * are taken as they are. This program gives none: the version alone.
 */
import { migrations } from './migrations/all-migrations.ts';

/** Our full-text tables: name -> its statement. */
export const FULL_TEXT: ReadonlyMap<string, string> = new Map(
  migrations
    .flatMap(({ up }) => up(new Map()))
    .flatMap((text): [string, string][] => {
      const [, name] = /^CREATE VIRTUAL TABLE (\w+) USING fts5 /.exec(text) ?? [];
      return name === undefined ? [] : [[name, text]];
    }),
);

export function configOf(table: string): string {
  return `${table}_config`;
}

/**
 * True of a row of a `_config` table that FTS5 itself writes. https://sqlite.org/fts5.html,
 * fts5_config.c
 */
export const OWN_ROW = "(k IS 'version' AND typeof(v) = 'integer' AND v = 4)";

/** Makes a full-text table anew: it is made of other tables' rows, so nothing is lost. */
export function makeFullTextAnew(table: string): string[] {
  return [
    // A version that FTS5 does not know would refuse even the DROP.
    `DELETE FROM ${configOf(table)}`,
    `INSERT INTO ${configOf(table)} (k, v) VALUES ('version', 4)`,
    `DROP TABLE ${table}`,
    FULL_TEXT.get(table) ?? '',
    `INSERT INTO ${table} (${table}) VALUES ('rebuild')`,
  ];
}
