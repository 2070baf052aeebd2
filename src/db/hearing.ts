/** What the database knows of updates that arrive: the webhook's address, and the last of them. */
import { always, type Query, type Statement, sql } from './database.ts';
import { holdingSince, toSqlTime } from './time.ts';

/** In the one table of single values by name. */
export function recordWebhook(url: string): Statement {
  return sql(
    `INSERT INTO alerts (key, told_at) VALUES ('webhook', ?)
     ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at`,
    url,
  );
}

export interface Heard {
  readonly webhook: string | null;
  /** As in the database. */
  readonly lastReceived: string | null;
  /** Since when the tick found that updates cannot arrive. */
  readonly deafSince: string | null;
}

/** So many marks from either end of their numbers. */
const ENDS = 100;
const marks = (order: string): string =>
  `SELECT handled_at FROM (SELECT handled_at FROM handled_updates ORDER BY update_id ${order} LIMIT ${ENDS})`;

/**
 * Telegram's numbers go up, but for a new beginning after a week without updates, and replays have
 * numbers beyond. An update that the clock dates in the future says nothing of when it came.
 */
export function heard(now: Date): Query<Heard> {
  const latest = toSqlTime(holdingSince(now, 0).last);
  return always(
    sql(
      `SELECT (SELECT told_at FROM alerts WHERE key = 'webhook') AS webhook,
         (SELECT MAX(handled_at) FROM (${marks('DESC')} UNION ALL ${marks('ASC')}) WHERE handled_at <= ?) AS received,
         (SELECT created_at FROM admin_notices WHERE key = 'deaf') AS deaf`,
      latest,
    ),
    (row) => ({
      webhook: row.textOrNull('webhook'),
      lastReceived: row.textOrNull('received'),
      deafSince: row.textOrNull('deaf'),
    }),
  );
}
