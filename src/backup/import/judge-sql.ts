/**
 * Judges staged rows: resolves the file's references, names faults, marks what the database already
 * has. Changes nothing else.
 */
import { LARGEST_USER_ID } from '../../db/users.ts';
import { verdictSql } from '../document/reasons.ts';
import { LIVE, type StagedImport } from './staging-sql.ts';
import type { Step } from './steps.ts';

/** Tables whose rows each belong to a viewer. */
export const OF_VIEWERS = ['user_history', 'favourites', 'follows', 'watch_progress'];

export function judge(all: readonly StagedImport[]): Step[] {
  const has = (name: string): boolean => all.some(({ spec }) => spec.name === name);
  return [
    ...['users', ...OF_VIEWERS].filter(has).map(requireUserId),
    refuse(
      'anime',
      `typeof(s.c_code) <> 'integer' OR s.c_code NOT BETWEEN 1 AND 999999`,
      verdictSql('code-range', 's.c_code'),
    ),
    ...['favourites', 'follows', 'watch_progress', 'anime_views'].filter(has).flatMap(codeOfAnime),
    ...['anime_parts', 'anime_groups']
      .filter(has)
      .map((table) =>
        refuse(table, `NOT ${animeExists('s.c_anime_code')}`, verdictSql('no-anime', 's.c_anime_code')),
      ),
    ...numberParts(),
    ...(has('anime_groups') ? chatsOfGroups() : []),
    // A viewer whom only the history names: the row is nothing but the id.
    ...OF_VIEWERS.filter(has).map(viewersOf),
    ...all.map(twins),
    ...all.map(already),
  ];
}

function refuse(table: string, when: string, why: string): Step {
  const staging = `importing_${table}`;
  return {
    needs: staging,
    over: staging,
    sql: (range) =>
      `UPDATE ${staging} AS s SET verdict = ${why} WHERE s.n ${range} AND s.verdict IS NULL AND (${when})`,
  };
}

/** Old bots list their groups among their users. A row that speaks of one makes nobody a viewer. */
function requireUserId(table: string): Step {
  return refuse(
    table,
    `s.c_user_id NOT BETWEEN 1 AND ${LARGEST_USER_ID}`,
    verdictSql('no-user-id', 's.c_user_id'),
  );
}

function codeOfAnime(table: string): Step[] {
  const staging = `importing_${table}`;
  return [
    {
      needs: staging,
      over: staging,
      sql: (range) =>
        `UPDATE ${staging} AS s SET c_code = (SELECT a.c_code FROM importing_anime AS a
           WHERE a.c_id = s.c_anime_id AND a.verdict IS NULL LIMIT 1) WHERE s.n ${range}`,
    },
    refuse(table, 's.c_code IS NULL', verdictSql('anime-not-in-file', 's.c_anime_id')),
  ];
}

function animeExists(code: string): string {
  return `(EXISTS (SELECT 1 FROM importing_anime AS a WHERE a.c_code = ${code} AND a.verdict IS NULL)
    OR EXISTS (SELECT 1 FROM anime AS a WHERE a.code = ${code}))`;
}

/** Parts without a number: that of the same file in the database, or the next one. */
function numberParts(): Step[] {
  const staging = 'importing_anime_parts';
  return [
    {
      needs: staging,
      sql: () =>
        `UPDATE ${staging} AS s SET c_part_number = r.part_number
         FROM (SELECT p.n, MIN(t.part_number) AS part_number FROM anime_parts AS t
                 CROSS JOIN ${staging} AS p ON p.c_anime_code = +t.anime_code AND p.c_file_id = +t.file_id
               WHERE p.c_part_number IS NULL AND p.verdict IS NULL GROUP BY p.n) AS r
         WHERE r.n = s.n`,
    },
    {
      needs: staging,
      sql: () =>
        `UPDATE ${staging} AS s SET c_part_number = r.k + MAX(
           COALESCE((SELECT MAX(t.part_number) FROM anime_parts AS t WHERE t.anime_code = s.c_anime_code), 0), r.highest)
         FROM (SELECT p.n, ROW_NUMBER() OVER (PARTITION BY p.c_anime_code ORDER BY p.n) AS k,
                 COALESCE((SELECT MAX(o.c_part_number) FROM ${staging} AS o WHERE o.c_anime_code = p.c_anime_code), 0) AS highest
               FROM ${staging} AS p WHERE p.c_part_number IS NULL AND p.verdict IS NULL) AS r
         WHERE r.n = s.n`,
    },
    refuse(
      'anime_parts',
      `typeof(s.c_part_number) <> 'integer' OR s.c_part_number NOT BETWEEN 1 AND 1000000`,
      verdictSql('part-range', 's.c_part_number'),
    ),
  ];
}

