/** Whether a restore would overwrite anything. Node only. */
import { existsSync } from 'node:fs';
import type { DatabaseSettings } from '../../settings/config.ts';
import type { TableInfo } from '../model/model.ts';
import { isStaging } from '../staged/staged-transaction.ts';
import { sourceOf } from './restore-steps.ts';

/** Rows of these come by themselves when the bot starts on an empty database. */
const OWN = new Set([
  'schema_migrations',
  'backup_lease',
  'backup_runs',
  'backup_requests',
  'bucket_notes',
  'change_log',
  'change_state',
  'job_leases',
  'alerts',
  'counters',
  'handled_updates',
]);

/** Whether rows of it would be missed. */
export function isPeoples({ name, kind }: Pick<TableInfo, 'name' | 'kind'>): boolean {
  return kind === 'table' && !OWN.has(name) && !isStaging(name);
}

/** `empty`: no rows but the program's own. */
export async function databaseState(
  target: DatabaseSettings,
  fetcher: typeof fetch,
): Promise<'absent' | 'empty' | 'full'> {
  if (target.kind === 'file' && !existsSync(target.path)) return 'absent';
  const source = sourceOf({ target, fetch: fetcher });
  const isFull = await source.any(isPeoples);
  return isFull ? 'full' : 'empty';
}
