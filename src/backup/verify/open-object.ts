/**
 * One look at a stored object: read to its end, every byte held against what was meant, and its
 * contents too where a key is at hand. Serves the proof of a run, `verify`, restore and download.
 * Runs in workerd and on Node.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { explain } from '../../lib/clock.ts';
import type { Bucket } from '../catalog/bucket.ts';
import type { Manifest, ManifestObject } from '../catalog/manifest.ts';
import { DOCUMENT_HEAD, otherInHead } from '../catalog/not-itself.ts';
import { contentsCheck } from '../envelope/hash-contents.ts';
import { hasNoKey, type OpeningKeys, UnsealError } from '../envelope/types.ts';
import { openUnsealed } from '../envelope/unseal.ts';

/**
 * What a manifest says of the object. A run that has just written it does not know the hash of the
 * whole yet.
 */
export type ExpectedObject = Omit<ManifestObject, 'sha256' | 'recipients'> & { readonly sha256?: string };

export interface OpenOptions {
  readonly keys: OpeningKeys | undefined;
  /** Leaves the contents packed: only the stored bytes are looked at. */
  readonly isPacked?: boolean;
  /** It is this backup's document: what it says of its time and its name is compared. */
  readonly documentOf?: Pick<Manifest, 'name' | 'started_at'> | undefined;
  /** Given every chunk as stored, in order; may throw to stop. */
  readonly onStored?: (chunk: Uint8Array) => Promise<void>;
  /**
   * Given the contents in order, not yet proved. What it throws is no fault of the object, and is
   * thrown as it is.
   */
  readonly onPlain?: (chunk: Uint8Array) => Promise<void>;
}

export interface OpenedObject {
  /** Of the object as stored, hex. */
  readonly sha256: string;
  /** Whether the contents were looked at. */
  readonly opened: boolean;
  /** {@link isSealedFor} */
  readonly isSealed: boolean;
  /** Why no key at hand opens it; the stored bytes are as they were written then. */
  readonly unopened?: string;
  /** Empty when everything is as it was written. */
  readonly problems: readonly string[];
  /**
   * Whether they prove that what is stored is damaged: an object that is gone, or no key that fits,
   * proves nothing.
   */
  readonly isDamage: boolean;
}

/** Whether the object is encrypted and there is no key at all. */
export function isSealedFor(
  keys: OpeningKeys | undefined,
  { encoding }: Pick<ExpectedObject, 'encoding'>,
): boolean {
  return encoding.includes('age') && hasNoKey(keys);
}

/**
 * Reads the object to its end. What differs is reported with its place; store errors are thrown.
 */
export async function openObject(
  { store, prefix }: Pick<Bucket, 'store' | 'prefix'>,
  expected: ExpectedObject,
  options: OpenOptions,
): Promise<OpenedObject> {
  const key = `${prefix}${expected.file}`;
  const { keys, isPacked = false, onStored } = options;
  const isSealed = isSealedFor(keys, expected);
  const object = await store.get(key);
  if (object === undefined)
    return {
      sha256: '',
      opened: false,
      isSealed,
      problems: [`${key} is not in the bucket`],
      isDamage: false,
    };
  const stored = storedCheck(expected);
  const chunks = watched(object.body, async (chunk) => {
    stored.update(chunk);
    await onStored?.(chunk);
  });
  try {
    const opened = !isSealed && !isPacked;
    const inside = opened ? await readInside(chunks, expected, options) : undefined;
    // Whatever was not read inside (it broke off, or nobody can open it) is hashed all the same, to
    // find every fault's place.
    while (!(await chunks.next()).done);
    const { sha256, problems } = stored.finish();
    if (inside?.isKeyless === true && problems.length === 0)
      return {
        sha256,
        opened: false,
        isSealed,
        unopened: inside.problems.join('; '),
        problems,
        isDamage: false,
      };
    const all = [...problems, ...(inside?.problems ?? [])].map((problem) => `${key}: ${problem}`);
    return { sha256, opened, isSealed, problems: all, isDamage: all.length > 0 };
  } finally {
    await chunks.return();
  }
}

