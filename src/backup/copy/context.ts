/** What one slice of the second copy works with. */
import type { Clock } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { RetentionPolicy } from '../catalog/calendar-places.ts';
import type { Ledger } from '../catalog/ledger.ts';
import type { ChangeKeys } from '../changes/stored-proof.ts';
import type { Shipped, StoredFiles } from './copy-changes.ts';

export interface CopyContext {
  readonly first: Bucket;
  readonly copy: Bucket;
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: RetentionPolicy;
  /** How many days change files are kept; absent: none is removed. */
  readonly changeDays?: number | undefined;
  /** Absent: nothing is deleted in the copy. */
  readonly triggers?: Ledger['triggers'];
  /** Absent: change files are not looked at. */
  readonly shipped?: Shipped | 'all' | undefined;
  /** What the database remembers to have stored; absent: not known. */
  readonly stored?: StoredFiles | undefined;
  /** It is no time for a look at the backups. */
  readonly isOnlyChanges?: boolean;
  /** Hears of each backup that is whole in the copy now, and which of its files were replaced. */
  readonly onCopied?: (name: string, replaced: readonly string[]) => void;
  readonly keys?: ChangeKeys;
  /** Hears of each file that was wrong in one bucket, and was replaced from the other. */
  readonly onMended?: (file: string, where: Bucket) => void;
}
