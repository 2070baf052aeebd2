/** What is remembered of the second copy of backups, in the one table of single values by name. */
import { one, type Query, type Statement, sql } from './database.ts';

export function copyNote(): Query<string | undefined> {
  return one(sql("SELECT told_at FROM alerts WHERE key = 'copy'"), (row) => row.text('told_at'));
}

export function keepCopyNote(text: string): Statement {
  return sql(
    `INSERT INTO alerts (key, told_at) VALUES ('copy', ?)
     ON CONFLICT (key) DO UPDATE SET told_at = excluded.told_at`,
    text,
  );
}

/** The name of the backup that the last good run on record made. */
export function newestRun(): Query<string | undefined> {
  return one(sql("SELECT name FROM backup_runs WHERE state = 'done' ORDER BY id DESC LIMIT 1"), (row) =>
    row.text('name'),
  );
}
