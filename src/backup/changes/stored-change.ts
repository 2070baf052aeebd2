/** What the bucket has of the next change file: this database's own, or another's. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { ChangeState } from '../catalog/change-state.ts';
import { openSealed } from '../envelope/seal.ts';
import type { Encryption, OpeningKeys } from '../envelope/types.ts';
import type { HeadLastWriter } from '../model/model.ts';
import type { Store } from '../store/types.ts';
import { ChangeFileError, type ChangeHeader } from './change-file.ts';
import { changeKey, changesPrefix, fromNumber, parseChangeKey } from './change-names.ts';
import { isSameLink, keyBefore } from './previous.ts';
import { MOST_STORED_BYTES, type ProvedFile, proveFile, readStored } from './prove-file.ts';
import type { Range } from './read-range.ts';

export interface ChangeBucket {
  readonly store: Store;
  readonly prefix: string;
  readonly encryption: Encryption | undefined;
  /** Open the files that the bot has stored; undefined where only the public key is at hand. */
  readonly keys: OpeningKeys | undefined;
  /** zlib's 0 to 9. */
  readonly gzipLevel: number;
}

export interface StoredFile {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  /** A file of another database under the same first number. */
  readonly rival: string | undefined;
}

/** Stored and read back; whether the put itself was answered does not matter. */
export async function storeFile(
  context: ChangeBucket,
  range: Range & { readonly body: Uint8Array },
): Promise<StoredFile> {
  const { store, prefix, encryption } = context;
  const { timeline, shippedSeq } = range.before.state;
  const first = shippedSeq + 1;
  const encrypted = encryption !== undefined;
  const { last, time, mark } = range;
  const key = changeKey(prefix, { timeline, first, last, time, encrypted, mark });
  const sealed = await seal(range.body, context);
  const sha256 = sha256Of(sealed);
  const failure = await store.put(key, sealed, { createOnly: true }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const { rival } = await storedUnder(context, range.before.state, range.attempts);
  if (rival !== undefined) return { key, sha256, bytes: sealed.byteLength, rival };
  const stored = await readChange(store, key);
  if (stored === undefined && failure !== undefined) throw failure.error;
  if (stored === undefined || sha256Of(stored) !== sha256)
    throw new Error(`${key} does not read back as it was stored`, { cause: failure?.error });
  return { key, sha256, bytes: sealed.byteLength, rival: undefined };
}

/**
 * Whose files stand behind this database's last one. A copy of this database has the same numbers,
 * and goes on from the same file or from one that both had stored and not looked at: of two that
 * store a file and then list, the later one finds the other's. What anybody else puts there is not
 * opened, or is not what its name says, and counts for nothing.
 */
export async function storedUnder(
  context: ChangeBucket,
  state: ChangeState,
  attempts: readonly string[],
): Promise<{ readonly own: readonly string[]; readonly rival: string | undefined }> {
  const { store, prefix } = context;
  const { timeline, shippedSeq, previous } = state;
  const next = shippedSeq + 1;
  const last = keyBefore(previous)?.first;
  const after = fromNumber(prefix, timeline, last ?? next);
  const own: string[] = [];
  let looks = MOST_LOOKS;
  for (const { key, bytes } of await store.list(changesPrefix(prefix, timeline), { after })) {
    const first = parseChangeKey(prefix, key)?.first;
    // Beside the last file: what came before it was an attempt at it.
    if (first === undefined || first === last) continue;
    if (first === next && attempts.some((name) => key.includes(`-${name}.`))) own.push(key);
    else if (bytes <= MOST_STORED_BYTES && looks > 0) {
      looks -= 1;
      if (await isRival(context, state, key)) return { own, rival: key };
    }
  }
  return { own, rival: undefined };
}

/** More files of others than these are junk, and each look costs a request. */
const MOST_LOOKS = 6;

async function isRival(context: ChangeBucket, state: ChangeState, key: string): Promise<boolean> {
  const { store, prefix, encryption, keys } = context;
  const name = parseChangeKey(prefix, key);
  if (name === undefined) return false;
  // Where the key is not at hand, nobody can look.
  if (name.encrypted && keys === undefined) return encryption !== undefined;
  const bytes = await readChange(store, key);
  const proved = bytes && (await openOwn(context, key, bytes));
  const isItsName = proved?.header.first === name.first && proved.header.last === name.last;
  return isItsName && proved.header.timeline === state.timeline;
}

/** Undefined: damaged, cut, sealed for others, or not sealed although the settings seal. */
export async function openOwn(
  { prefix, encryption, keys }: ChangeBucket,
  key: string,
  bytes: Uint8Array,
): Promise<ProvedFile | undefined> {
  const encrypted = encryption !== undefined || parseChangeKey(prefix, key)?.encrypted === true;
  return proveFile(bytes, { encrypted, keys }).catch(() => undefined);
}

/** Of this database, or of a copy that stands where it stood. */
export function goesOn({ timeline, shippedSeq, previous }: ChangeState, header: ChangeHeader): boolean {
  return (
    header.timeline === timeline && header.first === shippedSeq + 1 && isSameLink(header.previous, previous)
  );
}

/** Undefined also for what is too large to be a change file. */
export async function readChange(store: Store, key: string): Promise<Uint8Array | undefined> {
  return readStored(store, key).catch((error: unknown) => {
    if (error instanceof ChangeFileError) return undefined;
    throw error;
  });
}

/** A usual minute: one call blocks for a millisecond, and is cheaper than a stream. */
const AT_ONCE_BYTES = 128 * 1024;

async function seal(body: Uint8Array, { encryption, gzipLevel }: ChangeBucket): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const memory: HeadLastWriter<Uint8Array> = {
    async write(chunk) {
      chunks.push(chunk.slice());
    },
    close: async (head) => Buffer.concat([head, ...chunks]),
    async abort() {},
  };
  const writer = await openSealed(async () => memory, { headLength: 0, gzipLevel, encryption });
  if (body.byteLength <= AT_ONCE_BYTES) return writer.close(body);
  await writer.write(body);
  return writer.close(new Uint8Array(0));
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
