/** Things the admins should know, told by the tick: a notice survives a crash and an unreachable Telegram, and is told once a key. */
import { all, type Query, type Statement, sql } from './database.ts';
import { holdingSince, toSqlTime } from './time.ts';

export type Notice =
  /** Memberships of a channel can not be looked up: it lets everybody pass meanwhile. */
  | { readonly kind: 'channel-unchecked'; readonly name: string; readonly reason: string }
  /** A channel has no link that Telegram would put on a button: it is left out and lets everybody pass. */
  | { readonly kind: 'channel-link'; readonly name: string }
  /** A stored file can not be sent (another bot's, or deleted); `part` is null for the card's photo. */
  | { readonly kind: 'file'; readonly code: number; readonly part: number | null; readonly reason: string };

/** Trouble that lasts is told again after this. */
const AGAIN_HOURS = 24;

/** Stays silent about a key it told lately; {@link forgetNotice} arms it at once. */
export function noticeAdmins(key: string, notice: Notice, now: Date): Statement {
  const { after, last } = holdingSince(now, AGAIN_HOURS * 3_600_000);
  return sql(
    `INSERT INTO admin_notices (key, kind, detail, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, detail = excluded.detail,
       created_at = excluded.created_at, sent_at = NULL WHERE sent_at < ? OR sent_at > ?`,
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

/** Notices not told yet, oldest first. */
export function waitingNotices(limit: number): Query<{ key: string; notice: Notice }[]> {
  return all(
    sql('SELECT key, detail FROM admin_notices WHERE sent_at IS NULL ORDER BY created_at LIMIT ?', limit),
    // Only noticeAdmins writes this column.
    (row) => ({ key: row.text('key'), notice: JSON.parse(row.text('detail')) as Notice }),
  );
}

export function noticeSent(key: string, now: Date): Statement {
  return sql('UPDATE admin_notices SET sent_at = ? WHERE key = ?', toSqlTime(now), key);
}
