/** Giving the files of another bot ids of this one: unique ids are the same for all bots. */
import { minutesFor } from '../lib/chat-pace.ts';
import { noticeAdmins } from './admin-notices.ts';
import { readSlots } from './chat-pace.ts';
import { all, one, type Query, type Statement, sql } from './database.ts';
import { type FilePlace, readPlace } from './missing-files.ts';
import { NAMING } from './shown-text.ts';
import { toSqlTime } from './time.ts';
import type { ArchivedMessage } from './whereabouts.ts';

/**
 * In `views`: no place has this id any more, for the file got one of the bot of today. The bot that
 * it is of may come back: somebody had set a wrong token.
 */
export const KEPT = -1;

/** Of `foreign_files AS f`. */
const IS_SOMEWHERE = `f.views > ${KEPT}`;

export interface FileToLink extends ArchivedMessage {
  readonly uniqueId: string;
}

/**
 * Most viewed first.
 * @param closed chats that are left out
 */
export function filesToLink(limit: number, closed: readonly number[]): Query<FileToLink[]> {
  return all(
    sql(
      `SELECT DISTINCT f.file_unique_id, r.chat_id, r.message_id, f.views FROM foreign_files AS f
       JOIN archive AS r ON r.file_unique_id = f.file_unique_id
       WHERE ${IS_SOMEWHERE} AND r.chat_id NOT IN (SELECT value FROM json_each(?))
       ORDER BY f.views DESC, f.file_unique_id LIMIT ?`,
      JSON.stringify(closed),
      limit,
    ),
    (row) => ({
      uniqueId: row.text('file_unique_id'),
      chatId: row.int('chat_id'),
      messageId: row.int('message_id'),
    }),
  );
}

/**
 * Wherever the file is, this is its id from now on. The last statement RETURNs what was another
 * bot's.
 */
export function linkFile(uniqueId: string, fileId: string): readonly Statement[] {
  const set = (table: string, column: string, by: string): Statement =>
    sql(
      `UPDATE ${table} SET ${column} = ?2 WHERE ${by} = ?1
         AND ${column} IN (SELECT file_id FROM foreign_files WHERE file_unique_id = ?1)`,
      uniqueId,
      fileId,
    );
  return [
    set('anime_parts', 'file_id', 'file_unique_id'),
    set('anime', 'photo_id', 'photo_unique_id'),
    set('draft_parts', 'file_id', 'file_unique_id'),
    set('drafts', 'photo_id', 'photo_unique_id'),
    sql(
      `UPDATE bot_identity SET linked = linked + 1 WHERE EXISTS (SELECT 1 FROM foreign_files AS f WHERE file_unique_id = ? AND ${IS_SOMEWHERE})`,
      uniqueId,
    ),
    sql(
      `UPDATE foreign_files AS f SET views = ${KEPT} WHERE file_unique_id = ? AND ${IS_SOMEWHERE} RETURNING file_id`,
      uniqueId,
    ),
  ];
}

/** The message is not what the archive says: the file has no copy any more. */
export function forgetCopy({ uniqueId, chatId, messageId }: FileToLink): Statement {
  return sql(
    'DELETE FROM archive WHERE file_unique_id = ? AND chat_id = ? AND message_id = ?',
    uniqueId,
    chatId,
    messageId,
  );
}

/** A forward that gave its file id, and is to be deleted. */
export function rememberForward({ chatId, messageId }: ArchivedMessage): Statement {
  return sql('INSERT OR IGNORE INTO relink_forwards (chat_id, message_id) VALUES (?, ?)', chatId, messageId);
}

/** Of one chat, as many as a call deletes. */
export function forwardsLeft(limit: number): Query<ArchivedMessage[]> {
  return all(
    sql(
      `SELECT chat_id, message_id FROM relink_forwards
       WHERE chat_id = (SELECT chat_id FROM relink_forwards LIMIT 1) ORDER BY message_id LIMIT ?`,
      limit,
    ),
    (row) => ({ chatId: row.int('chat_id'), messageId: row.int('message_id') }),
  );
}

