/** At most one host works on a job at a time. */
import { all, type Database, hasChanged, one, type Query, type Statement, sql } from './database.ts';
import { holding, toSqlTime } from './time.ts';

/** The longest that is not renewed; what ends later was written by a clock that ran ahead. */
export const LONGEST_MINUTES = 16;

/** RETURNING a row when the job is ours, none when another holder is alive. */
export function claimJob(name: string, holder: string, now: Date, minutes: number): Statement {
  const life = minutes * 60_000;
  const { after, last } = holding(now, Math.max(minutes, LONGEST_MINUTES) * 60_000);
  return sql(
    `INSERT INTO job_leases (name, holder, expires_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
     WHERE expires_at <= ? OR expires_at > ?
     RETURNING name`,
    name,
    holder,
    toSqlTime(new Date(now.getTime() + life)),
    toSqlTime(after),
    toSqlTime(last),
  );
}

/** RETURNING the names of those that `holder` still has; the others are somebody else's by now. */
export function renewJobs(names: readonly string[], holder: string, until: Date): Statement {
  return sql(
    `UPDATE job_leases SET expires_at = ? WHERE holder = ? AND name IN (SELECT value FROM json_each(?)) RETURNING name`,
    toSqlTime(until),
    holder,
    JSON.stringify(names),
  );
}

export function releaseJob(name: string, holder: string): Statement {
  return sql('DELETE FROM job_leases WHERE name = ? AND holder = ?', name, holder);
}

/** Who works on a job, and until when at the longest. */
export interface JobHolder {
  readonly holder: string;
  readonly until: string;
}

/**
 * {@link claimJob}; a holder that is known to be dead is in nobody's way.
 * @returns undefined when the job is ours, or who has it
 */
export async function takeJob(
  db: Database,
  lease: { readonly name: string; readonly holder: string; readonly minutes: number },
  now: Date,
  isDead: (holder: string) => boolean,
): Promise<JobHolder | undefined> {
  const { name, holder, minutes } = lease;
  const claim = claimJob(name, holder, now, minutes);
  const [claimed] = await db.write([claim]);
  if (hasChanged(claimed)) return undefined;
  const [other] = await db.read([jobHolder(name)]);
  if (other !== undefined && !isDead(other.holder)) return other;
  const results = await db.write([releaseJob(name, other?.holder ?? ''), claim]);
  return hasChanged(results.at(-1)) ? undefined : (await db.read([jobHolder(name)]))[0];
}

export function jobHolder(name: string): Query<JobHolder | undefined> {
  return one(sql('SELECT holder, expires_at FROM job_leases WHERE name = ?', name), (row) => ({
    holder: row.text('holder'),
    until: row.text('expires_at'),
  }));
}

/** At a start: what processes that are known to be dead were at is nobody's. */
export async function freeJobsOfDead(
  db: Database,
  names: readonly string[],
  isDead: (holder: string) => boolean,
): Promise<void> {
  const [held] = await db.read([
    all(
      sql(
        'SELECT name, holder FROM job_leases WHERE name IN (SELECT value FROM json_each(?))',
        JSON.stringify(names),
      ),
      (row) => ({ name: row.text('name'), holder: row.text('holder') }),
    ),
  ]);
  const dead = held.filter(({ holder }) => isDead(holder));
  if (dead.length > 0) await db.write(dead.map(({ name, holder }) => releaseJob(name, holder)));
}
