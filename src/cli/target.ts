/** What a person means by the name of a backup. */
import { type BackupEntry, type Bucket, findBackup, newestVerified } from '../backup/list.ts';
import { nameFromText } from '../backup/names.ts';
import { UsageError } from './command.ts';

/** A name, any of its file names, or `latest`. @throws when there is no such backup, saying which the newest is. */
export async function resolveBackup(bucket: Bucket, text: string): Promise<BackupEntry> {
  if (text === 'latest') {
    const newest = await newestVerified(bucket);
    if (newest === undefined)
      throw new Error(
        `no verified backup in ${bucket.store.description}: make one with \`npm run backup -- full\``,
      );
    return newest;
  }
  const name = nameFromText(text);
  if (name === undefined)
    throw new UsageError(
      `${text} is not the name of a backup: names look like 20240101_120000, \`list\` shows them; \`latest\` is the newest`,
    );
  const entry = await findBackup(bucket, name);
  if (entry !== undefined) return entry;
  const newest = await newestVerified(bucket);
  const hint =
    newest === undefined ? 'there is no verified one' : `the newest verified one is ${newest.name}`;
  throw new Error(`no backup ${name} in ${bucket.store.description}; ${hint}`);
}
