/**
 * Captions of archived copies that say what is no longer so. One row for each anime, in the one
 * table of single values by name: when it was changed, and the last file that was looked at.
 */
import { one, type Query, type Statement, sql } from './database.ts';
import { type FilePlace, readPlace } from './missing-files.ts';
import { NAMING } from './shown-text.ts';

/** A title, a code or numbers of parts changed; what was looked at is looked at again. */
export function captionsOutdated(animeId: number, now: Date): Statement {
  return sql(
    `INSERT INTO alerts (key, told_at) SELECT ?, ? WHERE EXISTS (SELECT 1 FROM archive)
     ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at`,
    `caption:${animeId}`,
    `${now.getTime()} `,
  );
}

export interface CaptionsDue {
  readonly key: string;
  /** As stored: a later change writes another. */
  readonly mark: string;
}

/** Of one anime. */
export function captionsDue(): Query<CaptionsDue | undefined> {
  return one(
    sql(`SELECT key, told_at FROM alerts WHERE key >= 'caption:' AND key < 'caption;' ORDER BY key LIMIT 1`),
    (row) => ({ key: row.text('key'), mark: row.text('told_at') }),
  );
}

export interface ArchivedFile extends FilePlace {
  readonly uniqueId: string;
  readonly chatId: number;
  readonly messageId: number;
}

export function archivedFiles({ key, mark }: CaptionsDue, limit: number): Query<ArchivedFile[]> {
  const statement = sql(
    `SELECT r.file_unique_id AS u, r.chat_id, r.message_id, f.* FROM
       (SELECT a.id, a.code, ${NAMING}, p.part_number AS part, p.file_unique_id
        FROM anime AS a JOIN anime_parts AS p ON p.anime_code = a.code
        UNION ALL SELECT a.id, a.code, ${NAMING}, NULL, a.photo_unique_id FROM anime AS a) AS f
     JOIN archive AS r ON r.file_unique_id = f.file_unique_id
     WHERE f.id = CAST(?1 AS INTEGER) AND r.file_unique_id > ?2 ORDER BY r.file_unique_id LIMIT ?3`,
    key.slice('caption:'.length),
    mark.slice(mark.indexOf(' ') + 1),
    limit,
  );
  return {
    ...statement,
    parse: (rows) =>
      rows.map((row) => ({
        ...readPlace(row),
        uniqueId: row.text('u'),
        chatId: row.int('chat_id'),
        messageId: row.int('message_id'),
      })),
  };
}

/** Nothing, when another change came meanwhile. */
export function captionSeen({ key, mark }: CaptionsDue, uniqueId: string): [Statement, CaptionsDue] {
  const next = `${mark.slice(0, mark.indexOf(' '))} ${uniqueId}`;
  const statement = sql('UPDATE alerts SET told_at = ? WHERE key = ? AND told_at = ?', next, key, mark);
  return [statement, { key, mark: next }];
}

export function captionsDone({ key, mark }: CaptionsDue): Statement {
  return sql('DELETE FROM alerts WHERE key = ? AND told_at = ?', key, mark);
}
