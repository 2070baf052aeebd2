/** A lost database file is told to the owners; the backup run that met it is the same event. */
import type { BackupAlert } from '../../backup/run/context.ts';

type Tell = (alert: BackupAlert) => Promise<void>;

/** Keeps back the first failure after the loss; later ones are told: nobody has mended it yet. */
export function withoutEcho(isLost: () => boolean, tell: Tell): Tell {
  let isMet = false;
  return async (alert) => {
    if (alert.kind !== 'failed' || !isLost() || isMet) return tell(alert);
    isMet = true;
  };
}
