/** What a replay is made of, as a listing shows it: full backups and change files. */
import type { ManifestChanges } from '../catalog/change-position.ts';
import type { BackupEntry } from '../catalog/entry.ts';
import type { ChangeKey } from './change-names.ts';

export interface StoredChange extends ChangeKey {
  /** Its key without the bucket's prefix. */
  readonly file: string;
  readonly bytes: number;
  /** The store's own time. */
  readonly modified: Date;
}

/** A full backup that a replay may begin with. */
export interface Base {
  readonly entry: BackupEntry;
  /** From then on its data is certain to be in it: when its run was over. */
  readonly time: Date;
  /** Undefined where no change log was kept. */
  readonly changes: ManifestChanges | undefined;
}

/**
 * The full backup that what is told of the history goes by: the newest of the living database's own
 * timeline. Another database may have made the newest of all. Where none is of its own, or nobody
 * can ask it, the newest of all.
 * @param bases oldest first
 */
export function leadingBase(bases: readonly Base[], timeline: string | undefined): Base | undefined {
  const own = bases.findLast(({ changes }) => changes !== undefined && changes.timeline === timeline);
  return own ?? bases.at(-1);
}
