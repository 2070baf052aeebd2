/** What `/test` asks of the database. */
import { always, one, type Query, type Statement, sql } from './database.ts';

/** Writes `mark` and reads it back, in one batch; nothing else changes. */
export function writeAndRead(mark: string): readonly [Statement, Query<string | undefined>] {
  return [
    sql(
      `INSERT INTO alerts (key, told_at) VALUES ('self-test', ?)
       ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at`,
      mark,
    ),
    one(sql(`SELECT told_at FROM alerts WHERE key = 'self-test'`), (row) => row.text('told_at')),
  ];
}

/** Until when a job is claimed; undefined: it never ran. */
export function claimedUntil(job: string): Query<string | undefined> {
  return one(sql('SELECT expires_at FROM job_leases WHERE name = ?', job), (row) => row.text('expires_at'));
}

/** Updates that were tried again in vain. */
export const givenUpUpdates: Query<number> = always(
  sql('SELECT COUNT(*) AS count FROM failed_updates WHERE given_up_at IS NOT NULL'),
  (row) => row.int('count'),
);
