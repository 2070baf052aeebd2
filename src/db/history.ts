/** Who watched what, and where everybody stopped. */
import { listed, one, type Query, type Statement, sql } from './database.ts';
import { LIST_PAGE, LISTED, type ListedAnime, type ListPage, pageFrom, readListed } from './listed-anime.ts';
import type { Row } from './row.ts';
import { toSqlTime } from './time.ts';

/** A view of a part: the history's line, the viewer's progress and the anime's counter. */
export function recordView(
  userId: number,
  anime: { readonly id: number; readonly code: number },
  partNumber: number,
  now: Date,
): readonly Statement[] {
  const at = toSqlTime(now);
  return [
    sql(
      'INSERT INTO user_history (user_id, anime_code, part_number, viewed_at) VALUES (?, ?, ?, ?)',
      userId,
      anime.code,
      partNumber,
      at,
    ),
    sql(
      `INSERT INTO watch_progress (user_id, anime_id, part_id, part_number, viewed_at)
       VALUES (?1, ?2, (SELECT id FROM anime_parts WHERE anime_code = ?3 AND part_number = ?4), ?4, ?5)
       ON CONFLICT (user_id, anime_id) DO UPDATE SET part_id = excluded.part_id,
         part_number = excluded.part_number, viewed_at = excluded.viewed_at`,
      userId,
      anime.id,
      anime.code,
      partNumber,
      at,
    ),
    sql('UPDATE anime SET views = views + 1 WHERE id = ?', anime.id),
  ];
}

export interface WatchedAnime extends ListedAnime {
  /** The part seen last. */
  readonly watched: number;
  /** The part to go on with: the next, or null when the last one was seen. */
  readonly next: number | null;
}

const WATCHED = `SELECT ${LISTED}, COALESCE(seen.part_number, w.part_number) AS watched,
  (SELECT MIN(part_number) FROM anime_parts AS n
   WHERE n.anime_code = a.code AND n.part_number > COALESCE(seen.part_number, w.part_number)) AS next
FROM watch_progress AS w JOIN anime AS a ON a.id = w.anime_id AND a.deleted_at IS NULL
  LEFT JOIN anime_parts AS seen ON seen.id = w.part_id AND seen.anime_code = a.code
WHERE w.user_id = ? ORDER BY w.viewed_at DESC`;

/** The anime a viewer watched, last seen first. The cost grows with the page number only. */
export function watchedAnime(userId: number, page: number): Query<ListPage<WatchedAnime>> {
  const query = listed(
    sql(`${WATCHED} LIMIT ${LIST_PAGE + 1} OFFSET ?`, userId, page * LIST_PAGE),
    readWatched,
  );
  return { ...query, parse: (rows) => pageFrom(query.parse(rows)) };
}

/** What this viewer watched last, for "continue watching". */
export function lastWatched(userId: number): Query<WatchedAnime | undefined> {
  return one(sql(`${WATCHED} LIMIT 1`, userId), readWatched);
}

function readWatched(row: Row): WatchedAnime {
  return { ...readListed(row), watched: row.int('watched'), next: row.intOrNull('next') };
}
