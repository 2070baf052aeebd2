import { type Clock, systemClock } from '../../lib/clock.ts';
import type { Store } from '../store/types.ts';
import type { Manifest } from './manifest.ts';
import type { BackupName } from './names.ts';

/** Why a backup that looks good does not count (doubts.ts). */
export type Doubt =
  /** It is another backup than its name says. */
  | { readonly kind: 'mislabelled'; readonly problem: string }
  /** No run of the database made it. */
  | { readonly kind: 'unrecorded' };

/** A bucket below a key prefix. */
export interface Bucket {
  readonly store: Store;
  /** Empty, or ending in `/`. */
  readonly prefix: string;
  /** The settings encrypt: an unencrypted backup may be anybody's who can write to the bucket. */
  readonly isSealed?: boolean;
  /**
   * The bot whose token is set, by its id: backups of other bots' databases count for
   * nothing. Undefined: no token is set, and all count.
   */
  readonly bot?: number | undefined;
  /** The second bucket. */
  readonly isCopy?: true;
  /** Asked of a backup before it counts as the newest (doubts.ts); absent: none is doubted. */
  readonly doubt?: (entry: {
    readonly name: BackupName;
    readonly time: Date;
    readonly manifest: Manifest | undefined;
  }) => Promise<Doubt | undefined>;
  /** What times are held against; the system's by default. */
  readonly clock?: Pick<Clock, 'now'>;
}

export function nowOf({ clock = systemClock }: Bucket): Date {
  return clock.now();
}
