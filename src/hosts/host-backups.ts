/** Backups that a host makes. Another run in the way is waited for where nobody would come back. */
import { requireUndamaged } from '../backup/catalog/entry.ts';
import { LEASE_TTL_MS } from '../backup/run/lease.ts';
import { type BackupOutcome, detailOf, isBusy, logRun } from '../backup/run/outcome.ts';
import { DatabaseUnfit } from '../db/database-unfit.ts';
import { abortable } from '../lib/clock.ts';
import type { Host, HostParts } from './host-parts.ts';

/** Pauses until a dead holder's lease has surely ended. */
const BUSY_WAIT_MS = 30_000;
const BUSY_WAITS = Math.ceil(LEASE_TTL_MS / BUSY_WAIT_MS) + 1;

/** A run that logs how it ended. */
export function loggedRun({ backups, sleep, log }: HostParts): Host['runBackup'] {
  return async (trigger, scheduledAt, options = {}) => {
    const run = (): Promise<BackupOutcome> => backups.run({ trigger, scheduledAt, ...options });
    let outcome = await run();
    // A due run waits for a killed process's lease to end: nobody would come back for it.
    const waits = trigger === 'schedule' || trigger === 'start' ? BUSY_WAITS : 0;
    const signal = options.signal ?? new AbortController().signal;
    for (let i = 0; i < waits && isBusy(outcome); i += 1) {
      await abortable(sleep(BUSY_WAIT_MS), signal).catch(() => {});
      if (signal.aborted) break;
      outcome = await run();
    }
    logRun(log, trigger, outcome);
    return outcome;
  };
}

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
