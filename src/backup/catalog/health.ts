/**
 * Are we safe? (docs/spec/backup.md, "Health".) Pure: what the bucket holds and the time in, a
 * verdict out.
 */
import type { BackupEntry } from './entry.ts';

export interface BackupHealth {
  readonly ok: boolean;
  readonly reason: 'fresh' | 'stale' | 'none' | 'damaged';
  /** ISO time of the data in the newest verified backup. */
  readonly lastVerified: string | null;
  /** Hours since then, one decimal. */
  readonly ageHours: number | null;
  readonly name: string | null;
  /** It was made before an import, so it has nothing of what that brought. */
  readonly isBeforeImport?: true;
  /**
   * The newest finished backup where it is damaged, or the run that found the database damaged, and
   * why: older good ones do not cover what came since.
   */
  readonly damaged?: {
    readonly name: string;
    readonly problem: string;
    readonly isRun?: true;
    /** The record of runs tells of it, but the bucket lost it (lost-backup.ts). */
    readonly isLost?: true;
    /** It may be good: no key that is set opens it (unfit-keys.ts). */
    readonly isUnopened?: true;
  };
}

const HOUR_MS = 3_600_000;

/** `newest` is the newest verified backup; a time a little ahead (clocks differ) counts as now. */
export function backupHealth(
  newest: (Pick<BackupEntry, 'name' | 'time'> & Partial<Pick<BackupEntry, 'manifest'>>) | undefined,
  now: Date,
  maxAgeHours: number,
  damaged?: BackupHealth['damaged'],
): BackupHealth {
  const known = damaged && { damaged };
  if (newest === undefined)
    return { ok: false, reason: 'none', lastVerified: null, ageHours: null, name: null, ...known };
  const age = Math.max(0, now.getTime() - newest.time.getTime()) / HOUR_MS;
  const isFresh = age < maxAgeHours;
  return {
    ok: isFresh && damaged === undefined,
    reason: damaged !== undefined ? 'damaged' : isFresh ? 'fresh' : 'stale',
    ...known,
    lastVerified: newest.time.toISOString(),
    ageHours: Math.round(age * 10) / 10,
    name: newest.name,
    ...(newest.manifest?.trigger === 'import' && { isBeforeImport: true }),
  };
}
