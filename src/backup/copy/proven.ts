/**
 * Copies objects from one bucket to another as they are stored, in the order of a list, each held
 * against its proof on the way and read back at its end. What makes the others count (a manifest)
 * stands last in its list: cut off anywhere, a copy leaves objects that nothing points to, and the
 * next one goes on from there. Runs in workerd and on Node; holds one part of an object at a time.
 */
import { readTwice } from '../../lib/retry.ts';
import type { Bucket } from '../catalog/bucket.ts';
import { ObjectExists, StoreError } from '../store/types.ts';
import { storedCheck } from '../verify/open-object.ts';

/** What is to stand in both buckets, and how to know it. */
export interface ProvenObject {
  /** The key without the prefix. */
  readonly file: string;
  readonly bytes: number;
  /** Of the object as stored, hex. */
  readonly sha256: string;
}

/** What one slice of work may take. */
export interface Slice {
  /** Requests that it may make in all. */
  readonly most: number;
  /** Takes so many requests, or none when fewer are left or the time is over. */
  take(requests: number): boolean;
  /** @throws when work under way has to stop, too */
  check(): void;
}

export const NO_LIMIT: Slice = {
  most: Number.POSITIVE_INFINITY,
  take: () => true,
  check: () => {},
};

export type Copied =
  | { readonly kind: 'copied' }
  /** The slice is used up. */
  | { readonly kind: 'more' }
  /** It is no longer in `from`. */
  | { readonly kind: 'gone' }
  /** `from` holds other bytes than were proved: nothing of it was copied. */
  | { readonly kind: 'unlike'; readonly problem: string }
  /** `to` holds other bytes under this key, which nothing overwrites. */
  | { readonly kind: 'taken'; readonly problem: string; readonly file: string };

export interface CopyOrder {
  readonly from: Bucket;
  readonly to: Bucket;
  readonly objects: readonly ProvenObject[];
  readonly slice: Slice;
  /** Whether `to` has it, proved by an earlier slice. */
  readonly isProved?: (object: ProvenObject) => boolean;
  readonly onProved?: (object: ProvenObject) => void;
}

/** Errors of the stores are thrown: the next slice tries again. */
export async function copyInOrder(order: CopyOrder): Promise<Copied> {
  const { objects, slice, isProved = () => false, onProved } = order;
  for (const object of objects) {
    if (isProved(object)) continue;
    if (!slice.take(requestsFor(object.bytes))) return { kind: 'more' };
    const copied = await copyOne(order, object);
    if (copied.kind !== 'copied') return copied;
    onProved?.(object);
  }
  return { kind: 'copied' };
}

/** Of a part; a bucket that takes others makes the count a guess. */
const PART_BYTES = 5 * 1024 * 1024;

/**
 * Requests that the copy of so many bytes takes: two looks, two readings, and one part or several
 * between a beginning and an end.
 */
export function requestsFor(bytes: number): number {
  const parts = Math.max(1, Math.ceil(bytes / PART_BYTES));
  return 4 + (parts === 1 ? 1 : parts + 2);
}

/** For people: why a slice never copies it. */
export function tooManyText(file: string, requests: number): string {
  return `${file} takes ${requests} requests to copy, more than this host may make in a minute (SUBREQUEST_LIMIT): npm run backup -- copy`;
}

async function copyOne(order: CopyOrder, object: ProvenObject): Promise<Copied> {
  const { to, slice } = order;
  let isOurs = true;
  try {
    const refused = await send(order, object);
    if (refused !== undefined) return refused;
  } catch (error) {
    // Another's, or ours whose answer was lost: its bytes decide.
    if (!(error instanceof ObjectExists)) throw error;
    isOurs = false;
  }
  if (await isRight(to, object, slice)) return { kind: 'copied' };
  const key = `${to.prefix}${object.file}`;
  if (!isOurs)
    return {
      kind: 'taken',
      file: object.file,
      problem: `${to.store.description} holds something else as ${key}, which is left as it is`,
    };
  // It was ours alone; where it cannot be removed, the next slice says what it met.
  await to.store.delete([key]).catch(() => undefined);
  throw new StoreError(`${to.store.description} gives back other bytes of ${key} than it was given`, {
    retryable: true,
  });
}

/** Undefined: it was sent. The object appears only when all of it was as proved. */
async function send({ from, to, slice }: CopyOrder, object: ProvenObject): Promise<Copied | undefined> {
  const writer = await to.store.create(`${to.prefix}${object.file}`, { headLength: 0 });
  try {
    const found = await read(from, object, slice, (chunk) => writer.write(chunk));
    if (found === 'right') {
      await writer.close(new Uint8Array(0));
      return undefined;
    }
    await writer.abort(found);
    if (found === 'absent') return { kind: 'gone' };
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
  const what = `${from.store.description}: ${from.prefix}${object.file}`;
  if (await isRight(from, object, slice))
    throw new StoreError(`${what} arrived otherwise than it is stored`, { retryable: true });
  return { kind: 'unlike', problem: `${what} is not what was proved, so it was not copied` };
}

export async function isRight(bucket: Bucket, object: ProvenObject, slice: Slice): Promise<boolean> {
  const found = await readTwice(
    () => read(bucket, object, slice),
    (seen) => seen !== 'right',
  );
  return found === 'right';
}

/** Reads it to its end. */
async function read(
  { store, prefix }: Bucket,
  object: ProvenObject,
  slice: Slice,
  onChunk?: (chunk: Uint8Array) => Promise<void>,
): Promise<'right' | 'wrong' | 'absent'> {
  const found = await store.get(`${prefix}${object.file}`);
  if (found === undefined) return 'absent';
  const check = storedCheck({ ...object, parts: [] });
  for await (const chunk of found.body) {
    slice.check();
    check.update(chunk);
    await onChunk?.(chunk);
  }
  return check.finish().problems.length === 0 ? 'right' : 'wrong';
}
