/** Reads an object as the store really holds it and holds it against what was meant: part by part, and inside. */
import { createHash } from 'node:crypto';
import { explain } from '../../lib/clock.ts';
import { UnsealError } from '../envelope/types.ts';
import { type Contents, contentsCheck } from '../run/contents.ts';
import type { Store, WrittenPart } from '../store/types.ts';

export interface Expected {
  readonly bytes: number;
  readonly parts: readonly WrittenPart[];
  readonly contents: Contents;
}

export interface ReadBackOptions {
  /** Decrypts and gunzips; absent where there is no key. */
  readonly open: ((body: ReadableStream<Uint8Array>) => AsyncIterable<Uint8Array>) | undefined;
  /** Given every chunk as stored, in order; may throw to stop. */
  readonly onChunk?: (chunk: Uint8Array) => Promise<void>;
}

export interface ReadBack {
  /** Of the object as stored, hex. */
  readonly sha256: string;
  /** Whether the contents were looked at. */
  readonly opened: boolean;
  /** Why no key at hand opens it; the stored bytes are as they were written then. */
  readonly unopened?: string;
  /** Empty when everything is as it was written. */
  readonly problems: readonly string[];
  /** Whether they prove that what is stored is damaged: an object that is gone, or no key that fits, proves nothing. */
  readonly isDamage: boolean;
}

/** Reads `key` to its end. What differs is reported with its place; store errors are thrown. */
export async function readBack(
  store: Store,
  key: string,
  expected: Expected,
  options: ReadBackOptions,
): Promise<ReadBack> {
  const object = await store.get(key);
  if (object === undefined)
    return { sha256: '', opened: false, problems: [`${key} is not in the bucket`], isDamage: false };
  const stored = storedCheck(expected);
  const chunks = watched(object.body, async (chunk) => {
    stored.update(chunk);
    await options.onChunk?.(chunk);
  });
  const inside =
    options.open === undefined ? undefined : await readInside(chunks, options.open, expected.contents);
  // Whatever was not read inside (it broke off, or nobody can open it) is hashed all the same, to find every fault's place.
  while (!(await chunks.next()).done);
  const { sha256, problems } = stored.finish();
  if (inside?.isKeyless === true && problems.length === 0)
    return { sha256, opened: false, unopened: inside.problems.join('; '), problems, isDamage: false };
  const all = [...problems, ...(inside?.problems ?? [])];
  return {
    sha256,
    opened: options.open !== undefined,
    problems: all.map((problem) => `${key}: ${problem}`),
    isDamage: all.length > 0,
  };
}

async function readInside(
  chunks: AsyncIterator<Uint8Array>,
  open: NonNullable<ReadBackOptions['open']>,
  contents: Contents,
): Promise<{ readonly problems: readonly string[]; readonly isKeyless?: boolean }> {
  const check = contentsCheck(contents);
  let storeError: { readonly error: unknown } | undefined;
  // Without a `return`: cancelling the opened stream must not close the object, which is read to its end in any case.
  const unclosable: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        return await chunks.next();
      } catch (error) {
        storeError = { error };
        throw error;
      }
    },
  };
  try {
    const body = ReadableStream.from({ [Symbol.asyncIterator]: () => unclosable });
    let bytes = 0;
    for await (const plain of open(body)) {
      bytes += plain.byteLength;
      // What it unpacks to is written to a disk on the way: no more of it than there ever was.
      if (bytes > contents.bytes)
        return { problems: [`unpacks to more than the ${contents.bytes} bytes that were packed`] };
      check.update(plain);
    }
  } catch (error) {
    if (storeError !== undefined) throw storeError.error;
    const isKeyless = error instanceof UnsealError && error.reason === 'wrong key';
    return { problems: [`does not open: ${explain(error)}`], isKeyless };
  }
  const problem = check.finish();
  return { problems: problem === undefined ? [] : [problem] };
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
function storedCheck(expected: Expected): {
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
      return { sha256: whole.digest('hex'), problems };
    },
  };
}
