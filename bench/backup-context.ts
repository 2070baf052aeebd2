/** What every measured backup run has in common. */

import type { BackupContext } from '../src/backup/run/context.ts';
import { GZIP_LEVEL } from '../src/hosts/compose.ts';
import { systemClock } from '../src/lib/clock.ts';

export function benchContext(parts: Pick<BackupContext, 'source' | 'store' | 'ledger'>): BackupContext {
  return {
    ...parts,
    prefix: '',
    clock: systemClock,
    random: Math.random,
    holder: 'bench',
    appVersion: 'bench',
    libraries: {},
    encryption: undefined,
    keys: undefined,
    retention: { days: 90 },
    gzipLevel: GZIP_LEVEL,
    timeoutMs: 3_600_000,
    alert: async ({ message }) => console.error(message),
  };
}
