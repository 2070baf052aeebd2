/** Files that no archive has: with the bot that sends them, they are gone. */
import { all, always, type Query, sql } from './database.ts';
import type { Row } from './row.ts';
import { NAMING } from './shown-text.ts';

/** A file by its place in the catalogue. */
export interface FilePlace {
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  /** Null: the picture of the anime. */
  readonly part: number | null;
}

export interface MissingFile extends FilePlace {
  /** Another bot's; or Telegram refused to copy it; or it was not copied yet. */
  readonly why: 'away' | 'refused' | 'waiting';
  /** Whether the bot knows the file when somebody sends it: old bots kept no unique ids. */
  readonly isKnown: boolean;
}

/** A file of the catalogue; `u` is its unique id. */
const FILES = `SELECT a.code, ${NAMING}, p.part_number AS part, p.file_id, p.file_unique_id AS u, a.views
    FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code WHERE a.deleted_at IS NULL
  UNION ALL SELECT a.code, ${NAMING}, NULL, a.photo_id, a.photo_unique_id, a.views
    FROM anime AS a WHERE a.photo_id IS NOT NULL AND a.deleted_at IS NULL`;

const WHY = `CASE WHEN EXISTS (SELECT 1 FROM foreign_files AS x WHERE x.file_id = f.file_id) THEN 'away'
    WHEN EXISTS (SELECT 1 FROM archive_refusals AS x WHERE x.file_id = f.file_id) THEN 'refused' ELSE 'waiting' END`;

/**
 * Most viewed anime first.
 * @param which `lost`: without those that the bot itself can still copy
 */
export function missingFiles(offset: number, limit: number, which: 'all' | 'lost'): Query<MissingFile[]> {
  return all(
    sql(
      `SELECT * FROM (SELECT f.*, ${WHY} AS why FROM (${FILES}) AS f
         WHERE NOT EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = f.u)) AS f
       WHERE why <> ?3 ORDER BY f.views DESC, f.code, f.part IS NULL, f.part LIMIT ?1 OFFSET ?2`,
      limit,
      offset,
      which === 'all' ? '' : 'waiting',
    ),
    (row) => {
      const why = row.text('why');
      return {
        ...readPlace(row),
        why: why === 'away' || why === 'refused' ? why : 'waiting',
        isKnown: row.textOrNull('u') !== null,
      };
    },
  );
}

/** How many files have no copy, and how many there are. */
export function missingCount(): Query<{ readonly missing: number; readonly files: number }> {
  return always(
    sql(
      `SELECT COUNT(*) AS files, COALESCE(SUM(NOT EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = f.u)), 0) AS missing
       FROM (${FILES}) AS f`,
    ),
    (row) => ({ missing: row.int('missing'), files: row.int('files') }),
  );
}

export function readPlace(row: Row): FilePlace {
  return {
    code: row.int('code'),
    title: row.textOrNull('title'),
    description: row.textOrNull('description'),
    part: row.intOrNull('part'),
  };
}
