/**
 * Which staged rows of an old file stay behind, and why. The rules are those of an import
 * (backup/import/staging-sql.ts), with one difference: a part or a view whose anime or viewer is
 * gone gets an empty one, since no other file has it.
 */
import { quoteName } from '../lib/sql-tokens.ts';
import { OLD_SCHEMA, type OldTable } from './our-schema.ts';
import { col, type Staged } from './staged-table.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
/** Beyond 2^52 an AUTOINCREMENT table soon has no next number. */
const HIGHEST_ID = '4503599627370496';

/** SQL that keeps rows behind, with the reason; the first reason stays. */
export function refuse({ staging, refused }: Staged, when: string, why: string): string {
  return `UPDATE ${quoteName(staging)} SET ${quoteName(refused)} = '${why}' WHERE ${quoteName(refused)} IS NULL AND (${when})`;
}

export function requireId(s: Staged, column: string, why: string): string[] {
  const value = col(s, column);
  return [
    refuse(s, `typeof(${value}) <> 'integer'`, why),
    refuse(s, `${value} NOT BETWEEN -${SAFE} AND ${SAFE}`, `its ${column} is no id of Telegram`),
  ];
}

export function requireCode(s: Staged, column: string): string[] {
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
export function twins(s: Staged, key: readonly string[], as = (value: string): string => value): string[] {
  const { staging, row, refused } = s;
  const columns = key.map((name) => as(col(s, name))).join(', ');
  const firsts = `SELECT MIN(${quoteName(row)}) FROM ${quoteName(staging)} WHERE ${quoteName(refused)} IS NULL GROUP BY ${columns}`;
  return [
    refuse(s, `${quoteName(row)} NOT IN (${firsts})`, `a row before it has the same ${key.join(' and ')}`),
  ];
}

/** Parts without a number follow the others of their anime, in the order of the file. */
export function judgeParts(s: Staged): string[] {
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
export function lostAnime(s: Staged): string[] {
  const code = col(s, 'anime_code');
  const lost = `SELECT DISTINCT ${code} AS code FROM ${quoteName(s.staging)} WHERE ${quoteName(s.refused)} IS NULL AND ${code} NOT IN (SELECT code FROM anime)`;
  return [
    made('anime', lost),
    `INSERT INTO anime (code, created_at, updated_at) SELECT code, NULL, NULL FROM (${lost})`,
  ];
}

export function lostViewers(s: Staged): string[] {
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

export function judgeLinks(s: Staged, groups: Staged | undefined): string[] {
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
export function ids(s: Staged): string[] {
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