/** The old bot's links name a row of groups, or its chat. */
function chatsOfGroups(): Step[] {
  const staging = 'importing_anime_groups';
  const chat = (column: string): string =>
    `(SELECT g.c_group_id FROM importing_groups AS g WHERE g.${column} = s.c_group_id AND g.verdict IS NULL LIMIT 1)`;
  return [
    {
      needs: staging,
      over: staging,
      sql: (range) =>
        `UPDATE ${staging} AS s SET c_chat = COALESCE(${chat('c_id')}, ${chat('c_group_id')}) WHERE s.n ${range}`,
    },
    refuse('anime_groups', 's.c_chat IS NULL', verdictSql('group-not-in-file', 's.c_group_id')),
  ];
}

function viewersOf(table: string): Step {
  const staging = `importing_${table}`;
  return {
    needs: staging,
    over: staging,
    sql: (range) =>
      `INSERT INTO importing_users (place, c_user_id)
       SELECT MIN(s.place), s.c_user_id FROM ${staging} AS s WHERE s.n ${range} AND s.verdict IS NULL
         AND NOT EXISTS (SELECT 1 FROM importing_users AS u WHERE u.c_user_id = s.c_user_id)
         AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.user_id = s.c_user_id) GROUP BY s.c_user_id`,
  };
}

/**
 * The first of several rows with one key counts. Repeated events are one; anything else is refused
 * with the place of the first.
 */
function twins({ spec, staging }: StagedImport): Step {
  const same = spec.key.map((column) => `f.${column} IS s.${column}`).join(' AND ');
  const first = `(SELECT f.place FROM ${staging} AS f WHERE ${same} AND f.verdict IS NULL AND f.n < s.n ORDER BY f.n LIMIT 1)`;
  const mark = spec.addOnly === true ? 'twin = 1' : `verdict = ${verdictSql('twice', first)}`;
  return {
    needs: staging,
    over: staging,
    sql: (range) =>
      `UPDATE ${staging} AS s SET ${mark} WHERE s.n ${range} AND ${LIVE} AND ${first} IS NOT NULL`,
  };
}

/**
 * What the database has. Where a table has no unique key (events), its rows are looked for in the
 * staged ones, not the other way about: of a popular anime, or of rows without a time, it has any
 * number that differ in one column only.
 */
function already({ spec, staging }: StagedImport): Step {
  if (spec.events === true)
    return {
      needs: staging,
      over: spec.name,
      sql: (range) => alreadySql({ spec, staging }, `t.id ${range}`),
    };
  return {
    needs: staging,
    over: staging,
    sql: (range) =>
      `UPDATE ${staging} AS s SET there = 1 WHERE s.n ${range} AND ${LIVE}
         AND EXISTS (SELECT 1 FROM ${spec.name} AS t WHERE ${spec.match})`,
  };
}

/** Marks staged events that are among the living rows of a range. */
export function alreadySql({ spec, staging }: Pick<StagedImport, 'spec' | 'staging'>, range: string): string {
  // The plus takes a living column's type from the comparison: with it the staged index, which has
  // none, could not be searched.
  const same = spec.key.map((column) => `s.${column} IS +t.${column.slice('c_'.length)}`).join(' AND ');
  return `UPDATE ${staging} SET there = 1 WHERE n IN
    (SELECT s.n FROM ${spec.name} AS t CROSS JOIN ${staging} AS s ON ${same} WHERE ${range} AND ${LIVE} AND s.there = 0)`;
}
