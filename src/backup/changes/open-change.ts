/** A stored change file, read to its end and held against its own name, counts and hashes. */
import { createHash } from 'node:crypto';
import { explain } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { NotOpened } from '../catalog/not-opened.ts';
import { hasNoKey, type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { Damaged } from '../foreign/errors.ts';
import { ChangeFileError } from './change-file.ts';
import type { StoredChange } from './listed.ts';
import { type ProvedFile, readStored } from './prove-file.ts';
import { proveStored } from './stored-proof.ts';

export interface OpenedChange extends ProvedFile {
  readonly file: StoredChange;
  /** Of the stored bytes, hex: what the next file names. */
  readonly sha256: string;
}

/** Why nothing can be read along a chain of files from there on. */
export interface ChainFault {
  /** For people. */
  readonly why: string;
  /** No key at hand opens it: it may be whole. */
  readonly isClosed: boolean;
}

/**
 * Whether it is not encrypted although the settings encrypt. Anybody who can write to the bucket
 * can make such a one, so it counts for nothing; it may be from before, and is not damaged.
 */
export function isPlain({ isSealed }: Bucket, { encrypted }: Pick<StoredChange, 'encrypted'>): boolean {
  return isSealed === true && !encrypted;
}

export function plainText({ file }: StoredChange): string {
  return `${file} is not encrypted, although a key is set`;
}

/**
 * @throws {@link Damaged} for one that is gone, altered, cut, or under another's name; {@link
 * NotOpened} where no key fits; errors of the store as they are.
 */
export async function openChange(
  bucket: Bucket,
  file: StoredChange,
  keys: OpeningKeys | undefined,
): Promise<OpenedChange> {
  if (isPlain(bucket, file)) throw new Damaged(plainText(file));
  if (file.encrypted && hasNoKey(keys)) throw new NotOpened(file.file);
  try {
    const packed = await readStored(bucket.store, `${bucket.prefix}${file.file}`);
    if (packed === undefined) throw new Damaged(`${file.file} is not in the bucket`);
    const sha256 = createHash('sha256').update(packed).digest('hex');
    return { file, sha256, ...(await proveStored(file, packed, keys)) };
  } catch (error) {
    if (error instanceof UnsealError && error.reason === 'wrong key')
      throw new NotOpened(file.file, explain(error));
    if (error instanceof UnsealError || error instanceof ChangeFileError)
      throw new Damaged(`${file.file}: ${explain(error)}`, { cause: error });
    throw error;
  }
}

/** The same, or why it cannot be used; what says nothing about the file is thrown. */
export async function openOrFault(
  bucket: Bucket,
  file: StoredChange,
  keys: OpeningKeys | undefined,
): Promise<OpenedChange | { readonly fault: ChainFault }> {
  try {
    return await openChange(bucket, file, keys);
  } catch (error) {
    if (!(error instanceof Damaged || error instanceof NotOpened)) throw error;
    return { fault: { why: explain(error), isClosed: error instanceof NotOpened } };
  }
}
