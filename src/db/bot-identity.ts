/**
 * Which bot the database belongs to. File ids, message ids in private chats and update ids are each
 * bot's own: when another bot takes over, those of the old one must not be taken for its.
 */
import { noticeAdmins } from './admin-notices.ts';
import { type Database, one, type Query, type Statement, sql } from './database.ts';
import { KEPT } from './relinking.ts';
import { toSqlTime } from './time.ts';

export interface BotName {
  readonly id: number;
  readonly username: string;
}

export interface BotIdentity extends BotName {
  /** User name of the bot before, whether the move is over or not. */
  readonly movedFrom: string | null;
  /** The move that is under way; null: none. */
  readonly move: { readonly from: string; readonly since: string; readonly linked: number } | null;
}

export function botIdentity(): Query<BotIdentity | undefined> {
  return one(sql('SELECT * FROM bot_identity WHERE id = 1'), (row) => {
    const since = row.textOrNull('moved_at');
    const isMoving = since !== null && row.textOrNull('moved_ended_at') === null;
    return {
      id: row.int('bot_id'),
      username: row.text('username'),
      movedFrom: row.textOrNull('moved_from'),
      move: isMoving ? { from: row.textOrNull('moved_from') ?? '?', since, linked: row.int('linked') } : null,
    };
  });
}

/**
 * At every start. A database that remembers no bot belongs to this one; with another bot's it
 * begins to move. @returns the bot that it belonged to, when a move has just begun
 */
export async function meetBot(db: Database, me: BotName, now: Date): Promise<BotName | undefined> {
  const [known] = await db.read([botIdentity()]);
  if (known === undefined) {
    await db.write([
      sql('INSERT OR IGNORE INTO bot_identity (id, bot_id, username) VALUES (1, ?, ?)', me.id, me.username),
    ]);
    return undefined;
  }
  if (known.id !== me.id) {
    await db.write(beginMove(known, me, now));
    return known;
  }
  if (known.username !== me.username)
    await db.write([sql('UPDATE bot_identity SET username = ? WHERE bot_id = ?', me.username, me.id)]);
  return undefined;
}

/** Every file id of the catalogue and of drafts, with what tells the files apart. */
const FILES = `SELECT p.file_id AS f, p.file_unique_id AS u, a.views AS v FROM anime_parts AS p JOIN anime AS a ON a.code = p.anime_code
  UNION ALL SELECT photo_id, photo_unique_id, views FROM anime WHERE photo_id IS NOT NULL
  UNION ALL SELECT file_id, file_unique_id, 0 FROM draft_parts
  UNION ALL SELECT photo_id, photo_unique_id, 0 FROM drafts WHERE photo_id IS NOT NULL`;

/** Where file ids stand. */
const PLACES = [
  ['anime_parts', 'file_id', 'file_unique_id'],
  ['anime', 'photo_id', 'photo_unique_id'],
  ['draft_parts', 'file_id', 'file_unique_id'],
  ['drafts', 'photo_id', 'photo_unique_id'],
] as const;

/** Far from all ids that Telegram gives: what keeps its place among the new bot's. */
const ASIDE = 1_000_000_000_000;

/** In one transaction; nothing, when another process was quicker. */
function beginMove(from: BotName, to: BotName, now: Date): readonly Statement[] {
  const at = toSqlTime(now);
  const isKept = `f.bot_id = ?2 AND f.views = ${KEPT}`;
  const isOurs = 'EXISTS (SELECT 1 FROM bot_identity WHERE bot_id = ?1)';
  const once = (text: string, ...args: readonly (string | number)[]): Statement =>
    sql(`${text} ${isOurs}`, from.id, ...args);
  return [
    once(
      `INSERT OR IGNORE INTO foreign_files (file_id, file_unique_id, bot_id, views)
       SELECT f, MAX(u), ?1, MAX(v) FROM (${FILES}) WHERE true GROUP BY f HAVING`,
    ),
    // The bot of an earlier token is back: its own ids are good again, and those of now are kept.
    ...PLACES.map(([table, file, unique]) =>
      once(
        `UPDATE ${table} SET ${file} = (SELECT file_id FROM foreign_files AS f WHERE f.file_unique_id = ${unique} AND ${isKept})
         WHERE ${unique} IN (SELECT file_unique_id FROM foreign_files AS f WHERE ${isKept}) AND`,
        to.id,
      ),
    ),
    once(
      `UPDATE foreign_files SET views = ${KEPT} WHERE bot_id <> ?2
         AND file_unique_id IN (SELECT file_unique_id FROM foreign_files AS f WHERE ${isKept}) AND`,
      to.id,
    ),
    once('DELETE FROM foreign_files WHERE bot_id = ?2 AND', to.id),
    once('DELETE FROM relink_forwards WHERE'),
    once('DELETE FROM post_moves WHERE'),
    once('DELETE FROM archive_refusals WHERE'),
    // Marks of other updates with the same ids. Those that wait are handled for the new bot.
    once('DELETE FROM handled_updates WHERE'),
    once('DELETE FROM floods WHERE'),
    once(
      `UPDATE failed_updates SET update_id = update_id + ${ASIDE}, payload = CASE WHEN json_valid(payload)
         THEN json_set(payload, '$.update_id', update_id + ${ASIDE}) ELSE payload END WHERE`,
    ),
    // Messages of the old bot in private chats: the same ids are other messages there now.
    once('UPDATE drafts SET status_message_id = NULL WHERE'),
    once(`UPDATE draft_parts SET message_id = message_id - ${ASIDE} WHERE`),
    once('UPDATE postings SET report_message_id = NULL WHERE'),
    once('UPDATE backup_requests SET message_id = NULL WHERE'),
    once('UPDATE admin_work SET message_id = NULL WHERE'),
    once(`UPDATE admin_notices SET messages = '{}' WHERE`),
    once('UPDATE broadcasts SET progress_message_id = NULL WHERE'),
    once(
      `UPDATE broadcasts SET state = 'failed', problem = 'the bot was replaced', finished_at = ?2
       WHERE state IN ('draft', 'running', 'paused') AND`,
      at,
    ),
    // The new bot's rights there are not the old one's.
    once(
      'UPDATE archive_channel SET problem = NULL, rest_until_ms = 0, part_cursor = 0, photo_cursor = 0 WHERE',
    ),
    once(
      "DELETE FROM admin_notices WHERE key IN ('archive', 'archive-back', 'file', 'moved', 'moved-done') AND",
    ),
    noticeAdmins('moved', { kind: 'moved', from: from.username, to: to.username }, now),
    once(
      `UPDATE bot_identity SET bot_id = ?2, username = ?3, moved_from = ?4, moved_at = ?5, moved_ended_at = NULL,
         linked = 0, progress_chat_id = NULL, progress_message_id = NULL WHERE`,
      to.id,
      to.username,
      from.username,
      at,
    ),
  ];
}
