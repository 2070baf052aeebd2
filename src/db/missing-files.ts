/** Files of another bot that no archive has: somebody who has the video can bring them back. */
import { all, type Query, sql } from './database.ts';
import type { Row } from './row.ts';

export interface MissingFile {
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  /** Null: the picture of the anime. */
  readonly part: number | null;
}

/** A file of the catalogue, as rows of `f`; `file_id` and `u`, its unique id. */
const FILES = `SELECT a.code, a.title, a.description, p.part_number AS part, p.file_id, p.file_unique_id AS u, a.views
    FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code WHERE a.deleted_at IS NULL
  UNION ALL SELECT a.code, a.title, a.description, NULL, a.photo_id, a.photo_unique_id, a.views
    FROM anime AS a WHERE a.photo_id IS NOT NULL AND a.deleted_at IS NULL`;

/** Most viewed anime first; one more than asked for when more follow. */
export function missingFiles(offset: number, limit: number): Query<MissingFile[]> {
  return all(
    sql(
      `SELECT f.code, f.title, f.description, f.part FROM (${FILES}) AS f
       WHERE EXISTS (SELECT 1 FROM foreign_files AS x WHERE x.file_id = f.file_id)
         AND NOT EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = f.u)
       ORDER BY f.views DESC, f.code, f.part IS NULL, f.part LIMIT ?1 OFFSET ?2`,
      limit,
      offset,
    ),
    readMissing,
  );
}

export function readMissing(row: Row): MissingFile {
  return {
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    part: row.intOrNull('part'),
  };
}
