/**
 * Which admin did what. The batch of the deed writes the entry, so neither exists without the
 * other.
 */

import { cut, TEXT_LIMITS } from '../text/text-limits.ts';
import { daysBefore } from '../text/times.ts';
import { visible } from '../text/visible.ts';
import { listed, type Query, type Statement, sql } from './database.ts';
import { beginning, shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

/** Entries are kept this long. */
const KEEP_DAYS = 365;

export const AUDITED = [
  'anime-added',
  'anime-edited',
  'anime-deleted',
  'anime-restored',
  'anime-purged',
  'code-changed',
  'parts-added',
  'part-replaced',
  'part-moved',
  'part-deleted',
  'group-added',
  'group-edited',
  'group-deleted',
  'channel-added',
  'channel-edited',
  'channel-deleted',
  'posted',
  'broadcast-started',
  'broadcast-paused',
  'broadcast-resumed',
  'broadcast-cancelled',
  'user-banned',
  'user-unbanned',
  'admin-added',
  'admin-removed',
  'exported',
  'imported',
  'backup-started',
  'moment-sent',
  'archive-set',
  'archive-removed',
  'file-linked',
  'posts-moved',
] as const;
export type Audited = (typeof AUDITED)[number];

/**
 * @param subject what the deed changed, as a person would name it; at most 200 characters are kept
 */
export function audit(userId: number, action: Audited, subject: string, now: Date): Statement {
  return sql(
    'INSERT INTO audit_log (user_id, action, subject, at) VALUES (?, ?, ?, ?)',
    userId,
    action,
    shortened(subject),
    toSqlTime(now),
  );
}

/** Cuts between characters: half an emoji is no text. */
function shortened(subject: string): string {
  return cut(subject, TEXT_LIMITS.subject);
}

/** The same, only if the statement before it in the batch changed something. */
export function auditIfChanged(userId: number, action: Audited, subject: string, now: Date): Statement {
  return sql(
    'INSERT INTO audit_log (user_id, action, subject, at) SELECT ?, ?, ?, ? WHERE changes() > 0',
    userId,
    action,
    shortened(subject),
    toSqlTime(now),
  );
}

export interface AuditEntry {
  readonly name: string;
  readonly action: Audited | undefined;
  readonly subject: string;
  readonly at: string;
}

/** One page, newest first, and one entry more when there is another page. */
export function auditPage(page: number, perPage: number): Query<AuditEntry[]> {
  return listed(
    sql(
      `SELECT l.action, ${shown('l.subject')}, l.at,
         COALESCE(${beginning('u.first_name')}, ${beginning('u.username')}, l.user_id) AS name
       FROM audit_log AS l LEFT JOIN users AS u ON u.user_id = l.user_id ORDER BY l.id DESC LIMIT ? OFFSET ?`,
      perPage + 1,
      page * perPage,
    ),
    (row) => ({
      name: visible(row.text('name')),
      action: AUDITED.find((known) => known === row.text('action')),
      subject: row.text('subject'),
      at: row.text('at'),
    }),
  );
}

export function forgetOldAudit(now: Date): Statement {
  return sql('DELETE FROM audit_log WHERE at < ?', toSqlTime(daysBefore(now, KEEP_DAYS)));
}
