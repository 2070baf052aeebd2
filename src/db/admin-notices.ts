/** Things the admins should know, told by the tick: a notice survives a crash and an unreachable Telegram, and is told once a key. */
import { type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

export type Notice =
  /** Memberships of a channel can not be looked up: it lets everybody pass meanwhile. */
  | {
      readonly kind: 'channel-unchecked';
      readonly name: string;
      readonly channel: string;
      readonly reason: string;
    }
  /** A channel has no link that Telegram would put on a button: it is left out and lets everybody pass. */
  | {
      readonly kind: 'channel-link';
      readonly name: string;
      readonly channel: string;
      readonly reason: string;
    }
  /** A stored file can not be sent (another bot's, or deleted). */
  | { readonly kind: 'file'; readonly code: number; readonly part: number | null; readonly reason: string };

/** Stays silent about a key it has told before; {@link forgetNotice} arms it again. */
export function noticeAdmins(key: string, notice: Notice, now: Date): Statement {
  return sql(
    'INSERT INTO admin_notices (key, kind, detail, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    key,
    notice.kind,
    JSON.stringify(notice),
    toSqlTime(now),
  );
}

/** The trouble is over. */
export function forgetNotice(key: string): Statement {
  return sql('DELETE FROM admin_notices WHERE key = ?', key);
}
