/**
 * The archive: a channel with a copy of every file, which outlives the bot. A round looks at every
 * file once; cursors keep its place, so a killed job goes on where it was.
 */
import { minutesFor } from '../lib/chat-pace.ts';
import { forgetNotice, noticeAdmins } from './admin-notices.ts';
import { readSlots } from './chat-pace.ts';
import { all, always, one, type Query, type Statement, sql } from './database.ts';
import { NAMING, shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

export interface ArchiveChannel {
  readonly chatId: number;
  readonly name: string;
  /** Why the bot cannot work there. */
  readonly problem: string | null;
}

export function archiveChannel(): Query<ArchiveChannel | undefined> {
  return one(sql(`SELECT chat_id, ${shown('name')}, problem FROM archive_channel WHERE id = 1`), (row) => ({
    chatId: row.int('chat_id'),
    name: row.text('name'),
    problem: row.textOrNull('problem'),
  }));
}

/**
 * From now on files go there. Copies in an earlier channel stay known until there are new ones;
 * what was refused is tried again.
 */
export function setArchiveChannel(
  channel: { readonly chatId: number; readonly name: string },
  userId: number,
  now: Date,
): readonly Statement[] {
  return [
    sql(
      `INSERT INTO archive_channel (id, chat_id, name, added_by, added_at) VALUES (1, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET chat_id = excluded.chat_id, name = excluded.name, problem = NULL,
         part_cursor = 0, photo_cursor = 0, rest_until_ms = 0, added_by = excluded.added_by,
         added_at = excluded.added_at`,
      channel.chatId,
      channel.name,
      userId,
      toSqlTime(now),
    ),
    sql('DELETE FROM archive_refusals'),
    forgetNotice('archive'),
  ];
}

/** Copies that were made stay known: they may still be of use. */
export function removeArchiveChannel(): readonly Statement[] {
  return [sql('DELETE FROM archive_channel'), forgetNotice('archive')];
}

/** The next tick looks for new files at once. */
export function wakeArchive(): Statement {
  return sql('UPDATE archive_channel SET rest_until_ms = 0');
}

/** What is wrong with the channel, or that it is well again; the owners hear of each once. */
export function archiveJudged(name: string, reason: string | undefined, now: Date): readonly Statement[] {
  if (reason !== undefined)
    return [
      sql('UPDATE archive_channel SET problem = ?', reason),
      forgetNotice('archive-back'),
      noticeAdmins('archive', { kind: 'archive', name, reason }, now),
    ];
  return [
    sql('UPDATE archive_channel SET problem = NULL, rest_until_ms = 0'),
    forgetNotice('archive'),
    noticeAdmins('archive-back', { kind: 'archive-back', name }, now),
  ];
}

/** How far the round came, and whether it is time to look. */
export interface ArchiveRound extends ArchiveChannel {
  readonly partCursor: number;
  readonly photoCursor: number;
}

/** A round without work is followed by another after this time, unless {@link wakeArchive} is. */
const REST_MS = 30 * 60_000;

/** None without a channel, while it cannot be written to, and while the job rests. */
export function archiveRound(now: Date): Query<ArchiveRound[]> {
  return all(
    sql(
      `SELECT * FROM archive_channel WHERE problem IS NULL AND (rest_until_ms <= ?1 OR rest_until_ms > ?2)`,
      now.getTime(),
      now.getTime() + REST_MS + 60_000,
    ),
    (row) => ({
      chatId: row.int('chat_id'),
      name: row.text('name'),
      problem: null,
      partCursor: row.int('part_cursor'),
      photoCursor: row.int('photo_cursor'),
    }),
  );
}

export function moveArchiveCursors(parts: number, photos: number): Statement {
  return sql('UPDATE archive_channel SET part_cursor = ?, photo_cursor = ?', parts, photos);
}

/** All was looked at. */
export function endArchiveRound(now: Date): Statement {
  return sql(
    'UPDATE archive_channel SET part_cursor = 0, photo_cursor = 0, rest_until_ms = ?',
    now.getTime() + REST_MS,
  );
}

/** Telegram asks to leave the channel alone for a while. */
export function pauseArchive(untilMs: number): Statement {
  return sql('UPDATE archive_channel SET rest_until_ms = ?', untilMs);
}

export interface FileToArchive {
  /** Of anime_parts, or of anime. */
  readonly id: number;
  readonly fileId: string;
  readonly kind: 'photo' | 'video' | 'document' | 'animation';
  readonly code: number;
  readonly title: string | null;
  readonly description: string | null;
  /** Null for the picture of an anime. */
  readonly part: number | null;
}

/** Not in this channel, not another bot's, and not refused before. */
function isDue(fileId: string, uniqueId: string): string {
  return `NOT EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = ${uniqueId} AND r.chat_id = ?1)
    AND NOT EXISTS (SELECT 1 FROM foreign_files AS f WHERE f.file_id = ${fileId})
    AND NOT EXISTS (SELECT 1 FROM archive_refusals AS x WHERE x.file_id = ${fileId})`;
}

export function partsToArchive(round: ArchiveRound, limit: number): Query<FileToArchive[]> {
  return all(
    sql(
      `SELECT p.id, p.file_id, p.kind, a.code, ${NAMING}, p.part_number
       FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code
       WHERE p.id > ?2 AND ${isDue('p.file_id', 'p.file_unique_id')} ORDER BY p.id LIMIT ?3`,
      round.chatId,
      round.partCursor,
      limit,
    ),
    (row) => {
      const kind = row.text('kind');
      return {
        id: row.int('id'),
        fileId: row.text('file_id'),
        kind: kind === 'document' || kind === 'animation' ? kind : 'video',
        code: row.int('code'),
        title: row.textOrNull('title'),
        description: row.textOrNull('description'),
        part: row.int('part_number'),
      };
    },
  );
}

export function photosToArchive(round: ArchiveRound, limit: number): Query<FileToArchive[]> {
  return all(
    sql(
      `SELECT a.id, a.photo_id, a.code, ${NAMING} FROM anime AS a
       WHERE a.id > ?2 AND a.photo_id IS NOT NULL AND ${isDue('a.photo_id', 'a.photo_unique_id')}
       ORDER BY a.id LIMIT ?3`,
      round.chatId,
      round.photoCursor,
      limit,
    ),
    (row) => ({
      id: row.int('id'),
      fileId: row.text('photo_id'),
      kind: 'photo' as const,
      code: row.int('code'),
      title: row.textOrNull('title'),
      description: row.textOrNull('description'),
      part: null,
    }),
  );
}

export interface Archived {
  readonly fileId: string;
  readonly uniqueId: string;
  readonly kind: FileToArchive['kind'];
  readonly chatId: number;
  readonly messageId: number;
}

/** A copy is there. What Telegram says of the unique id counts: old rows have none. */
export function fileArchived(file: Archived, now: Date): readonly Statement[] {
  const { fileId, uniqueId, kind } = file;
  return [
    sql(
      `INSERT INTO archive (file_unique_id, chat_id, message_id, kind, archived_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (file_unique_id) DO UPDATE SET chat_id = excluded.chat_id, message_id = excluded.message_id,
         kind = excluded.kind, archived_at = excluded.archived_at`,
      uniqueId,
      file.chatId,
      file.messageId,
      kind,
      toSqlTime(now),
    ),
    kind === 'photo'
      ? sql('UPDATE anime SET photo_unique_id = ? WHERE photo_id = ?', uniqueId, fileId)
      : sql('UPDATE anime_parts SET file_unique_id = ?, kind = ? WHERE file_id = ?', uniqueId, kind, fileId),
  ];
}

export function fileRefused(fileId: string, reason: string, now: Date): Statement {
  return sql(
    `INSERT INTO archive_refusals (file_id, reason, refused_at) VALUES (?, ?, ?)
     ON CONFLICT (file_id) DO UPDATE SET reason = excluded.reason, refused_at = excluded.refused_at`,
    fileId,
    reason,
    toSqlTime(now),
  );
}

export interface ArchiveNumbers {
  /** Files of the catalogue, parts and pictures, each once. */
  readonly files: number;
  /** Of them in the channel. */
  readonly archived: number;
  /** Of them another bot's, with a copy in a channel. */
  readonly toLink: number;
  /** Of them another bot's, without any copy. */
  readonly missing: number;
  readonly refused: number;
  /** What the bot is still to copy. */
  readonly left: number;
  /** Until all of `left` are copied; null when nothing is, or nothing can be. */
  readonly minutes: number | null;
}

export function archiveNumbers(now: Date): Query<ArchiveNumbers> {
  return always(
    sql(
      `WITH files AS (SELECT file_id, file_unique_id AS u FROM anime_parts
         UNION SELECT photo_id, photo_unique_id FROM anime WHERE photo_id IS NOT NULL),
       seen AS (SELECT EXISTS (SELECT 1 FROM archive AS r, archive_channel AS c WHERE r.file_unique_id = u AND r.chat_id = c.chat_id) AS here,
         EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = u) AS somewhere,
         EXISTS (SELECT 1 FROM foreign_files AS f WHERE f.file_id = files.file_id) AS away,
         EXISTS (SELECT 1 FROM archive_refusals AS x WHERE x.file_id = files.file_id) AS refused FROM files)
       SELECT COUNT(*) AS files, COALESCE(SUM(here), 0) AS archived, COALESCE(SUM(away AND somewhere), 0) AS to_link,
         COALESCE(SUM(away AND NOT somewhere), 0) AS missing, COALESCE(SUM(refused AND NOT here), 0) AS refused,
         COALESCE(SUM(NOT (here OR away OR refused)), 0) AS to_copy,
         EXISTS (SELECT 1 FROM archive_channel WHERE problem IS NULL) AS is_open,
         (SELECT p.sent_ms FROM chat_pace AS p JOIN archive_channel AS c ON c.chat_id = p.chat_id) AS sent_ms FROM seen`,
    ),
    (row): ArchiveNumbers => {
      const [files, archived, toLink] = [row.int('files'), row.int('archived'), row.int('to_link')];
      const [missing, refused] = [row.int('missing'), row.int('refused')];
      // One of another bot may be in the channel already.
      const left = row.int('to_copy');
      const minutes =
        left > 0 && row.bool('is_open') ? minutesFor(left, readSlots(row), now.getTime()) : null;
      return { files, archived, toLink, missing, refused, left, minutes };
    },
  );
}
