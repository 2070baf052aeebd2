/** How a run can end. */
import type { Log } from '../../lib/log.ts';
import { damageOf } from '../catalog/entry.ts';
import type { Manifest, Trigger } from '../catalog/manifest.ts';
import type { BackupName } from '../catalog/names.ts';
import type { FailedOutcome } from './failure.ts';
import type { SettleReport } from './settle.ts';

export interface SkippedOutcome {
  readonly kind: 'skipped';
  readonly reason: 'duplicate' | 'busy' | 'recent';
  /** The backup that makes this one needless; undefined when busy. */
  readonly name: BackupName | undefined;
  readonly message: string;
  /** Busy: until the lease ends if its holder is dead. */
  readonly secondsLeft?: number;
}

export type BackupOutcome =
  | ({
      readonly kind: 'done';
      readonly name: BackupName;
      readonly manifest: Manifest;
      /**
       * False where the database has no whole record of runs (the old bot's): two runs at once were
       * not ruled out, nor did they have to be.
       */
      readonly leased: boolean;
      /** Rows of tables and indexes read, over all attempts: a hosted database bills them. */
      readonly rowsRead: number;
    } & SettleReport)
  | SkippedOutcome
  | FailedOutcome;

/** Another run is under way. */
export function isBusy(outcome: BackupOutcome): outcome is SkippedOutcome {
  return outcome.kind === 'skipped' && outcome.reason === 'busy';
}

/** For the log: the backup's name, or why there is none. */
export function detailOf(outcome: BackupOutcome): string {
  if (outcome.kind === 'done') return outcome.name;
  return outcome.kind === 'skipped' ? outcome.message : outcome.reason;
}

/** @param level where a good backup was made, or none was needed */
export function logRun(
  log: Log,
  trigger: Trigger,
  outcome: BackupOutcome,
  level: 'info' | 'debug' = 'info',
): void {
  const damage = outcome.kind === 'done' ? damageOf(outcome.manifest) : undefined;
  const isGood = outcome.kind !== 'failed' && damage === undefined;
  log[isGood ? level : 'error']('backup', {
    trigger,
    outcome: outcome.kind,
    detail: detailOf(outcome),
    damage,
  });
}
