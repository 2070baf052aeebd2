/** An anime as a line of a list. */
import { listed, type Query, sql } from './database.ts';
import type { Row } from './row.ts';
import { shown } from './shown-text.ts';

export interface ListedAnime {
  readonly id: number;
  readonly code: number;
  readonly title: string | null;
  /**
   * Its beginning, and only for an anime without a title: the description's first line then names
   * it.
   */
  readonly description: string | null;
}

/** Lines on a page. One more row is read to know whether another page follows. */
export const LIST_PAGE = 10;

export interface ListPage<T extends ListedAnime = ListedAnime> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

/** Columns of {@link readListed}, from `anime AS a`. */
export const LISTED = `a.id, a.code, ${shown('a.title')},
  CASE WHEN COALESCE(a.title, '') = '' THEN substr(a.description, 1, 200) END AS description`;

export function readListed(row: Row): ListedAnime {
  return {
    id: row.int('id'),
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
  };
}

/** Makes a page of rows, of which one too many was read. */
export function pageFrom<T extends ListedAnime>(rows: readonly T[]): ListPage<T> {
  return { items: rows.slice(0, LIST_PAGE), hasMore: rows.length > LIST_PAGE };
}

/** The first of the catalogue by views, for lists without pages. */
export function mostViewed(limit: number): Query<ListedAnime[]> {
  return listed(
    sql(
      `SELECT ${LISTED} FROM anime AS a WHERE a.deleted_at IS NULL ORDER BY a.views DESC, a.id DESC LIMIT ?`,
      limit,
    ),
    readListed,
  );
}

export interface BrowseQuery {
  readonly order: 'newest' | 'viewed' | 'name';
  /** The anime this page comes after or before in that order; 0 for the first page. */
  readonly anchor: number;
  readonly direction: 'after' | 'before';
  /** With order `name` and no anchor: where to begin (folded). */
  readonly from?: string;
}

/**
 * A page of the catalogue. Pages start at an anime, not at an offset: the thousandth page costs as
 * much as the first, and no page shifts when an anime is added meanwhile.
 */
export function browse(query: BrowseQuery): Query<ListPage> {
  const { table, key, anchorKey, isDescending } = ORDERS[query.order];
  const isForward = query.direction === 'after';
  const goesDown = isDescending === isForward;
  const limit = LIST_PAGE + 1;
  const byKey = key.map((column) => `${column} ${goesDown ? 'DESC' : 'ASC'}`).join(', ');
  const where =
    query.anchor > 0
      ? `(${key.join(', ')}) ${goesDown ? '<' : '>'} (${anchorKey})`
      : query.from === undefined
        ? '?1 IS NOT NULL'
        : 's.title >= ?1';
  const statement = sql(
    `SELECT ${LISTED} FROM ${table} WHERE ${where} AND a.deleted_at IS NULL ORDER BY ${byKey} LIMIT ${limit}`,
    query.anchor > 0 ? query.anchor : (query.from ?? 0),
  );
  const query_ = listed(statement, readListed);
  return {
    ...query_,
    parse: (rows) => {
      const page = pageFrom(query_.parse(rows));
      return isForward ? page : { ...page, items: page.items.toReversed() };
    },
  };
}

/** Sorts behind everything that begins with the same letters. */
const LAST = '\u{10FFFF}';

/**
 * Which of these beginnings of folded names some anime has. `0` stands for any digit, `s` leaves to
 * `sh` what begins so, and `''` tells whether there is any anime. One look into the index for each,
 * however large the catalogue.
 */
export function usedLetters(letters: readonly string[]): Query<Set<string>> {
  const ranges = letters.flatMap((letter) => {
    const end = letter === '0' ? ':' : letter + LAST;
    const longer = letters.find((other) => other !== letter && other.startsWith(letter));
    return longer === undefined
      ? [[letter, letter, end]]
      : [
          [letter, letter, longer],
          [letter, longer + LAST, end],
        ];
  });
  const statement = sql(
    `SELECT json_extract(r.value, '$[0]') AS letter FROM json_each(?) AS r WHERE EXISTS (
       SELECT 1 FROM anime_search AS s CROSS JOIN anime AS a ON a.id = s.anime_id
       WHERE s.title >= json_extract(r.value, '$[1]') AND s.title < json_extract(r.value, '$[2]') AND a.deleted_at IS NULL)`,
    JSON.stringify([['', '', LAST], ...ranges]),
  );
  return { ...statement, parse: (rows) => new Set(rows.map((row) => row.text('letter'))) };
}

const ORDERS: Record<
  BrowseQuery['order'],
  { table: string; key: readonly string[]; anchorKey: string; isDescending: boolean }
> = {
  newest: { table: 'anime AS a', key: ['a.id'], anchorKey: '?1', isDescending: true },
  viewed: {
    table: 'anime AS a',
    key: ['a.views', 'a.id'],
    anchorKey: 'SELECT views, id FROM anime WHERE id = ?1',
    isDescending: true,
  },
  name: {
    table: 'anime_search AS s CROSS JOIN anime AS a ON a.id = s.anime_id',
    key: ['s.title', 's.anime_id'],
    anchorKey: 'SELECT title, anime_id FROM anime_search WHERE anime_id = ?1',
    isDescending: false,
  },
};
