/**
 * Backups that are not encrypted although the settings encrypt: why they count for nothing, and the
 * command that takes them all the same.
 */
import type { BackupSettings } from './config.ts';

/** Before a command, so that it runs as if nothing were encrypted: `BACKUP_PASSPHRASE= `. */
export function unsealing({ passphrase, ageRecipients, ageIdentity }: BackupSettings): string {
  const set = [
    passphrase === undefined ? [] : ['BACKUP_PASSPHRASE'],
    ageRecipients.length === 0 ? [] : ['BACKUP_AGE_RECIPIENTS'],
    ageIdentity === undefined ? [] : ['BACKUP_AGE_IDENTITY'],
  ].flat();
  return set.map((name) => `${name}= `).join('');
}
