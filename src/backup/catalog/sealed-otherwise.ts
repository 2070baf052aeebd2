/** Whether a backup is sealed with another key than the one that is set: on, off, or changed. */
import type { Encryption } from '../envelope/types.ts';
import type { Bucket } from './bucket.ts';
import type { BackupEntry } from './entry.ts';
import { unopenedNewest } from './unfit-keys.ts';

/** One request to the bucket where a passphrase has to be tried, else none. */
export async function isSealedOtherwise(
  bucket: Pick<Bucket, 'store' | 'prefix'>,
  entry: BackupEntry,
  encryption: Encryption | undefined,
): Promise<boolean> {
  const recipients = entry.manifest?.objects.database.recipients;
  if (recipients === undefined) return false;
  const isPassphrase = recipients.length === 1 && recipients[0] === 'passphrase';
  if (encryption?.kind === 'passphrase') {
    const keys = { identities: [], passphrases: [encryption.passphrase] };
    return !isPassphrase || (await unopenedNewest(bucket, entry, keys)) !== undefined;
  }
  const wanted = encryption?.recipients ?? [];
  return recipients.toSorted().join(' ') !== wanted.toSorted().join(' ');
}
