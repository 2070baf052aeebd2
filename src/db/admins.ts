/** Admins in the database. Owners are named by ADMIN_IDS, not here. */
import { visible } from '../text/visible.ts';
import { listed, type Query, type Statement, sql } from './database.ts';
import { beginning, shown } from './shown-text.ts';
import { toSqlTime } from './time.ts';

export interface Admin {
  readonly id: number;
  readonly name: string;
  readonly username: string | null;
  readonly addedAt: string;
}

export function admins(): Query<Admin[]> {
  return listed(
    sql(
      `SELECT a.user_id, a.added_at, ${shown('u.username')},
         COALESCE(${beginning('u.first_name')}, ${beginning('u.username')}, a.user_id) AS name
       FROM admins AS a LEFT JOIN users AS u ON u.user_id = a.user_id ORDER BY a.added_at, a.user_id`,
    ),
    (row) => ({
      id: row.int('user_id'),
      name: visible(row.text('name')),
      username: row.textOrNull('username'),
      addedAt: row.text('added_at'),
    }),
  );
}

export interface Staff {
  readonly id: number;
  readonly role: 'owner' | 'admin';
  /** The language this admin chose; null: the bot's. */
  readonly language: string | null;
}

/** Everybody who runs the bot; the first hundred. */
export function staff(ownerIds: readonly number[]): Query<Staff[]> {
  return listed(
    sql(
      `SELECT s.id, s.owner, u.language FROM (
         SELECT value AS id, 1 AS owner FROM json_each(?1)
         UNION ALL SELECT user_id, 0 FROM admins WHERE user_id NOT IN (SELECT value FROM json_each(?1))) AS s
       LEFT JOIN users AS u ON u.user_id = s.id ORDER BY s.owner DESC, s.id LIMIT 100`,
      JSON.stringify(ownerIds),
    ),
    (row) => ({
      id: row.int('id'),
      role: row.bool('owner') ? ('owner' as const) : ('admin' as const),
      language: row.textOrNull('language'),
    }),
  );
}

/**
 * RETURNING nothing when this person is an admin already, or never wrote to the bot (a typing error
 * would make a stranger admin).
 */
export function addAdmin(userId: number, addedBy: number, now: Date): Statement {
  return sql(
    `INSERT INTO admins (user_id, role, added_by, added_at)
     SELECT user_id, 'admin', ?, ? FROM users WHERE user_id = ? ON CONFLICT DO NOTHING RETURNING user_id`,
    addedBy,
    toSqlTime(now),
    userId,
  );
}

/** Open questions and drafts stay, for the case that this admin comes back. */
export function removeAdmin(userId: number): Statement {
  return sql('DELETE FROM admins WHERE user_id = ?', userId);
}
