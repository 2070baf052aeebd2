/** New backups that are not encrypted where others are: said loudly at a start, and by `full`. */
import type { Bucket } from '../backup/catalog/bucket.ts';
import { readGroups } from '../backup/catalog/list.ts';
import { isSound } from '../backup/copy/places.ts';
import type { BackupSettings } from '../settings/config.ts';
import { capital } from '../text/format.ts';
import { encryptionOf } from './compose.ts';

/** With it set, what is not encrypted counts for nothing; and nothing encrypts. */
export function opensOnly(settings: BackupSettings): boolean {
  return encryptionOf(settings) === undefined && settings.ageIdentity !== undefined;
}

/**
 * In sentences; undefined: they are encrypted, or none ever was. The recipients in a manifest are
 * not named: whoever can write to the bucket can write theirs there.
 * @param recipients of the keys that are set, where somebody may read them
 */
export async function notEncrypted(
  settings: BackupSettings,
  buckets: readonly (Bucket | undefined)[],
  recipients: readonly string[] = [],
): Promise<string | undefined> {
  if (encryptionOf(settings) !== undefined) return undefined;
  if (opensOnly(settings))
    return `NOT ENCRYPTED: BACKUP_AGE_IDENTITY opens backups and encrypts none. Beside it, a backup that is not encrypted counts for nothing, and the second copy does not take it. ${capital(sealing(recipients))}, then: npm run backup -- full`;
  for (const bucket of buckets) {
    if (bucket === undefined) continue;
    const newest = (await readGroups(bucket)).find(isSound);
    if (newest === undefined) continue;
    if (!newest.objects.some(({ encrypted }) => encrypted)) return undefined;
    return `NOT ENCRYPTED: the newest backup, ${newest.name}, is encrypted, and nothing is set that encrypts the next ones. Put BACKUP_AGE_RECIPIENTS or BACKUP_PASSPHRASE into the bot's settings as before, then: npm run backup -- full (if encryption was turned off on purpose, there is nothing to do)`;
  }
  return undefined;
}

/** What makes the next backups encrypted, for the middle of a sentence. */
export function sealing(recipients: readonly string[]): string {
  const setting =
    recipients.length === 0
      ? 'the BACKUP_AGE_RECIPIENTS that `npm run backup -- key test` shows'
      : `BACKUP_AGE_RECIPIENTS=${recipients.join(',')}`;
  return `put ${setting} into the bot's settings`;
}
