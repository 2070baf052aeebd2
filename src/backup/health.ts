/** Are we safe? (spec/backup.md, "Health".) Pure: what the bucket holds and the time in, a verdict out. */
import type { BackupEntry } from './list.ts';

export interface BackupHealth {
  readonly ok: boolean;
  readonly reason: 'fresh' | 'stale' | 'none';
  /** ISO time of the data in the newest verified backup. */
  readonly lastVerified: string | null;
  /** Hours since then, one decimal. */
  readonly ageHours: number | null;
  readonly name: string | null;
}

const HOUR_MS = 3_600_000;

/** `newest` is the newest verified backup; a time a little in the future (clocks differ) counts as now. */
export function backupHealth(
  newest: Pick<BackupEntry, 'name' | 'time'> | undefined,
  now: Date,
  maxAgeHours: number,
): BackupHealth {
  if (newest === undefined)
    return { ok: false, reason: 'none', lastVerified: null, ageHours: null, name: null };
  const age = Math.max(0, now.getTime() - newest.time.getTime()) / HOUR_MS;
  const ok = age < maxAgeHours;
  return {
    ok,
    reason: ok ? 'fresh' : 'stale',
    lastVerified: newest.time.toISOString(),
    ageHours: Math.round(age * 10) / 10,
    name: newest.name,
  };
}
