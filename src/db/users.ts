/** People who wrote to the bot. */
import { one, type Query, type Statement, sql } from './database.ts';
import { toSqlTime } from './time.ts';

export interface Person {
  readonly id: number;
  readonly username: string | undefined;
  readonly firstName: string;
  readonly lastName: string | undefined;
}

export interface KnownPerson {
  readonly known: boolean;
  readonly language: string | null;
  readonly isBanned: boolean;
  readonly isAdmin: boolean;
}

/** Always one row: what the database knows of this id. */
export function personById(userId: number): Query<KnownPerson> {
  const statement = sql(
    `SELECT u.user_id IS NOT NULL AS known, u.language, u.banned_at IS NOT NULL AS banned,
            EXISTS (SELECT 1 FROM admins AS a WHERE a.user_id = me.id) AS admin
     FROM (SELECT ? AS id) AS me LEFT JOIN users AS u ON u.user_id = me.id`,
    userId,
  );
  const query = one(statement, (row) => ({
    known: row.bool('known'),
    language: row.textOrNull('language'),
    isBanned: row.bool('banned'),
    isAdmin: row.bool('admin'),
  }));
  return {
    ...query,
    parse: (rows) => query.parse(rows) ?? { known: false, language: null, isBanned: false, isAdmin: false },
  };
}

/** Records who he is now and when he was last here; writing to the bot also ends a block. */
export function seePerson(person: Person, now: Date): Statement {
  const at = toSqlTime(now);
  return sql(
    `INSERT INTO users (user_id, username, first_name, last_name, created_at, last_seen) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET username = excluded.username, first_name = excluded.first_name,
       last_name = excluded.last_name, last_seen = excluded.last_seen, blocked_at = NULL`,
    person.id,
    person.username ?? null,
    person.firstName,
    person.lastName ?? null,
    at,
    at,
  );
}

/** Where he came from, the first time only. */
export function recordSource(userId: number, source: string): Statement {
  return sql('UPDATE users SET source = ? WHERE user_id = ? AND source IS NULL', source, userId);
}

/** He blocked the bot: broadcasts leave him out. */
export function markBlocked(userId: number, now: Date): Statement {
  return sql('UPDATE users SET blocked_at = ? WHERE user_id = ?', toSqlTime(now), userId);
}
