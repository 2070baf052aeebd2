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
