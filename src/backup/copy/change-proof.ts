/**
 * Whether a change file in a bucket is the bot's own, and whole: by the SHA-256 that the database
 * remembers or that the next file names, and otherwise by what the file says of itself. So of two
 * that differ the right one is known.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readTwice } from '../../lib/retry.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Previous } from '../catalog/change-position.ts';
import { loadEntry } from '../catalog/entry.ts';
import { readGroups } from '../catalog/list.ts';
import { timeOfName } from '../catalog/names.ts';
import { changesPrefix, parseChangeKey } from '../changes/change-names.ts';
import { storedChange } from '../changes/list-changes.ts';
import { fileBefore } from '../changes/previous.ts';
import { MOST_STORED_BYTES } from '../changes/prove-file.ts';
import { type ChangeKeys, isSealedFor, judgeStored } from '../changes/stored-proof.ts';
import type { ProvenObject, Slice } from './proven.ts';

export type ChangeLook =
  | {
      readonly kind: 'right';
      readonly object: ProvenObject;
      /** False: no key is at hand, so it may be damaged all the same. */
      readonly isOpened: boolean;
      /** What it names as the one before it; undefined: nobody looked inside. */
      readonly previous?: Previous;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'wrong'; readonly problem: string; readonly isAltered?: true };

export interface ChangeWish {
  /** What it has to be; undefined: not known, and it has to open. */
  readonly sha256: string | undefined;
  readonly keys: ChangeKeys;
  readonly slice: Slice;
}

export function lookAtChange(bucket: Bucket, file: string, wish: ChangeWish): Promise<ChangeLook> {
  return readTwice(
    () => lookOnce(bucket, file, wish),
    ({ kind }) => kind === 'wrong',
  );
}

async function lookOnce(
  bucket: Bucket,
  file: string,
  { sha256: wanted, keys, slice }: ChangeWish,
): Promise<ChangeLook> {
  const { store, prefix } = bucket;
  const found = await store.get(`${prefix}${file}`);
  if (found === undefined) return { kind: 'absent' };
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  const parsed = parseChangeKey('', file);
  const isOpened = wanted === undefined && parsed !== undefined && !isSealedFor(parsed, keys);
  let bytes = 0;
  for await (const chunk of found.body) {
    slice.check();
    hash.update(chunk);
    bytes += chunk.byteLength;
    if (isOpened && bytes <= MOST_STORED_BYTES) chunks.push(chunk.slice());
  }
  if (bytes !== found.bytes) {
    const problem = `${store.description}: only ${bytes} of ${found.bytes} bytes of ${prefix}${file} can be read, so it was not copied`;
    return { kind: 'wrong', problem };
  }
  const sha256 = hash.digest('hex');
  if (wanted !== undefined && wanted !== sha256)
    return { kind: 'wrong', problem: alteredText(bucket, file), isAltered: true };
  const object = { file, bytes, sha256 };
  if (!isOpened) return { kind: 'right', object, isOpened: wanted !== undefined };
  return judge(bucket, object, { packed: Buffer.concat(chunks), keys });
}

/** By its own counts and hashes. */
async function judge(
  bucket: Bucket,
  object: ProvenObject,
  { packed, keys }: { readonly packed: Uint8Array; readonly keys: ChangeKeys },
): Promise<ChangeLook> {
  const { file, bytes } = object;
  const stored = storedChange(bucket, { key: `${bucket.prefix}${file}`, bytes, modified: new Date(0) });
  const verdict = stored && (await judgeStored(stored, packed, keys));
  if (verdict?.kind === 'whole')
    return { kind: 'right', object, isOpened: true, previous: verdict.header.previous };
  if (verdict?.kind !== 'wrong') return { kind: 'right', object, isOpened: false };
  const problem = `${bucket.store.description}: ${bucket.prefix}${file}: ${verdict.problem}, so it was not copied`;
  return { kind: 'wrong', problem };
}

/**
 * The SHA-256 that the next file in the bucket names, or the full backup behind it; undefined: none
 * tells. A manifest tells it without a key, too, and where the log goes on from the backup.
 */
export async function linkedHash(
  bucket: Bucket,
  file: string,
  { keys, slice }: Pick<ChangeWish, 'keys' | 'slice'>,
): Promise<string | undefined> {
  const named = await namedByNext(bucket, file, keys);
  if (named !== undefined || !slice.take(1 + MOST_MANIFESTS)) return named;
  return namedByBackup(bucket, file);
}

/** Of the first backups behind a file. A name may be a little older than the snapshot. */
const MOST_MANIFESTS = 4;
const NAMED_EARLY_MS = 3_600_000;

async function namedByBackup(bucket: Bucket, file: string): Promise<string | undefined> {
  const since = (parseChangeKey('', file)?.time.getTime() ?? 0) - NAMED_EARLY_MS;
  const groups = (await readGroups(bucket)).filter(({ name }) => (timeOfName(name)?.getTime() ?? 0) >= since);
  for (const group of groups.slice(-MOST_MANIFESTS).toReversed()) {
    const before = fileBefore((await loadEntry(bucket, group)).manifest?.changes?.previous);
    if (before?.file === file) return before.sha256;
  }
  return undefined;
}

async function namedByNext(bucket: Bucket, file: string, keys: ChangeKeys): Promise<string | undefined> {
  const { store, prefix } = bucket;
  const timeline = parseChangeKey('', file)?.timeline;
  const [object] = await store.list(changesPrefix(prefix, timeline), { after: `${prefix}${file}` });
  const next = object && storedChange(bucket, object);
  if (next === undefined) return undefined;
  const found = await store.get(`${prefix}${next.file}`);
  if (found === undefined) return undefined;
  if (found.bytes > MOST_STORED_BYTES) {
    await found.body.cancel();
    return undefined;
  }
  const packed = new Uint8Array(await new Response(found.body).arrayBuffer());
  const verdict = await judgeStored(next, packed, keys);
  const before = verdict.kind === 'whole' ? fileBefore(verdict.header.previous) : undefined;
  return before?.file === file ? before.sha256 : undefined;
}

export function alteredText({ store, prefix }: Bucket, file: string): string {
  return `${store.description}: ${prefix}${file} is not what the bot stored there: somebody or something has altered it since, so it was not copied`;
}
