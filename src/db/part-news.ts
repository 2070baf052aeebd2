/** New parts on their way to the people who follow an anime. */
import { type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

/** Parts added within this time of each other are told in one message. */
const GATHER_SECONDS = 60;

/** Goes with the write that adds a part to an anime viewers can see. Nobody follows it: nothing is written. */
export function announcePart(animeId: number, partNumber: number, now: Date): Statement {
  return sql(
    `INSERT INTO part_news (anime_id, first_part, last_part, parts, ready_at)
     SELECT a.id, ?2, ?2, 1, ?3 FROM anime AS a
     WHERE a.id = ?1 AND EXISTS (SELECT 1 FROM follows AS f WHERE f.anime_id = a.id)
     ON CONFLICT (anime_id) WHERE started_at IS NULL DO UPDATE SET
       first_part = MIN(first_part, excluded.first_part), last_part = MAX(last_part, excluded.last_part),
       parts = parts + 1, ready_at = excluded.ready_at`,
    animeId,
    partNumber,
    toSqlTime(new Date(now.getTime() + GATHER_SECONDS * 1000)),
  );
}
