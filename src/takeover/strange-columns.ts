/**
 * Columns of an old file with a name of ours that the old bot did not have: do they mean what ours
 * mean?
 */
import { quoteName } from '../lib/sql-tokens.ts';
import { LOCALE_NAMES } from '../settings/config.ts';
import { OLD_COLUMNS, type OldTable, type OurColumn } from './our-schema.ts';

const DATED = `GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'`;
const oneOf = (values: readonly string[]): string => `IN (${values.map((value) => `'${value}'`).join(', ')})`;

/**
 * SQL over a value of a column that the old bot did not have: does it mean what we mean by that
 * name? Columns that are missing here are never taken: passing states, and `deleted_at`, since our
 * trash gets emptied.
 */
export function meansOurs(table: OldTable, column: string, value: string): string {
  const kinds: Partial<Record<OldTable, readonly string[]>> = {
    anime_parts: ['video', 'document', 'animation'],
    groups: ['group', 'supergroup', 'channel'],
    mandatory_channels: ['public', 'private', 'request'],
  };
  switch (column) {
    case 'language':
      return `${value} ${oneOf(LOCALE_NAMES)}`;
    case 'kind':
      return `${value} ${oneOf(kinds[table] ?? [])}`;
    case 'banned_at':
    case 'blocked_at':
      return `${value} ${DATED}`;
    case 'year':
      return `(typeof(${value}) = 'integer' AND ${value} BETWEEN 1900 AND 2100)`;
    case 'views':
      return `(typeof(${value}) = 'integer' AND ${value} BETWEEN 0 AND ${Number.MAX_SAFE_INTEGER})`;
    case 'title':
    case 'aliases':
    case 'genres':
    case 'username':
    case 'source':
    case 'invite_link':
    case 'file_unique_id':
    case 'photo_unique_id':
      return `(typeof(${value}) = 'text' AND ${value} NOT GLOB '[[{]*')`;
    default:
      return '0';
  }
}

/** Our columns that the file has although the old bot had none of that name. */
export function strangeColumns(
  table: OldTable,
  our: readonly OurColumn[],
  columns: ReadonlyMap<string, string>,
): OurColumn[] {
  return our.filter(({ name }) => !OLD_COLUMNS[table].includes(name) && columns.has(name));
}

/** Rows whose value of a strange column is not what we mean; an empty text says nothing. */
export function otherMeaning(table: OldTable, { name }: OurColumn, spelled: string): string {
  const value = quoteName(spelled);
  return `COALESCE(${value}, '') <> '' AND NOT COALESCE(${meansOurs(table, name, value)}, 0)`;
}
