/** Admins in the database. Owners are named by ADMIN_IDS, not here. */
import { all, type Query, type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

export interface Admin {
  readonly id: number;
  readonly name: string;
  readonly username: string | null;
  readonly addedAt: string;
}

export function admins(): Query<Admin[]> {
  return all(
    sql(
      `SELECT a.user_id, a.added_at, u.username, COALESCE(u.first_name, u.username, a.user_id) AS name
       FROM admins AS a LEFT JOIN users AS u ON u.user_id = a.user_id ORDER BY a.added_at, a.user_id`,
    ),
    (row) => ({
      id: row.int('user_id'),
      name: row.text('name'),
      username: row.textOrNull('username'),
      addedAt: row.text('added_at'),
    }),
  );
}

/** RETURNING nothing when he is one already, or never wrote to the bot (a typing error would make a stranger admin). */
export function addAdmin(userId: number, addedBy: number, now: Date): Statement {
  return sql(
    `INSERT INTO admins (user_id, role, added_by, added_at)
     SELECT user_id, 'admin', ?, ? FROM users WHERE user_id = ? ON CONFLICT DO NOTHING RETURNING user_id`,
    addedBy,
    toSqlTime(now),
    userId,
  );
}

/** His open questions and drafts wait; they are his again if he comes back. */
export function removeAdmin(userId: number): Statement {
  return sql('DELETE FROM admins WHERE user_id = ?', userId);
}
