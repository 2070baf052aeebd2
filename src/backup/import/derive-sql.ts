/**
 * Numbers that follow from imported rows, staged as rows of their own, so that the merge and the
 * report know only one kind of thing. They count over the database and what the file adds, so a
 * repeated import finds them unchanged.
 */
import {
  type Counted,
  counterQueries,
  dailyViewsQuery,
  progressQuery,
  totalQueries,
} from '../../db/derived-numbers.ts';
import { DERIVED, LIVE, type StagedImport } from './staging-sql.ts';
import type { Step } from './steps.ts';

const NEW = `${LIVE} AND s.there = 0`;

/** Staged rows as rows of the bot, an anime's id being its code: a new one has no other yet. */
const OF_FILE: Counted = {
  history: `(SELECT s.c_user_id AS user_id, s.c_anime_code AS anime_code, s.c_part_number AS part_number,
    s.c_viewed_at AS viewed_at FROM importing_user_history AS s WHERE ${LIVE})`,
  users: `(SELECT s.c_source AS source, s.c_created_at AS created_at FROM importing_users AS s WHERE ${NEW})`,
  anime: `(SELECT code AS id, code FROM anime UNION SELECT s.c_code, s.c_code FROM importing_anime AS s WHERE ${LIVE})`,
  parts: `(SELECT NULL AS id, anime_code, part_number FROM anime_parts
    UNION SELECT NULL, s.c_anime_code, s.c_part_number FROM importing_anime_parts AS s WHERE ${LIVE})`,
};

const TOGETHER: Counted = {
  ...OF_FILE,
  history: `(SELECT user_id, anime_code, viewed_at FROM user_history
    UNION ALL SELECT s.c_user_id, s.c_anime_code, s.c_viewed_at FROM importing_user_history AS s WHERE ${NEW})`,
  users: `(SELECT source, created_at FROM users
    UNION ALL SELECT s.c_source, s.c_created_at FROM importing_users AS s WHERE ${NEW})`,
};

const HISTORY = 'importing_user_history';

/** After {@link judge}. Nothing follows from a file that names no viewer and no view. */
export function derive(all: readonly StagedImport[]): Step[] {
  const has = (name: string): boolean => all.some(({ spec }) => spec.name === name);
  const columns = all.find(({ spec }) => spec.name === 'users')?.columns.map(({ name }) => name) ?? [];
  // A database without them (an older program's) keeps no numbers.
  if (!has('user_history') || !['source', 'created_at'].every((name) => columns.includes(name))) return [];
  return [
    ...(has('counters') ? counters() : []),
    ...(has('anime_views') ? dailyViews() : []),
    ...(has('watch_progress') ? [progress()] : []),
    ...(all.some(({ spec, columns }) => spec.name === 'anime' && columns.some(({ name }) => name === 'views'))
      ? views()
      : []),
  ];
}

function counters(): Step[] {
  const queries = [...counterQueries(TOGETHER), ...totalQueries(TOGETHER)];
  return [
    ...queries.map(
      (query): Step => ({
        needs: 'importing_users',
        sql: () => `INSERT INTO ${DERIVED} (kind, a, b, value) SELECT 'counters', * FROM (${query})`,
      }),
    ),
    ...higher('counters', ['c_metric', 'c_period'], {
      value: 'c_value',
      living: '(SELECT t.value FROM counters AS t WHERE t.metric = d.a AND t.period = d.b)',
    }),
  ];
}

function dailyViews(): Step[] {
  return [
    {
      needs: HISTORY,
      sql: () =>
        `INSERT INTO ${DERIVED} (kind, a, b, value) SELECT 'anime_views', * FROM (${dailyViewsQuery(TOGETHER)})`,
    },
    ...higher('anime_views', ['c_day', 'c_code'], {
      value: 'c_views',
      living:
        '(SELECT t.views FROM anime_views AS t WHERE t.day = d.a AND t.anime_id = (SELECT id FROM anime WHERE code = d.b))',
    }),
  ];
}

/**
 * Migration 3 asks for each anime; here all are counted in one go, for a file's views have no such
 * index.
 */
function views(): Step[] {
  return [
    {
      needs: HISTORY,
      sql: () =>
        `INSERT INTO ${DERIVED} (kind, a, b, value) SELECT 'anime', a.code, 0, COUNT(*)
         FROM ${TOGETHER.history} AS h JOIN ${TOGETHER.anime} AS a ON a.code = h.anime_code GROUP BY a.code`,
    },
    ...higher('anime', ['c_code'], {
      value: 'c_views',
      living: '(SELECT t.views FROM anime AS t WHERE t.code = d.a)',
    }),
  ];
}

/**
 * A derived number goes into the staged row of its key, or into a new one, when it is higher than
 * what the database has.
 */
function higher(
  table: string,
  key: readonly string[],
  { value, living }: { readonly value: string; readonly living: string },
): Step[] {
  const staging = `importing_${table}`;
  const isOf = (s: string): string =>
    key.map((column, i) => `${s}.${column} = d.${i === 0 ? 'a' : 'b'}`).join(' AND ');
  const isHigher = `d.kind = '${table}' AND d.value > COALESCE(${living}, 0)`;
  const needs = table === 'counters' ? 'importing_users' : HISTORY;
  return [
    {
      needs,
      sql: () =>
        `UPDATE ${staging} AS s SET (${value}, base) =
           (SELECT MAX(COALESCE(s.${value}, 0), d.value), COALESCE(${living}, 0) FROM ${DERIVED} AS d WHERE d.kind = '${table}' AND ${isOf('s')})
         WHERE s.n IN (SELECT p.n FROM ${DERIVED} AS d CROSS JOIN ${staging} AS p ON ${isOf('p')}
           WHERE ${isHigher} AND p.verdict IS NULL AND p.twin = 0)`,
    },
    {
      needs,
      sql: () =>
        `INSERT INTO ${staging} (place, ${key.join(', ')}, ${value}, base, there)
         SELECT '${table}', ${key.map((_, i) => `d.${i === 0 ? 'a' : 'b'}`).join(', ')}, d.value, COALESCE(${living}, 0), ${living} IS NOT NULL
         FROM ${DERIVED} AS d WHERE ${isHigher}
           AND NOT EXISTS (SELECT 1 FROM ${staging} AS s WHERE ${isOf('s')} AND ${LIVE})`,
    },
  ];
}

/** Where a viewer stopped, by the file's views; what the file itself says of it goes first. */
function progress(): Step {
  return {
    needs: HISTORY,
    sql: () =>
      `INSERT INTO importing_watch_progress (place, c_user_id, c_code, c_part_number, c_viewed_at, there)
       WITH r (user_id, code, part_id, part_number, viewed_at) AS (${progressQuery(OF_FILE)})
       SELECT 'user_history', r.user_id, r.code, r.part_number, r.viewed_at, EXISTS (SELECT 1 FROM watch_progress AS t
           WHERE t.user_id = r.user_id AND t.anime_id = (SELECT id FROM anime WHERE code = r.code))
       FROM r WHERE NOT EXISTS (SELECT 1 FROM importing_watch_progress AS s
         WHERE s.c_user_id = r.user_id AND s.c_code = r.code AND ${LIVE})`,
  };
}
