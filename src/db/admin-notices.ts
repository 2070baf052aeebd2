/**
 * Things the owners should know. The tick tells them, so a notice survives a crash and an
 * unreachable Telegram. Each key is told once.
 */

import { readJson } from '../lib/read-json.ts';
import { all, type Query, type Statement, sql } from './database.ts';
import { holdingSince, toSqlTime } from './time.ts';

export type Notice =
  /** The bot cannot look up a channel's members: the channel lets everybody pass meanwhile. */
  | { readonly kind: 'channel-unchecked'; readonly name: string; readonly reason: string }
  /** Updates cannot arrive. */
  | { readonly kind: 'deaf'; readonly reason: string }
  /** The bot cannot post to a chat. */
  | { readonly kind: 'chat'; readonly name: string; readonly reason: string }
  /**
   * A channel has no link that Telegram would put on a button: the gate leaves it out and lets
   * everybody pass.
   */
  | { readonly kind: 'channel-link'; readonly name: string }
  /** The second copy of backups cannot be made, lacks something for a day, or is whole again. */
  | {
      readonly kind: 'copy';
      readonly news: 'failing' | 'late' | 'over';
      readonly left: number;
      readonly reason: string;
    }
  /**
   * Files of the first bucket are not what the bot stored there: backups, or change files by their
   * keys. The second copy does not take them.
   */
  | { readonly kind: 'altered'; readonly names: readonly string[]; readonly count: number }
  /** Stored files that are damaged: put back from the other bucket, or whole in none. */
  | {
      readonly kind: 'rotten';
      readonly names: readonly string[];
      readonly count: number;
      readonly isMended: boolean;
    }
  /** Updates that could not be answered while Telegram was in trouble; the tick answers them. */
  | { readonly kind: 'updates-wait' }
  /** Updates that cannot be answered; `/admin` lists them. */
  | { readonly kind: 'updates-failed'; readonly reason: string }
  /** The bot cannot work in the archive channel, or can again. */
  | { readonly kind: 'archive'; readonly name: string; readonly reason: string }
  | { readonly kind: 'archive-back'; readonly name: string }
  /** The token is another bot's than before: the database moves to it. */
  | { readonly kind: 'moved'; readonly from: string; readonly to: string }
  /** All files that have a copy belong to the new bot. */
  | { readonly kind: 'moved-done'; readonly linked: number; readonly missing: number }
  /**
   * A stored file cannot be sent (another bot's, or deleted); `part` is null for the card's photo.
   */
  | { readonly kind: 'file'; readonly code: number; readonly part: number | null; readonly reason: string };

/** The bot tells lasting trouble again after this time. */
const AGAIN_HOURS = 24;

/**
 * Counts a key that was told lately, and tells it again when that was long ago. {@link
 * forgetNotice} rearms it at once.
 */
export function noticeAdmins(key: string, notice: Notice, now: Date, againHours = AGAIN_HOURS): Statement {
  const { after, last } = holdingSince(now, againHours * 3_600_000);
  const anew = (value: string, other: string): string =>
    `CASE WHEN sent_at <= ?5 OR sent_at > ?6 THEN ${value} ELSE ${other} END`;
  return sql(
    `INSERT INTO admin_notices (key, kind, detail, created_at) VALUES (?1, ?2, ?3, ?4)
     ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, detail = excluded.detail,
       count = ${anew('1', 'count + 1')}, told_count = ${anew('0', 'told_count')}, messages = ${anew("'{}'", 'messages')},
       created_at = ${anew('excluded.created_at', 'created_at')}, sent_at = ${anew('NULL', 'sent_at')}`,
    key,
    notice.kind,
    JSON.stringify(notice),
    toSqlTime(now),
    toSqlTime(after),
    toSqlTime(last),
  );
}

/** The trouble is over. */
export function forgetNotice(key: string): Statement {
  return sql('DELETE FROM admin_notices WHERE key = ?', key);
}

/** Admin -> id of the message that tells. */
export type NoticeMessages = Readonly<Record<string, number>>;

export interface WaitingNotice {
  readonly key: string;
  /** Undefined: the stored value is no notice (somebody's SQL, a restored row). */
  readonly notice: Notice | undefined;
  readonly count: number;
  /** Empty until it was told. */
  readonly messages: NoticeMessages;
}

/** Notices that were not told yet, oldest first, and those that were told with a lower count. */
export function waitingNotices(limit: number): Query<WaitingNotice[]> {
  return all(
    sql(
      `SELECT key, detail, count, messages FROM admin_notices
       WHERE sent_at IS NULL OR (kind IN ('updates-wait', 'updates-failed') AND count > told_count)
       ORDER BY sent_at IS NOT NULL, created_at LIMIT ?`,
      limit,
    ),
    (row) => ({
      key: row.text('key'),
      notice: readJson<Notice>(row.text('detail')),
      count: row.int('count'),
      messages: readJson<NoticeMessages>(row.text('messages')) ?? {},
    }),
  );
}

export function noticeSent(
  { key, count }: Pick<WaitingNotice, 'key' | 'count'>,
  messages: NoticeMessages,
  now: Date,
): Statement {
  return sql(
    'UPDATE admin_notices SET sent_at = COALESCE(sent_at, ?), told_count = ?, messages = ? WHERE key = ?',
    toSqlTime(now),
    count,
    JSON.stringify(messages),
    key,
  );
}
