/**
 * What is stored may be good: it is encrypted, and no key at hand opens it. That is no failure of
 * the backup, and no damage.
 */
export class NotOpened extends Error {
  override readonly name = 'NotOpened';
  /** @param why of a key that was tried: the stored bytes are good then, they were all read */
  constructor(file: string, why?: string) {
    super(
      why === undefined
        ? `${file} is encrypted: set BACKUP_AGE_IDENTITY or BACKUP_PASSPHRASE`
        : `${file}: stored bytes good, contents not opened: ${why}`,
    );
  }
}
