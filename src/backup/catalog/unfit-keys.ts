/**
 * A key is set, and the newest backup is for another one: a passphrase typed wrong once, a key that
 * was changed, or somebody's forgery. The owner would learn of it on the worst day.
 */
import { keyRefusal } from '../envelope/age-reader.ts';
import { type Encryption, hasNoKey, type OpeningKeys } from '../envelope/types.ts';
import type { Bucket } from './bucket.ts';
import type { BackupEntry } from './entry.ts';
import type { BackupHealth } from './health.ts';
import { NotOpened } from './not-opened.ts';

/**
 * Why no key at hand opens the backup, by the first bytes of its database file alone. Undefined
 * when one does, when it is not encrypted, and where there is no key: then nobody can tell.
 */
async function unfitKeys(
  { store, prefix }: Pick<Bucket, 'store' | 'prefix'>,
  entry: Pick<BackupEntry, 'manifest'> | undefined,
  keys: OpeningKeys | undefined,
): Promise<string | undefined> {
  const database = entry?.manifest?.objects.database;
  if (database === undefined || !database.encoding.includes('age')) return undefined;
  if (keys === undefined || hasNoKey(keys)) return undefined;
  const object = await store.get(`${prefix}${database.file}`);
  if (object === undefined) return undefined;
  const reader = object.body.getReader();
  try {
    return await keyRefusal(chunksOf(reader), keys);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function* chunksOf(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Whether it is encrypted and nothing that is set opens it: closed, neither lost nor damaged. */
export async function isClosed(
  bucket: Pick<Bucket, 'store' | 'prefix'>,
  entry: Pick<BackupEntry, 'name' | 'manifest' | 'encrypted'>,
  keys: OpeningKeys | undefined,
): Promise<boolean> {
  return (await whyClosed(bucket, entry, keys)) !== undefined;
}

/** The same in words, and what to set. */
export async function whyClosed(
  bucket: Pick<Bucket, 'store' | 'prefix'>,
  entry: Pick<BackupEntry, 'name' | 'manifest' | 'encrypted'>,
  keys: OpeningKeys | undefined,
): Promise<string | undefined> {
  if (!entry.encrypted) return undefined;
  const backup = `backup ${entry.name}`;
  if (hasNoKey(keys)) return new NotOpened(backup).message;
  const why = await unfitKeys(bucket, entry, keys);
  return why && `${backup}: ${why}`;
}

/** So many older ones are looked into. */
const MOST_LOOKED = 50;

/** The first of the entries that the keys open, or that is not encrypted. */
export async function firstOpening(
  bucket: Pick<Bucket, 'store' | 'prefix'>,
  entries: readonly BackupEntry[],
  keys: OpeningKeys | undefined,
): Promise<BackupEntry | undefined> {
  for (const entry of entries.slice(0, MOST_LOOKED))
    if ((await unfitKeys(bucket, entry, keys)) === undefined) return entry;
  return undefined;
}

/** For health: as if it were damaged, and not called so. */
export async function unopenedNewest(
  bucket: Pick<Bucket, 'store' | 'prefix'>,
  newest: BackupEntry | undefined,
  keys: OpeningKeys | undefined,
): Promise<BackupHealth['damaged']> {
  const problem = await unfitKeys(bucket, newest, keys);
  return newest === undefined || problem === undefined
    ? undefined
    : { name: newest.name, problem, isUnopened: true };
}

/**
 * Whether it is sealed with another key than the one that is set: on, off, or changed. One request
 * to the bucket where a passphrase has to be tried, else none.
 */
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
