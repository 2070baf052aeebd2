/** At most one host works on a job at a time. */
import { type Statement, sql } from './database.ts';
import { holding, toSqlTime } from './time.ts';

/** RETURNING a row when the job is ours, none when another holder is alive. */
export function claimJob(name: string, holder: string, now: Date, minutes: number): Statement {
  const life = minutes * 60_000;
  const { after, last } = holding(now, life);
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

export function releaseJob(name: string, holder: string): Statement {
  return sql('DELETE FROM job_leases WHERE name = ? AND holder = ?', name, holder);
}
