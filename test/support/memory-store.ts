/**
 * A store in memory whose clock is the test's, and which can be told to lie about deletions. Keeps
 * the contract of store/types.ts.
 */
import { createHash } from 'node:crypto';
import {
  ObjectExists,
  pageOf,
  type Store,
  type StoredObject,
  type WrittenObject,
} from '../../src/backup/store/types.ts';

export interface MemoryStore extends Store {
  readonly objects: Map<string, { body: Uint8Array; modified: Date }>;
  /** Uploads begun and neither closed nor aborted. */
  readonly uploads: Set<{ readonly key: string; readonly begun: Date }>;
  /** Keys that a deletion leaves in place; a store then says so when it looks. */
  keepOnDelete: (key: string) => boolean;
  /** Flips a bit of what is stored, as if it had been taken in wrongly. `at` in [0, 1): where. */
  rot(key: string, at: number): void;
}

/** Parts of the written objects have this size, so that even small objects have several. */
const PART_BYTES = 4096;

/** @param sliceBytes bodies come in such pieces */
export function createMemoryStore(now: () => Date, sliceBytes = 1000): MemoryStore {
  const objects: MemoryStore['objects'] = new Map();
  const uploads: MemoryStore['uploads'] = new Set();
  const head = (key: string): StoredObject | undefined => {
    const object = objects.get(key);
    return object && { key, bytes: object.body.byteLength, modified: object.modified };
  };
  const store: MemoryStore = {
    kind: 'directory',
    description: 'memory',
    objects,
    uploads,
    keepOnDelete: () => false,
    rot(key, at) {
      const object = objects.get(key);
      if (object === undefined) return;
      const body = object.body.slice();
      const place = Math.floor(body.byteLength * at);
      body[place] = (body[place] ?? 0) ^ 1;
      objects.set(key, { ...object, body });
    },
    async create(key, { headLength }) {
      if (objects.has(key)) throw new ObjectExists(key);
      const chunks: Uint8Array[] = [];
      const upload = { key, begun: now() };
      uploads.add(upload);
      return {
        async write(chunk) {
          if (!uploads.has(upload)) throw new Error(`upload of ${key} is over`);
          chunks.push(chunk.slice());
        },
        async close(first) {
          if (chunks.length > 0 && first.byteLength !== headLength) throw new RangeError('head length');
          if (!uploads.delete(upload)) throw new Error(`upload of ${key} is over`);
          if (objects.has(key)) throw new ObjectExists(key);
          const body = new Uint8Array(Buffer.concat([first, ...chunks]));
          objects.set(key, { body, modified: now() });
          return written(key, body);
        },
        async abort() {
          uploads.delete(upload);
        },
      };
    },
    async put(key, body, options) {
      if (options?.createOnly === true && objects.has(key)) throw new ObjectExists(key);
      objects.set(key, { body: new Uint8Array(body), modified: now() });
    },
    async get(key) {
      const object = objects.get(key);
      if (object === undefined) return undefined;
      const { body } = object;
      return { bytes: body.byteLength, body: ReadableStream.from(slicesOf(body, sliceBytes)) };
    },
    head: async (key) => head(key),
    async list(prefix, page) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
      return pageOf(
        keys.flatMap((key) => head(key) ?? []),
        page?.after,
      );
    },
    async delete(keys) {
      for (const key of keys) if (!store.keepOnDelete(key)) objects.delete(key);
      return {
        gone: keys.filter((key) => !objects.has(key)),
        remaining: keys.filter((key) => objects.has(key)),
      };
    },
    async sweep(prefix, olderThan) {
      const old = [...uploads].filter(({ key, begun }) => key.startsWith(prefix) && begun < olderThan);
      for (const upload of old) uploads.delete(upload);
      return old.length;
    },
    signedUrl: async () => undefined,
  };
  return store;
}

export function* slicesOf(body: Uint8Array, bytes: number): Generator<Uint8Array> {
  for (let at = 0; at < body.byteLength; at += bytes) yield body.slice(at, at + bytes);
}

function written(key: string, body: Uint8Array): WrittenObject {
  const parts: WrittenObject['parts'][number][] = [];
  for (let at = 0; at < Math.max(body.byteLength, 1); at += PART_BYTES) {
    const part = body.subarray(at, at + PART_BYTES);
    parts.push({ bytes: part.byteLength, sha256: createHash('sha256').update(part).digest('hex') });
  }
  return { key, bytes: body.byteLength, parts };
}
