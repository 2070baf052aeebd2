/**
 * Hashes what a writer is given, so that a read-back can be held against what was meant, not only
 * against what was sent.
 */
import { createHash, type Hash } from 'node:crypto';
import type { HeadLastWriter } from '../model/model.ts';

/** What a manifest says of an object's contents. */
export interface Contents {
  readonly bytes: number;
  /** Bytes that are known last, and have a hash of their own: page 1 of a database. */
  readonly head_bytes: number;
  readonly head_sha256: string;
  readonly rest_sha256: string;
}

export interface MeasuredWriter<Result> extends HeadLastWriter<Result> {
  /** Bytes written so far. */
  readonly bytes: number;
  /** What was written and what the inner writer returned; undefined before `close`. */
  readonly closed: { readonly contents: Contents; readonly result: Result } | undefined;
}

/**
 * Passes everything on to `inner`. The head comes last but stands first, so it has a hash of its
 * own.
 */
export function measured<Result>(inner: HeadLastWriter<Result>): MeasuredWriter<Result> {
  const rest = createHash('sha256');
  let bytes = 0;
  let closed: MeasuredWriter<Result>['closed'];
  return {
    get bytes() {
      return bytes;
    },
    get closed() {
      return closed;
    },
    sha256: () => rest.copy().digest('hex'),
    async write(chunk) {
      rest.update(chunk);
      bytes += chunk.byteLength;
      await inner.write(chunk);
    },
    async close(head) {
      const head_sha256 = createHash('sha256').update(head).digest('hex');
      const contents = {
        bytes: bytes + head.byteLength,
        head_bytes: head.byteLength,
        head_sha256,
        rest_sha256: rest.digest('hex'),
      };
      const result = await inner.close(head);
      closed = { contents, result };
      return result;
    },
    abort: (reason) => inner.abort(reason),
  };
}

/** Reads contents in order and tells whether they are `expected`. */
export function contentsCheck(expected: Contents): {
  update(chunk: Uint8Array): void;
  /** What differs, or undefined. */
  finish(): string | undefined;
} {
  const head: Hash = createHash('sha256');
  const rest: Hash = createHash('sha256');
  let bytes = 0;
  return {
    update(chunk) {
      const inHead = Math.min(Math.max(expected.head_bytes - bytes, 0), chunk.byteLength);
      if (inHead > 0) head.update(chunk.subarray(0, inHead));
      if (inHead < chunk.byteLength) rest.update(chunk.subarray(inHead));
      bytes += chunk.byteLength;
    },
    finish() {
      if (bytes !== expected.bytes) return `contents have ${bytes} bytes, not ${expected.bytes}`;
      if (head.digest('hex') !== expected.head_sha256)
        return `the first ${expected.head_bytes} bytes of the contents differ`;
      if (rest.digest('hex') !== expected.rest_sha256) return 'the contents differ';
      return undefined;
    },
  };
}
