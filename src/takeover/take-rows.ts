/**
 * The old bot's rows on their way into our tables. Each table is first copied into one without
 * types and constraints (`old_anime`) and judged there; good rows move on, others stay with the
 * reason. The rules are those of an import (backup/import/staging-sql.ts), with one difference: a
 * part or a view whose anime or viewer is gone gets an empty one, since no other file has it.
 */
import { quoteName } from '../lib/sql-tokens.ts';
import { LOCALE_NAMES } from '../settings/config.ts';
import { OLD_COLUMNS, OLD_SCHEMA, type OldTable, type OurColumn } from './our-schema.ts';

export interface Staged {
  readonly table: OldTable;
  /** `old_anime` */
  readonly staging: string;
  /** Columns of the staging table: the number of a row, and why it is refused. */
  readonly row: string;
  readonly refused: string;
  /** By lower-case name: the file's spelling. */
  readonly columns: ReadonlyMap<string, string>;
  readonly our: readonly OurColumn[];
  /**
   * Columns of the file whose name means something else here -> the name that keeps them whole, if
   * any value does not fit ours.
   */
  readonly aside: ReadonlyMap<string, string>;
  readonly sequence: bigint | undefined;
}

const SAFE = '9007199254740991';
/** Beyond 2^52 an AUTOINCREMENT table soon has no next number. */
const HIGHEST_ID = '4503599627370496';
const DATED = `GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'`;
const oneOf = (values: readonly string[]): string => `IN (${values.map((value) => `'${value}'`).join(', ')})`;

/**
 * SQL over a value of a column that the old bot did not have: does it mean what we mean by that
 * name? Columns that are missing here are never taken: passing states, and `deleted_at`, since our
 * trash gets emptied.
 */
