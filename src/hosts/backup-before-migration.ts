/** The backup before a migration, and the wait for another run that is in its way. */
import { requireUndamaged } from '../backup/catalog/entry.ts';
import { LEASE_TTL_MS } from '../backup/run/lease.ts';
import { detailOf, isBusy } from '../backup/run/outcome.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import type { Host, HostParts } from './host-parts.ts';

/** Pauses until a dead holder's lease has surely ended. */
export const BUSY_WAIT_MS = 30_000;
export const BUSY_WAITS = Math.ceil(LEASE_TTL_MS / BUSY_WAIT_MS) + 1;

/** Without a backup the database does not change; a backup of the last try is not made again. */
export async function backUpBeforeMigration(
  backUp: Host['runBackup'],
  { now, sleep, log, backups }: Pick<HostParts, 'now' | 'sleep' | 'log' | 'backups'>,
  waits: boolean,
): Promise<void> {
  const held = await backups.heldAlready('migration').catch(() => undefined);
  if (held !== undefined) {
    log.info('backup', { trigger: 'migration', outcome: 'held already', detail: held.name });
    return requireUndamaged(held);
  }
  let outcome = await backUp('migration', now());
  while (waits && isBusy(outcome)) {
    const { message, secondsLeft = 0 } = outcome;
    log.warn('start waits: a migration is due, and its backup for another run', {
      detail: message,
      seconds_left: secondsLeft,
    });
    await sleep(Math.min(BUSY_WAIT_MS, 1_000 * (secondsLeft + 1)));
    outcome = await backUp('migration', now());
  }
  if (outcome.kind === 'done') return requireUndamaged(outcome.manifest);
  if (outcome.kind === 'skipped' && outcome.reason === 'duplicate') return;
  throw new DatabaseUnfit(`no backup before the migration: ${detailOf(outcome)}`);
}
