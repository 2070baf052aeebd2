/** People who wrote to the bot. */
import { always, type Query, type Statement, sql } from './database.ts';
import { holdingSince, toSqlTime } from './time.ts';

export interface Person {
  readonly id: number;
  readonly username: string | undefined;
  readonly firstName: string;
  readonly lastName: string | undefined;
  /**
   * The language of the first answer, and of all until this person chooses another; undefined for
   * the bot's own.
   */
  readonly language: string | undefined;
}

export interface KnownPerson {
  readonly known: boolean;
  readonly language: string | null;
  readonly isBanned: boolean;
  /** Whether this person knows of the ban. */
  readonly isBanTold: boolean;
  readonly isAdmin: boolean;
  readonly rate: Rate;
}

/**
 * This person's updates before this one, counted since a moment (seconds since 1970), and whether
 * they were told that it is too many.
 */
export interface Rate {
  readonly since: number;
  readonly count: number;
  readonly isTold: boolean;
}

/**
 * The largest id a person can have: Telegram's have 52 bits at most
 * (core.telegram.org/bots/api#user). A database that the bot took over may hold larger ones, and
 * nobody writes to them; an import refuses them.
 */
export const LARGEST_USER_ID = Number.MAX_SAFE_INTEGER;

/**
 * Updates are counted in windows that begin with a viewer's first update (docs/spec/bot.md "Viewer"
 * 11).
 */
export const RATE_WINDOW_SECONDS = 60;

/** Always one row: what the database knows of this id. */
export function personById(userId: number): Query<KnownPerson> {
  const statement = sql(
    `SELECT u.user_id IS NOT NULL AS known, u.language, u.banned_at IS NOT NULL AS banned,
            EXISTS (SELECT 1 FROM alerts WHERE key = 'banned:' || CAST(me.id AS INTEGER)) AS ban_told,
            EXISTS (SELECT 1 FROM admins AS a WHERE a.user_id = me.id) AS admin,
            COALESCE(u.rate_since, 0) AS rate_since, COALESCE(u.rate_count, 0) AS rate_count,
            COALESCE(u.rate_told, 0) AS rate_told
     FROM (SELECT ? AS id) AS me LEFT JOIN users AS u ON u.user_id = me.id`,
    userId,
  );
  return always(statement, (row) => ({
    known: row.bool('known'),
    language: row.textOrNull('language'),
    isBanned: row.bool('banned'),
    isBanTold: row.bool('ban_told'),
    isAdmin: row.bool('admin'),
    rate: {
      since: row.figure('rate_since'),
      count: row.figure('rate_count'),
      isTold: row.figure('rate_told') !== 0,
    },
  }));
}

/** The minute being counted is over, or a clock that ran ahead began it. */
const IS_NEW_WINDOW = 'rate_since <= ?1 OR rate_since > ?2';

/**
 * Counts this update, at `at` (SQL, seconds since 1970); all three read the values from before it.
 */
function count(at: string): string {
  return `rate_since = CASE WHEN ${IS_NEW_WINDOW} THEN ${at} ELSE rate_since END,
    rate_count = CASE WHEN ${IS_NEW_WINDOW} THEN 1 ELSE rate_count + 1 END,
    rate_told = CASE WHEN ${IS_NEW_WINDOW} THEN 0 ELSE rate_told END`;
}

/** ?1 and ?2 of {@link count}, and the present. */
function rateTimes(now: Date): readonly [after: number, last: number, seconds: number] {
  const seconds = (time: Date): number => Math.floor(time.getTime() / 1000);
  const { after, last } = holdingSince(now, RATE_WINDOW_SECONDS * 1000);
  return [seconds(after), seconds(last), seconds(now)];
}

/**
 * Records the person's present names and visit, and counts the update; writing to the bot also ends
 * a block.
 */
export function seePerson(person: Person, now: Date): Statement {
  const at = toSqlTime(now);
  const [after, last, seconds] = rateTimes(now);
  return sql(
    `INSERT INTO users (user_id, username, first_name, last_name, language, created_at, last_seen, rate_since, rate_count)
     VALUES (?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9, 1)
     ON CONFLICT (user_id) DO UPDATE SET username = excluded.username, first_name = excluded.first_name,
       last_name = excluded.last_name, last_seen = excluded.last_seen, blocked_at = NULL, ${count('?9')}`,
    after,
    last,
    person.id,
    person.username ?? null,
    person.firstName,
    person.lastName ?? null,
    person.language ?? null,
    at,
    seconds,
  );
}

/**
 * For somebody who acts without writing to the bot (inline, a join request, blocking it): a
 * stranger stays one, and it is no visit (`countVisit` looks at last_seen), but it counts for the
 * limit.
 */
export function seeIfKnown(person: Person, now: Date): Statement {
  const [after, last, seconds] = rateTimes(now);
  return sql(
    `UPDATE users SET username = ?4, first_name = ?5, last_name = ?6, ${count('?7')} WHERE user_id = ?3`,
    after,
    last,
    person.id,
    person.username ?? null,
    person.firstName,
    person.lastName ?? null,
    seconds,
  );
}

/** This person knows of the ban, until {@link forgetBanTold}. */
export function markBanTold(userId: number, now: Date): Statement {
  const key = `banned:${userId}`;
  return sql('INSERT INTO alerts (key, told_at) VALUES (?, ?) ON CONFLICT DO NOTHING', key, toSqlTime(now));
}

/** A later ban is told again. */
export function forgetBanTold(userId: number): Statement {
  return sql('DELETE FROM alerts WHERE key = ?', `banned:${userId}`);
}

/** changes = 1 for the one update that may tell this person of the limit. */
export function claimRateTelling(userId: number): Statement {
  return sql('UPDATE users SET rate_told = 1 WHERE user_id = ? AND rate_told = 0 RETURNING user_id', userId);
}

/** Where this person came from, the first time only. */
export function recordSource(userId: number, source: string): Statement {
  return sql('UPDATE users SET source = ? WHERE user_id = ? AND source IS NULL', source, userId);
}

export function chooseLanguage(userId: number, language: string): Statement {
  return sql('UPDATE users SET language = ? WHERE user_id = ?', language, userId);
}

/** This person blocked the bot: broadcasts leave them out. */
export function markBlocked(userId: number, now: Date): Statement {
  return sql('UPDATE users SET blocked_at = ? WHERE user_id = ?', toSqlTime(now), userId);
}

/** This person takes messages again. */
export function markUnblocked(userId: number): Statement {
  return sql('UPDATE users SET blocked_at = NULL WHERE user_id = ?', userId);
}
