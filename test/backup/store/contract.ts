import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectExists, type Store } from '../../../src/backup/store/types.ts';
import { hashParts } from '../../support/hash-parts.ts';
import { fetchObject, pseudoRandom, readAll, sha256, upload } from './helpers.ts';

export interface ContractSetup {
  readonly store: Store;
  /** Bytes of a part: where a writer changes from one request to several. */
  readonly partBytes: number;
  readonly close: () => Promise<void>;
}

export interface ContractOptions {
  /** How many random objects each property tries; real servers get fewer. */
  readonly runs: number;
  /** False for servers that keep no list of unfinished uploads. */
  readonly sweeps?: boolean;
  /** False where there is no server that could be asked by a signed address. */
  readonly signs?: boolean;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const none = new Uint8Array(0);

/** What every store must do, whatever is behind it (src/backup/store/types.ts). */
export function storeContract(
  name: string,
  open: () => Promise<ContractSetup>,
  options: ContractOptions,
): void {
  describe(`store contract: ${name}`, () => {
    let setup: ContractSetup;
    let store: Store;
    /** Keys below a prefix of this run's own: a real bucket may hold other things. */
    let prefix: string;
    let count = 0;
    const freshKey = () => `${prefix}object-${String(count++).padStart(4, '0')}`;

    beforeAll(async () => {
      setup = await open();
      store = setup.store;
      prefix = `contract-${crypto.randomUUID()}/`;
    });
    afterAll(async () => {
      const left = await store.list(prefix);
      await store.delete(left.map(({ key }) => key));
      await setup.close();
    });

    test('a small object comes back as it was put', async () => {
      const key = freshKey();
      await store.put(key, utf8('{"a":1}'));
      expect(await fetchObject(store, key)).toEqual(Buffer.from('{"a":1}'));
      expect(await store.head(key)).toMatchObject({ key, bytes: 7 });
    });

    test('an empty object is an object', async () => {
      const [put, streamed] = [freshKey(), freshKey()];
      await store.put(put, none);
      const written = await upload(store, streamed, { head: none, rest: none }, [1]);
      expect(written.bytes).toBe(0);
      for (const key of [put, streamed]) {
        expect(await fetchObject(store, key)).toHaveLength(0);
        expect(await store.head(key)).toMatchObject({ bytes: 0 });
      }
    });

    test('what is not there is undefined, not an error', async () => {
      expect(await store.get(`${prefix}nothing`)).toBeUndefined();
      expect(await store.head(`${prefix}nothing`)).toBeUndefined();
    });

    test('put replaces, put createOnly and create refuse', async () => {
      const key = freshKey();
      await store.put(key, utf8('one'), { createOnly: true });
      await expect(store.put(key, utf8('two'), { createOnly: true })).rejects.toBeInstanceOf(ObjectExists);
      await expect(store.create(key, { headLength: 0 })).rejects.toBeInstanceOf(ObjectExists);
      expect(await fetchObject(store, key)).toEqual(Buffer.from('one'));
      await store.put(key, utf8('three'));
      expect(await fetchObject(store, key)).toEqual(Buffer.from('three'));
    });

    test('nobody sees an object before close, and none after abort', async () => {
      const key = freshKey();
      const writer = await store.create(key, { headLength: 3 });
      await writer.write(pseudoRandom(1, setup.partBytes + 10));
      expect(await store.head(key)).toBeUndefined();
      expect(await store.list(key)).toEqual([]);
      await writer.abort(new Error('stop'));
      await writer.abort(new Error('twice'));
      expect(await store.head(key)).toBeUndefined();
      await expect(writer.write(utf8('x'))).rejects.toThrow();
      await expect(writer.close(utf8('abc'))).rejects.toThrow();
    });

    test('abort after close leaves the object alone', async () => {
      const key = freshKey();
      const writer = await store.create(key, { headLength: 1 });
      await writer.write(utf8('bc'));
      await writer.close(utf8('a'));
      await writer.abort(new Error('too late'));
      expect(await fetchObject(store, key)).toEqual(Buffer.from('abc'));
    });

    test('a head of another length than announced is refused, unless it is the whole object', async () => {
      const key = freshKey();
      const writer = await store.create(key, { headLength: 4 });
      await writer.write(utf8('rest'));
      await expect(writer.close(utf8('toolong'))).rejects.toThrow(/7 bytes, not 4/);
      await writer.abort(new Error('refused'));
      const whole = await store.create(key, { headLength: 4 });
      await whole.close(utf8('the whole object'));
      expect(await fetchObject(store, key)).toEqual(Buffer.from('the whole object'));
    });

    test('a whole object larger than a part, given as head', async () => {
      const key = freshKey();
      const head = pseudoRandom(5, setup.partBytes * 2 + 1);
      const written = await (await store.create(key, { headLength: 9 })).close(head);
      expect(written.bytes).toBe(head.byteLength);
      expect(sha256((await fetchObject(store, key)) ?? none)).toBe(sha256(head));
    });

    test('any chunking of any content arrives byte for byte, and its parts are told truly', async () => {
      const part = setup.partBytes;
      const around = (n: number) => fc.integer({ min: Math.max(0, n - 2), max: n + 2 });
      const size = fc.oneof(around(0), around(part), around(2 * part), around(3 * part), fc.nat(part * 2));
      const chunk = fc.oneof(
        fc.integer({ min: 1, max: 70_000 }),
        around(part).filter((n) => n > 0),
        fc.constant(65_552),
      );
      const property = fc.asyncProperty(
        size,
        fc.oneof(fc.constant(0), fc.constant(4111), fc.nat(Math.min(70_000, part))),
        fc.array(chunk, { minLength: 1, maxLength: 5 }),
        fc.nat(),
        async (total, headLength, chunks, seed) => {
          const key = freshKey();
          const bytes = pseudoRandom(seed + 1, Math.max(total, headLength));
          const content = { head: bytes.subarray(0, headLength), rest: bytes.subarray(headLength) };
          const smallest = Math.max(1, Math.floor(total / 500));
          const written = await upload(
            store,
            key,
            content,
            chunks.map((n) => Math.max(n, smallest)),
          );
          expect(written).toMatchObject({ key, bytes: bytes.byteLength });
          const object = await store.get(key);
          const [body, copy] = object?.body.tee() ?? [];
          if (body === undefined || copy === undefined) throw new Error('the object is not there');
          const proof = hashParts(body, written.parts);
          expect(sha256(await readAll(copy))).toBe(sha256(bytes));
          expect(await proof).toEqual({ bytes: bytes.byteLength, sha256: sha256(bytes) });
          await store.delete([key]);
        },
      );
      await fc.assert(property, { numRuns: options.runs, seed: 20_261_122 });
    });

    test('two writers side by side do not mix', async () => {
      const keys = [freshKey(), freshKey()];
      const contents = keys.map((_, i) => pseudoRandom(77 + i, setup.partBytes * 2 + 12_345));
      await Promise.all(
        keys.map((key, i) => {
          const bytes = contents[i] ?? none;
          return upload(store, key, { head: bytes.subarray(0, 10), rest: bytes.subarray(10) }, [60_001]);
        }),
      );
      for (const [i, key] of keys.entries()) {
        expect(sha256((await fetchObject(store, key)) ?? none)).toBe(sha256(contents[i] ?? none));
      }
    });

    test('list is ascending, whole and knows prefixes', async () => {
      const base = `${prefix}list/`;
      const keys = ['b', 'a', 'a/b', 'c.json', 'ab', 'a-1'].map((name) => `${base}${name.replace('/', '_')}`);
      for (const key of keys) await store.put(key, utf8(key));
      await store.put(`${base}sub/deep`, utf8('x'));
      const listed = await store.list(base);
      expect(listed.map(({ key }) => key)).toEqual([...keys, `${base}sub/deep`].sort());
      expect(listed[0]).toMatchObject({ bytes: utf8(keys.toSorted()[0] ?? '').byteLength });
      expect(listed.every(({ modified }) => Number.isFinite(modified.getTime()))).toBe(true);
      const after = await store.list(base, { after: listed[0]?.key ?? '' });
      expect(after.map(({ key }) => key)).toEqual(listed.slice(1).map(({ key }) => key));
      expect((await store.list(`${base}a`)).map(({ key }) => key)).toEqual(
        keys.filter((k) => k.startsWith(`${base}a`)).sort(),
      );
      expect(await store.list(`${base}zzz`)).toEqual([]);
      expect(await store.list(`${prefix}no/such/`)).toEqual([]);
    });

    test('delete removes, counts what never was as gone, and leaves the rest', async () => {
      const [a, b, c] = [freshKey(), freshKey(), freshKey()];
      for (const key of [a, b, c]) await store.put(key, utf8('x'));
      const missing = `${prefix}never`;
      expect(await store.delete([a, missing, b])).toEqual({ gone: [a, missing, b], remaining: [] });
      expect(await store.head(a)).toBeUndefined();
      expect(await store.head(c)).toBeDefined();
      expect(await store.delete([])).toEqual({ gone: [], remaining: [] });
    });

    test('a key below a directory that never was counts as gone', async () => {
      const missing = `${prefix}nowhere/at/all`;
      expect(await store.delete([missing])).toEqual({ gone: [missing], remaining: [] });
    });

    test('sweep removes unfinished uploads older than asked, and only those', async () => {
      const key = `${prefix}sweep/unfinished`;
      const finished = `${prefix}sweep/finished`;
      await store.put(finished, utf8('kept'));
      const writer = await store.create(key, { headLength: 1 });
      await writer.write(pseudoRandom(3, setup.partBytes + 1));
      const longAgo = new Date(Date.now() - 3_600_000);
      const later = new Date(Date.now() + 3_600_000);
      expect(await store.sweep(`${prefix}sweep/`, longAgo)).toBe(0);
      expect(await store.sweep(`${prefix}elsewhere/`, later)).toBe(0);
      expect(await store.sweep(`${prefix}sweep/`, later)).toBe(options.sweeps === false ? 0 : 1);
      expect(await store.sweep(`${prefix}sweep/`, later)).toBe(0);
      await writer.abort(new Error('swept'));
      expect((await store.list(`${prefix}sweep/`)).map((object) => object.key)).toEqual([finished]);
    });

    test('a download that is given up half-way hurts nobody', async () => {
      const key = freshKey();
      const bytes = pseudoRandom(8, setup.partBytes + 100);
      await upload(store, key, { head: none, rest: bytes }, [100_000]);
      const object = await store.get(key);
      const reader = object?.body.getReader();
      await reader?.read();
      await reader?.cancel();
      expect(sha256((await fetchObject(store, key)) ?? none)).toBe(sha256(bytes));
    });

    test('a signed address, where there is one, downloads under the given name', async () => {
      const key = freshKey();
      await store.put(key, utf8('for an admin'));
      const url = await store.signedUrl(key, { expiresInSeconds: 900, fileName: 'anime bot.db.gz' });
      if (store.kind === 'directory') {
        expect(url).toBeUndefined();
        return;
      }
      if (options.signs === false) return;
      const answer = await fetch(url ?? '');
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('for an admin');
      expect(new URL(url ?? '').searchParams.get('response-content-disposition')).toContain(
        'anime%20bot.db.gz',
      );
    });

    test('it describes itself without secrets', () => {
      expect(store.description).toMatch(/^(s3 bucket \S+ at https?:\/\/[^@\s]+|directory \S+)$/);
    });
  });
}
