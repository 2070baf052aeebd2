/** Whether a restore would overwrite anything. Node only. */
import { existsSync } from 'node:fs';
import type { RestoreTarget } from './restore.ts';
import { sourceOf } from './restore.ts';
import { isStaging } from './staging.ts';

/** Rows of these come by themselves when the bot starts on an empty database. */
const OWN = new Set([
  'schema_migrations',
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'job_leases',
  'alerts',
  'counters',
  'handled_updates',
]);

/** `empty`: no rows but the program's own. */
export async function databaseState(
  target: RestoreTarget,
  fetcher: typeof fetch,
): Promise<'absent' | 'empty' | 'full'> {
  if (target.kind === 'file' && !existsSync(target.path)) return 'absent';
  return sourceOf({ target, fetch: fetcher })
    .read(async (snapshot) => {
      const tables = snapshot.schema.tables.filter(
        ({ name, kind }) => kind === 'table' && !OWN.has(name) && !isStaging(name),
      );
      for await (const scan of snapshot.scans(tables.map((table) => ({ kind: 'table', table }))))
        for await (const rows of scan.rows) if (rows.length > 0) throw new RowsFound();
      return 'empty' as const;
    })
    .catch((error: unknown) => {
      if (error instanceof RowsFound) return 'full';
      throw error;
    });
}

/** Ends the reading at the first row. */
class RowsFound extends Error {
  override readonly name = 'RowsFound';
}
