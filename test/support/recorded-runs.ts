import { all, type Database, sql } from '../../src/db/database.ts';

/** Rows of `backup_runs`, newest first. */
export async function recordedRuns(db: Database) {
  const [runs] = await db.read([
    all(
      sql('SELECT name, "trigger", state, reason, rows, bytes FROM backup_runs ORDER BY id DESC'),
      (row) => ({
        name: row.text('name'),
        trigger: row.text('trigger'),
        state: row.text('state'),
        reason: row.textOrNull('reason'),
        rows: row.intOrNull('rows'),
        bytes: row.intOrNull('bytes'),
      }),
    ),
  ]);
  return runs;
}