function meansOurs(table: OldTable, column: string, value: string): string {
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
      return `(typeof(${value}) = 'integer' AND ${value} BETWEEN 0 AND ${SAFE})`;
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

/** From the staged rows of all tables to ours, parents first. Values are mended already. */
export function takeRows(all: ReadonlyMap<OldTable, Staged>): string[] {
  const take = (table: OldTable, rules: (staged: Staged) => readonly string[]): string[] => {
    const staged = all.get(table);
    return staged === undefined ? [] : [...rules(staged), ...moveRows(staged, all), ...sequence(staged)];
  };
  return [
    ...take('users', (s) => [...requireId(s, 'user_id', 'it has no Telegram id'), ...twins(s, ['user_id'])]),
    ...take('anime', (s) => [...requireCode(s, 'code'), ...twins(s, ['code']), ...ids(s)]),
    ...take('anime_parts', (s) => [...judgeParts(s), ...lostAnime(s), ...ids(s)]),
    ...take('groups', (s) => [
      ...requireId(s, 'group_id', 'it has no chat id'),
      ...twins(s, ['group_id']),
      ...ids(s),
    ]),
    ...take('anime_groups', (s) => [...judgeLinks(s, all.get('groups')), ...ids(s)]),
    ...take('mandatory_channels', (s) => [
      refuse(s, `COALESCE(${col(s, 'channel_id')}, '') = ''`, 'it has no channel id'),
      ...twins(s, ['channel_id'], (value) => `CAST(${value} AS TEXT)`),
      ...ids(s),
    ]),
    ...take('user_history', (s) => [
      ...requireId(s, 'user_id', 'it has no viewer'),
      ...lostViewers(s),
      ...ids(s),
    ]),
  ];
}

function col({ columns }: Staged, name: string): string {
  const spelled = columns.get(name);
  return spelled === undefined ? 'NULL' : quoteName(spelled);
}

function refuse({ staging, refused }: Staged, when: string, why: string): string {
  return `UPDATE ${quoteName(staging)} SET ${quoteName(refused)} = '${why}' WHERE ${quoteName(refused)} IS NULL AND (${when})`;
}

function requireId(s: Staged, column: string, why: string): string[] {
  const value = col(s, column);
  return [
    refuse(s, `typeof(${value}) <> 'integer'`, why),
    refuse(s, `${value} NOT BETWEEN -${SAFE} AND ${SAFE}`, `its ${column} is no id of Telegram`),
  ];
}

function requireCode(s: Staged, column: string): string[] {
  const value = col(s, column);
  return [
    refuse(
      s,
      `typeof(${value}) <> 'integer' OR ${value} NOT BETWEEN 1 AND 999999`,
      `its ${column} is not a number from 1 to 999999`,
    ),
  ];
}

/** Of several rows with one key the first counts. */
function twins(s: Staged, key: readonly string[], as = (value: string): string => value): string[] {
  const { staging, row, refused } = s;
  const columns = key.map((name) => as(col(s, name))).join(', ');
  const firsts = `SELECT MIN(${quoteName(row)}) FROM ${quoteName(staging)} WHERE ${quoteName(refused)} IS NULL GROUP BY ${columns}`;
  return [
    refuse(s, `${quoteName(row)} NOT IN (${firsts})`, `a row before it has the same ${key.join(' and ')}`),
  ];
}

/** Parts without a number follow the others of their anime, in the order of the file. */
function judgeParts(s: Staged): string[] {
  const { staging, row, refused } = s;
  const [table, n, code, number] = [
    quoteName(staging),
    quoteName(row),
    col(s, 'anime_code'),
    col(s, 'part_number'),
  ];
  const live = `${quoteName(refused)} IS NULL`;
  const judged = [
    ...requireCode(s, 'anime_code'),
    refuse(s, `COALESCE(${col(s, 'file_id')}, '') = ''`, 'it has no file_id'),
  ];
  // For a file without such a column: the staging table got one (`stagedColumns`).
  return [
    ...judged,
    refuse(
      s,
      `${number} IS NOT NULL AND (typeof(${number}) <> 'integer' OR ${number} NOT BETWEEN 1 AND 1000000)`,
      'its part_number is not a number from 1',
    ),
    refuse(
      s,
      `${number} IS NOT NULL AND ${n} NOT IN (SELECT MIN(${n}) FROM ${table} WHERE ${live} AND ${number} IS NOT NULL GROUP BY ${code}, ${number})`,
      'a row before it has the same anime_code and part_number',
    ),
    `UPDATE ${table} AS s SET ${number} = r.number FROM (
       SELECT ${n} AS n, ROW_NUMBER() OVER (PARTITION BY ${code} ORDER BY ${n}) + highest AS number FROM (
         SELECT ${n}, ${code}, ${number}, COALESCE(MAX(${number}) OVER (PARTITION BY ${code}), 0) AS highest FROM ${table} WHERE ${live}
       ) WHERE ${number} IS NULL) AS r WHERE r.n = s.${n}`,
  ];
}

/** Nobody knows how old they are, so they are not today's. */
function lostAnime(s: Staged): string[] {
  const code = col(s, 'anime_code');
  const lost = `SELECT DISTINCT ${code} AS code FROM ${quoteName(s.staging)} WHERE ${quoteName(s.refused)} IS NULL AND ${code} NOT IN (SELECT code FROM anime)`;
  return [
    made('anime', lost),
    `INSERT INTO anime (code, created_at, updated_at) SELECT code, NULL, NULL FROM (${lost})`,
  ];
}

function lostViewers(s: Staged): string[] {
  const id = col(s, 'user_id');
  const lost = `SELECT DISTINCT ${id} AS user_id FROM ${quoteName(s.staging)} WHERE ${quoteName(s.refused)} IS NULL AND ${id} NOT IN (SELECT user_id FROM users)`;
  return [made('users', lost), `INSERT INTO users (user_id, created_at) SELECT user_id, NULL FROM (${lost})`];
}

function made(table: OldTable, rows: string): string {
  return `INSERT INTO ${OLD_SCHEMA} (type, name, table_name) SELECT 'made', '${table}', COUNT(*) FROM (${rows}) HAVING COUNT(*) > 0`;
}

/** The row of the group that a link means: by the number of its row in the file, or by its chat. */
function groupOf(link: Staged, groups: Staged | undefined): string {
  const value = `s.${col(link, 'group_id')}`;
  const byChat = `(SELECT id FROM groups WHERE group_id = ${value})`;
  if (groups === undefined || !groups.columns.has('id')) return byChat;
  const [id, chat] = [col(groups, 'id'), col(groups, 'group_id')];
  return `COALESCE((SELECT t.id FROM "${groups.staging}" AS g JOIN groups AS t ON t.group_id = g.${chat} WHERE g.${id} = ${value} ORDER BY g.${quoteName(groups.row)} LIMIT 1), ${byChat})`;
}

function judgeLinks(s: Staged, groups: Staged | undefined): string[] {
  const { staging, row, refused } = s;
  const name = quoteName(staging);
  const code = col(s, 'anime_code');
  const group = col(s, 'group_id');
  const index =
    groups?.columns.has('id') === true
      ? [`CREATE INDEX taking_groups_by_id ON ${quoteName(groups.staging)} (${col(groups, 'id')})`]
      : [];
  return [
    ...index,
    refuse(s, `${code} IS NULL OR ${code} NOT IN (SELECT code FROM anime)`, 'no anime has its anime_code'),
    `UPDATE ${name} AS s SET ${quoteName(refused)} = 'its group is not in the file'
     WHERE ${quoteName(refused)} IS NULL AND ${groupOf(s, groups)} IS NULL`,
    `UPDATE ${name} AS s SET ${group} = ${groupOf(s, groups)} WHERE ${quoteName(refused)} IS NULL`,
    ...(index.length === 0 ? [] : ['DROP INDEX taking_groups_by_id']),
    refuse(
      s,
      `${quoteName(row)} NOT IN (SELECT MIN(${quoteName(row)}) FROM ${name} WHERE ${quoteName(refused)} IS NULL GROUP BY ${code}, ${group})`,
      'a row before it says the same',
    ),
  ];
}

/**
 * Row numbers stay where they can: of two rows with one number the later gets a new one, as does an
 * invalid number.
 */
function ids(s: Staged): string[] {
  if (!s.columns.has('id')) return [];
  const [table, id, n, live] = [
    quoteName(s.staging),
    col(s, 'id'),
    quoteName(s.row),
    `${quoteName(s.refused)} IS NULL`,
  ];
  return [
    `UPDATE ${table} SET ${id} = NULL WHERE ${live} AND ${id} IS NOT NULL AND (typeof(${id}) <> 'integer' OR ${id} NOT BETWEEN 1 AND ${HIGHEST_ID}
       OR ${n} NOT IN (SELECT MIN(${n}) FROM ${table} WHERE ${live} GROUP BY ${id}))`,
  ];
}

function moveRows(s: Staged, all: ReadonlyMap<OldTable, Staged>): string[] {
  const { table, staging, row, refused, columns, our, aside } = s;
  const known = new Map(our.map((column) => [column.name, column]));
  const targets: { readonly name: string; readonly value: string }[] = [];
  const added: string[] = [];
  for (const column of our) {
    const spelled = columns.get(column.name);
    const isOld = OLD_COLUMNS[table].includes(column.name);
    if (column.isLater && spelled === undefined) continue;
    if (column.isLater) added.push(`ALTER TABLE ${table} ADD COLUMN ${column.name} ${column.definition}`);
    // Nothing is known of what the file lacks; a default would say "today".
    const value = spelled === undefined ? 'NULL' : quoteName(spelled);
    const fit = isOld ? value : `CASE WHEN ${meansOurs(table, column.name, value)} THEN ${value} END`;
    const preset = column.preset !== null && column.notNull ? column.preset : column.notNull ? "''" : null;
    targets.push({ name: column.name, value: preset === null ? fit : `COALESCE(${fit}, ${preset})` });
  }
  for (const [name, spelled] of columns)
    if (!known.has(name)) {
      added.push(`ALTER TABLE ${table} ADD COLUMN ${quoteName(spelled)}`);
      targets.push({ name: spelled, value: quoteName(spelled) });
    }
  for (const [spelled, kept] of aside) {
    added.push(`ALTER TABLE ${table} ADD COLUMN ${quoteName(kept)}`);
    targets.push({ name: kept, value: quoteName(spelled) });
  }
  const live = `${quoteName(refused)} IS NULL`;
  const insert = (these: typeof targets, when: string): string =>
    `INSERT INTO ${table} (${these.map(({ name }) => quoteName(name)).join(', ')})
     SELECT ${these.map(({ value }) => value).join(', ')} FROM ${quoteName(staging)} WHERE ${live}${when} ORDER BY ${quoteName(row)}`;
  const numbered = targets.find(({ name }) => name === 'id');
  const others = targets.filter(({ name }) => name !== 'id');
  const isNumbered = numbered !== undefined && columns.has('id');
  const count = `(SELECT COUNT(*) FROM ${quoteName(staging)} WHERE ${live})`;
  return [
    ...added,
    ...(numbered === undefined
      ? [insert(targets, '')]
      : isNumbered
        ? [
            insert(targets, ` AND ${numbered.value} IS NOT NULL`),
            insert(others, ` AND ${numbered.value} IS NULL`),
          ]
        : [insert(others, '')]),
    // Counts only what arrived.
    `SELECT json_extract('{}', iif((SELECT COUNT(*) FROM ${table}) >= ${count}, '$', 'not all rows of ${table} arrived'))`,
    // The links still look up their groups by the file's own row numbers.
    ...(table === 'groups' && all.has('anime_groups') ? [] : [dropTaken(s)]),
    ...(table === 'anime_groups' && all.has('groups') ? [...optional(all.get('groups'), dropTaken)] : []),
  ];
}

function dropTaken({ staging, refused }: Staged): string {
  return `DELETE FROM ${quoteName(staging)} WHERE ${quoteName(refused)} IS NULL`;
}

function optional(staged: Staged | undefined, make: (staged: Staged) => string): string[] {
  return staged === undefined ? [] : [make(staged)];
}

/** The next row gets the number that it would have got in the old file. */
function sequence({ table, sequence: position }: Staged): string[] {
  if (position === undefined) return [];
  return [
    `INSERT INTO sqlite_sequence (name, seq) SELECT '${table}', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '${table}')`,
    `UPDATE sqlite_sequence SET seq = MAX(seq, ${position}) WHERE name = '${table}'`,
  ];
}
