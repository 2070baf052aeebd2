import type { BackupName } from './names.ts';

/** What was asked for is not in the bucket that was asked; another bucket may have it. */
export class NotHere extends Error {
  override readonly name = 'NotHere';
  /** Undefined: any would do. */
  readonly backup: BackupName | undefined;
  constructor(message: string, backup?: BackupName) {
    super(message);
    this.backup = backup;
  }
}
