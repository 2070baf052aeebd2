/** The bot's users as admins look at them. */
import { visible } from '../text/visible.ts';
import { one, type Query, type Statement, sql } from './database.ts';
import { shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';
import { LARGEST_USER_ID } from './users.ts';

export interface PersonCard {
  readonly id: number;
  readonly username: string | null;
  readonly name: string;
  readonly createdAt: string | null;
  readonly lastSeen: string | null;
  readonly source: string | null;
  readonly language: string | null;
  readonly blockedAt: string | null;
  readonly bannedAt: string | null;
  readonly views: number;
  readonly isAdmin: boolean;
}

/** By id or by username (with or without @, case does not matter). */
export function findPerson(
  wanted: { readonly id: number } | { readonly username: string },
): Query<PersonCard | undefined> {
  const byId = 'id' in wanted;
  return one(
    sql(
      `SELECT u.user_id, ${shown('u.first_name', 'u.last_name', 'u.username', 'u.source', 'u.language')},
         u.created_at, u.last_seen, u.blocked_at, u.banned_at, (SELECT COUNT(*) FROM user_history AS h WHERE h.user_id = u.user_id) AS views,
         EXISTS (SELECT 1 FROM admins AS a WHERE a.user_id = u.user_id) AS admin
       FROM users AS u WHERE ${byId ? 'u.user_id = ?' : 'u.username = ? COLLATE NOCASE'} AND u.user_id <= ${LARGEST_USER_ID} ORDER BY u.last_seen DESC LIMIT 1`,
      byId ? wanted.id : wanted.username,
    ),
    (row) => ({
      id: row.int('user_id'),
      username: row.textOrNull('username'),
      name: visible(
        [row.textOrNull('first_name'), row.textOrNull('last_name')].filter((part) => part).join(' '),
      ),
      createdAt: row.textOrNull('created_at'),
      lastSeen: row.textOrNull('last_seen'),
      source: row.textOrNull('source'),
      language: row.textOrNull('language'),
      blockedAt: row.textOrNull('blocked_at'),
      bannedAt: row.textOrNull('banned_at'),
      views: row.figure('views'),
      isAdmin: row.bool('admin'),
    }),
  );
}

/** The bot stops answering this person. */
export function ban(userId: number, now: Date): Statement {
  return sql(
    'UPDATE users SET banned_at = ? WHERE user_id = ? AND banned_at IS NULL',
    toSqlTime(now),
    userId,
  );
}

export function unban(userId: number): Statement {
  return sql('UPDATE users SET banned_at = NULL WHERE user_id = ? AND banned_at IS NOT NULL', userId);
}

/** The language this person chose; undefined or null: the bot's. */
export function languageOf(userId: number): Query<string | null | undefined> {
  return one(sql('SELECT language FROM users WHERE user_id = ?', userId), (row) =>
    row.textOrNull('language'),
  );
}