export function forwardsDeleted(chatId: number, messageIds: readonly number[]): Statement {
  return sql(
    'DELETE FROM relink_forwards WHERE chat_id = ? AND message_id IN (SELECT value FROM json_each(?))',
    chatId,
    JSON.stringify(messageIds),
  );
}

/** Where the progress is shown. */
export interface MoveProgress {
  readonly linked: number;
  /** Files that have a copy and still another bot's id. */
  readonly left: number;
  readonly missing: number;
  /** Until all of `left` are linked; null while the archive channel is closed to the bot. */
  readonly minutes: number | null;
  /** Why the bot cannot work in the channel that they lie in. */
  readonly problem: string | null;
  readonly shownIn: ArchivedMessage | null;
}

/** Undefined: no move is under way. */
export function moveProgress(now: Date): Query<MoveProgress | undefined> {
  const files = `FROM foreign_files AS f WHERE ${IS_SOMEWHERE} AND`;
  const place = `(SELECT r.chat_id FROM foreign_files AS f JOIN archive AS r ON r.file_unique_id = f.file_unique_id WHERE ${IS_SOMEWHERE} LIMIT 1)`;
  const copied = 'EXISTS (SELECT 1 FROM archive AS r WHERE r.file_unique_id = f.file_unique_id)';
  return one(
    sql(
      `SELECT linked, progress_chat_id, progress_message_id, (SELECT COUNT(*) ${files} ${copied}) AS to_link,
         (SELECT COUNT(*) ${files} NOT ${copied}) AS missing,
         (SELECT problem FROM archive_channel WHERE chat_id = ${place}) AS problem,
         (SELECT sent_ms FROM chat_pace WHERE chat_id = ${place}) AS sent_ms
       FROM bot_identity WHERE moved_at IS NOT NULL AND moved_ended_at IS NULL`,
    ),
    (row) => {
      const chatId = row.intOrNull('progress_chat_id');
      const messageId = row.intOrNull('progress_message_id');
      const left = row.int('to_link');
      const problem = row.textOrNull('problem');
      return {
        linked: row.int('linked'),
        left,
        missing: row.int('missing'),
        minutes: problem === null ? minutesFor(left, readSlots(row), now.getTime()) : null,
        problem,
        shownIn: chatId === null || messageId === null ? null : { chatId, messageId },
      };
    },
  );
}

/** A row when a move is under way: one look-up. */
export function isMoving(): Query<true[]> {
  return all(
    sql('SELECT 1 FROM bot_identity WHERE moved_at IS NOT NULL AND moved_ended_at IS NULL'),
    () => true as const,
  );
}

/** @param place null: nowhere any more */
export function progressShown(place: ArchivedMessage | null): Statement {
  return sql(
    'UPDATE bot_identity SET progress_chat_id = ?, progress_message_id = ?',
    place?.chatId ?? null,
    place?.messageId ?? null,
  );
}

/** All that has a copy is linked; what has none stays listed. */
export function endMove({ linked, missing }: MoveProgress, now: Date): readonly Statement[] {
  return [
    sql('UPDATE bot_identity SET moved_ended_at = ?', toSqlTime(now)),
    noticeAdmins('moved-done', { kind: 'moved-done', linked, missing }, now),
  ];
}

/** Where a file belongs whose id is another bot's; undefined: it is no such file. */
export function foreignFile(uniqueId: string): Query<FilePlace | undefined> {
  return one(
    sql(
      `SELECT a.code, ${NAMING}, p.part_number AS part FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code
       WHERE p.file_unique_id = ?1 AND EXISTS (SELECT 1 FROM foreign_files WHERE file_id = p.file_id)
       UNION ALL SELECT a.code, ${NAMING}, NULL FROM anime AS a
       WHERE a.photo_unique_id = ?1 AND EXISTS (SELECT 1 FROM foreign_files WHERE file_id = a.photo_id) LIMIT 1`,
      uniqueId,
    ),
    readPlace,
  );
}
