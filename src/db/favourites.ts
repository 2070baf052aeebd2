/** What viewers keep: favourites, and anime whose new parts they want to be told of. */
import { listed, type Query, type Statement, sql } from './database.ts';
import { LIST_PAGE, LISTED, type ListPage, pageFrom, readListed } from './listed-anime.ts';
import { toSqlTime } from './time.ts';

type Kept = 'favourites' | 'follows';
const TIME: Record<Kept, string> = { favourites: 'added_at', follows: 'since' };

/**
 * Adding a present row and removing a missing one change nothing: a button may be pressed twice.
 */
export function keep(list: Kept, userId: number, animeId: number, now: Date): Statement {
  return sql(
    `INSERT INTO ${list} (user_id, anime_id, ${TIME[list]})
     SELECT ?, id, ? FROM anime WHERE id = ? AND deleted_at IS NULL ON CONFLICT DO NOTHING`,
    userId,
    toSqlTime(now),
    animeId,
  );
}

export function drop(list: Kept, userId: number, animeId: number): Statement {
  return sql(`DELETE FROM ${list} WHERE user_id = ? AND anime_id = ?`, userId, animeId);
}

/** Last added first. */
export function kept(list: Kept, userId: number, page: number): Query<ListPage> {
  const query = listed(
    sql(
      `SELECT ${LISTED} FROM ${list} AS k JOIN anime AS a ON a.id = k.anime_id AND a.deleted_at IS NULL
       WHERE k.user_id = ? ORDER BY k.${TIME[list]} DESC, k.anime_id DESC LIMIT ${LIST_PAGE + 1} OFFSET ?`,
      userId,
      page * LIST_PAGE,
    ),
    readListed,
  );
  return { ...query, parse: (rows) => pageFrom(query.parse(rows)) };
}
