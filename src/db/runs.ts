/** What the engine's record of runs tells others (its own: backup/run/backup-runs.ts). */
import { all, one, type Query, sql } from './database.ts';

/** The name of the backup that the last good run on record made. */
export function newestRun(): Query<string | undefined> {
  return one(sql("SELECT name FROM backup_runs WHERE state = 'done' ORDER BY id DESC LIMIT 1"), (row) =>
    row.text('name'),
  );
}

/** Rows that the last run counted. */
export function rowsOfNewestRun(): Query<number | undefined> {
  return one(
    sql("SELECT rows FROM backup_runs WHERE state = 'done' AND rows IS NOT NULL ORDER BY id DESC LIMIT 1"),
    (row) => row.int('rows'),
  );
}

/** When the last runs began that changes asked for, the newest first. */
export function runsForChanges(most: number): Query<Date[]> {
  return all(
    sql(`SELECT started_at FROM backup_runs WHERE "trigger" = 'changes' ORDER BY id DESC LIMIT ?`, most),
    (row) => new Date(`${row.text('started_at').replace(' ', 'T')}Z`),
  );
}
