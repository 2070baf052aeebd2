/**
 * Everything the engine needs, handed in by a host's composition root: nothing in `src/backup`
 * reads an environment.
 */
import type { Clock } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { RetentionPolicy } from '../catalog/calendar-places.ts';
import type { Shrunk } from '../catalog/fuller.ts';
import type { Ledger } from '../catalog/ledger.ts';
import type { BackupName } from '../catalog/names.ts';
import type { Encryption, OpeningKeys } from '../envelope/types.ts';
import type { RowSource } from '../model/model.ts';

export interface BackupContext extends Bucket {
  readonly source: RowSource;
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** In [0, 1): jitter between retries. */
  readonly random: () => number;
  /** A database without the bot's tables is not backed up: it would look like safety. */
  readonly onlyOurs?: boolean;
  /** Who holds the lease, for people: `worker`, `node host 4711`, `cli 4712`. */
  readonly holder: string;
  readonly appVersion: string;
  /** Name -> version of what writes the backup. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly encryption: Encryption | undefined;
  /** Open the run's own objects for the read-back; undefined where only the public key is known. */
  readonly keys: OpeningKeys | undefined;
  readonly retention: RetentionPolicy;
  /** How many days change files are kept; absent: none is removed. */
  readonly changeDays?: number | undefined;
  /** zlib's 0 to 9. */
  readonly gzipLevel: number;
  /** A run that takes longer is given up. */
  readonly timeoutMs: number;
  /**
   * Called once a run in which anything went wrong, and once where its backup shrank; a run whose
   * process died is told by the next one.
   */
  readonly alert: (alert: BackupAlert) => Promise<void>;
}

export interface BackupAlert {
  /**
   * `failed`: there is no new backup. `damaged`: there is one, of a damaged database. `ask`:
   * retention waits for a yes. `problem`: the backup is good, something after it is not. `shrunk`:
   * it is good, and holds far less than the one before it.
   */
  readonly kind: 'failed' | 'damaged' | 'ask' | 'problem' | 'shrunk';
  readonly message: string;
  /** What a backup of kind `ask` would delete, of all that there are. */
  readonly asks?: { readonly removing: number; readonly of: number };
  /** What a backup of that kind has lost, and the one before it. */
  readonly shrunk?: Shrunk & { readonly name: BackupName; readonly than: BackupName };
  /** It is about a run before this one, whose process died before it could tell. */
  readonly isEarlier?: true;
}