async function readInside(
  chunks: AsyncIterator<Uint8Array>,
  { encoding, contents }: ExpectedObject,
  { keys, onPlain, documentOf }: OpenOptions,
): Promise<{ readonly problems: readonly string[]; readonly isKeyless?: boolean }> {
  const check = contentsCheck(contents);
  const head: Uint8Array[] = [];
  /** Of the store, or of whoever takes the contents. */
  let others: { readonly error: unknown } | undefined;
  const kept = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      others = { error };
      throw error;
    }
  };
  // Without a `return`: cancelling the opened stream must not close the object, which is read to
  // its end in any case.
  const unclosable: AsyncIterator<Uint8Array> = { next: () => kept(chunks.next()) };
  try {
    const body = ReadableStream.from({ [Symbol.asyncIterator]: () => unclosable });
    let bytes = 0;
    for await (const plain of openUnsealed(body, { encrypted: encoding.includes('age'), keys })) {
      bytes += plain.byteLength;
      // No more of it is taken than there ever was.
      if (bytes > contents.bytes)
        return { problems: [`unpacks to more than the ${contents.bytes} bytes that were packed`] };
      if (documentOf !== undefined && bytes - plain.byteLength < DOCUMENT_HEAD)
        head.push(plain.slice(0, DOCUMENT_HEAD));
      check.update(plain);
      if (onPlain !== undefined) await kept(onPlain(plain));
    }
  } catch (error) {
    if (others !== undefined) throw others.error;
    const isKeyless = error instanceof UnsealError && error.reason === 'wrong key';
    return { problems: [`does not open: ${explain(error)}`], isKeyless };
  }
  const other = documentOf && otherInHead(Buffer.concat(head).toString(), documentOf);
  return { problems: [check.finish(), other].filter((problem) => problem !== undefined) };
}

async function* watched(
  body: ReadableStream<Uint8Array>,
  watch: (chunk: Uint8Array) => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of body) {
    await watch(chunk);
    yield chunk;
  }
}

/** Hashes the whole and each part. */
export function storedCheck(expected: Pick<ExpectedObject, 'bytes' | 'parts' | 'sha256'>): {
  update(chunk: Uint8Array): void;
  finish(): { sha256: string; problems: string[] };
} {
  const parts = expected.parts.filter((part) => part.bytes > 0);
  const whole = createHash('sha256');
  const problems: string[] = [];
  let part = createHash('sha256');
  let index = 0;
  let inPart = 0;
  let bytes = 0;

  function endPart(): void {
    const wanted = parts[index];
    if (wanted !== undefined && part.digest('hex') !== wanted.sha256)
      problems.push(`bytes ${bytes - inPart} to ${bytes - 1} differ from what was written`);
    part = createHash('sha256');
    index += 1;
    inPart = 0;
  }
  return {
    update(chunk) {
      whole.update(chunk);
      for (let from = 0; from < chunk.byteLength; ) {
        const size = parts[index]?.bytes ?? Number.POSITIVE_INFINITY;
        const slice = chunk.subarray(from, Math.min(chunk.byteLength, from + size - inPart));
        part.update(slice);
        from += slice.byteLength;
        inPart += slice.byteLength;
        bytes += slice.byteLength;
        if (inPart === size) endPart();
      }
    },
    finish() {
      if (bytes !== expected.bytes) problems.push(`has ${bytes} bytes, not ${expected.bytes}`);
      const sha256 = whole.digest('hex');
      // Parts that all agree and a whole that does not: a manifest that contradicts itself.
      if (problems.length === 0 && sha256 !== (expected.sha256 ?? sha256))
        problems.push("SHA-256 is not the manifest's");
      return { sha256, problems };
    },
  };
}
