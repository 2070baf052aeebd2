import { gunzipSync, gzipSync } from 'node:zlib';
import { Decrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gunzippedAtOnce } from '../../../src/backup/envelope/gunzip.ts';
import { generateKey } from '../../../src/backup/envelope/keys.ts';
import { openSealed } from '../../../src/backup/envelope/seal.ts';
import type { Encryption, OpeningKeys } from '../../../src/backup/envelope/types.ts';
import { openUnsealed } from '../../../src/backup/envelope/unseal.ts';
import { pseudoRandom, sha256 } from '../store/helpers.ts';
import { MemoryWriter, readAll, streamOf, writeAll } from './helpers.ts';

export interface Content {
  readonly head: Uint8Array;
  readonly rest: Uint8Array;
}

/** Half noise, half repetition: compressible, but not to nothing. */
export function content(seed: number, headLength: number, restLength: number): Content {
  const noise = pseudoRandom(seed, headLength + restLength);
  for (let i = 0; i < noise.byteLength; i += 512) noise.fill(65, i, i + 256);
  return { head: noise.subarray(0, headLength), rest: noise.subarray(headLength) };
}

export async function seal(
  plain: Content,
  encryption: Encryption | undefined,
  { chunk = 30_000, gzipLevel = 6 } = {},
): Promise<Uint8Array> {
  let memory: MemoryWriter | undefined;
  const open = async (headLength: number) => {
    memory = new MemoryWriter(headLength);
    return memory;
  };
  const writer = await openSealed(open, { headLength: plain.head.byteLength, gzipLevel, encryption });
  await writeAll(writer, plain, chunk);
  if (memory?.object === undefined) throw new Error('nothing was closed');
  return memory.object;
}

export async function unseal(sealed: Uint8Array, keys?: OpeningKeys): Promise<Uint8Array> {
  return readAll(openUnsealed(streamOf(sealed), { encrypted: keys !== undefined, keys }));
}

/** What must hold in Node and in workerd alike. */
export function envelopeSuite(runtime: string, options: { readonly runs: number }): void {
  describe(`envelope in ${runtime}`, () => {
    test.each(['plain', 'sealed'])(
      'a reader that has seen enough lets go of the source (%s)',
      async (how) => {
        const { recipient, identity } = await generateKey();
        const isSealed = how === 'sealed';
        const encryption: Encryption | undefined = isSealed
          ? { kind: 'recipients', recipients: [recipient] }
          : undefined;
        const sealed = await seal(content(3, 0, 2_000_000), encryption);
        const { promise, resolve } = Promise.withResolvers<void>();
        let from = 0;
        const source = new ReadableStream<Uint8Array>({
          pull(controller) {
            controller.enqueue(sealed.subarray(from, from + 10_000));
            from += 10_000;
          },
          cancel: () => resolve(),
        });
        const keys = isSealed ? { identities: [identity], passphrases: [] } : undefined;
        for await (const _ of openUnsealed(source, { encrypted: isSealed, keys })) break;
        await promise;
      },
    );

    test('gzip: one member, read by the zlib of the runtime and by DecompressionStream', async () => {
      for (const [headLength, restLength] of [
        [4096, 3_000_000],
        [0, 500_000],
        [4096, 1],
        [100_000, 200_000],
        [0, 0],
        [4096, 0],
      ] as const) {
        const plain = content(1, headLength, restLength);
        const whole = Buffer.concat([plain.head, plain.rest]);
        const sealed = await seal(plain, undefined);
        expect(sha256(gunzipSync(sealed))).toBe(sha256(whole));
        const stream = streamOf(sealed).pipeThrough(new DecompressionStream('gzip'));
        expect(sha256(await readAll(stream))).toBe(sha256(whole));
        expect(sha256(await unseal(sealed))).toBe(sha256(whole));
      }
    });

    test('gzip: no matches are looked for where there are none, until there are some again', async () => {
      const noise = pseudoRandom(3, 1_400_000);
      // Half as long even without matches.
      const repeated = Buffer.alloc(3_000_000, Buffer.from(pseudoRandom(4, 8_192)).toString('hex'));
      const mixed = Buffer.concat([repeated, noise, repeated]);
      const sizes: number[] = [];
      for (const rest of [repeated, mixed]) {
        const sealed = await seal({ head: new Uint8Array(0), rest }, undefined, { gzipLevel: 1 });
        expect(sha256(gunzipSync(sealed))).toBe(sha256(rest));
        expect(sha256(await unseal(sealed))).toBe(sha256(rest));
        sizes.push(sealed.byteLength);
      }
      const [alone = 0, all = 0] = sizes;
      expect(alone).toBeLessThan(100_000);
      // It is behind the noise by a megabyte at most.
      const late = all - 2 * alone - noise.byteLength;
      expect(late).toBeGreaterThan(100_000);
      expect(late).toBeLessThan(1_100_000);
    });

    test('any content in any chunks comes back, for every kind of key', async () => {
      const classic = await generateKey();
      const hybrid = await generateKey('hybrid');
      const ways: (Encryption | undefined)[] = [
        undefined,
        { kind: 'recipients', recipients: [classic.recipient] },
        { kind: 'recipients', recipients: [hybrid.recipient] },
        { kind: 'recipients', recipients: [(await generateKey()).recipient, classic.recipient] },
      ];
      const keys = { identities: [hybrid.identity, classic.identity], passphrases: [] };
      const around = (n: number) => fc.integer({ min: Math.max(0, n - 3), max: n + 3 });
      const property = fc.asyncProperty(
        fc.constantFrom(...ways),
        fc.oneof(fc.constant(0), fc.constant(4096), around(65_536), fc.nat(140_000)),
        fc.oneof(around(0), around(65_536), around(131_072), fc.nat(300_000)),
        fc.integer({ min: 500, max: 150_000 }),
        fc.integer({ min: 0, max: 9 }),
        fc.nat(),
        async (encryption, headLength, restLength, chunk, gzipLevel, seed) => {
          const plain = content(seed, headLength, restLength);
          const whole = sha256(Buffer.concat([plain.head, plain.rest]));
          const sealed = await seal(plain, encryption, { chunk, gzipLevel });
          expect(sha256(await unseal(sealed, encryption && keys))).toBe(whole);
          // The package's own reader as the oracle.
          const decrypter = new Decrypter();
          for (const identity of keys.identities) decrypter.addIdentity(identity);
          const gzipped = encryption ? await decrypter.decrypt(sealed) : sealed;
          expect(sha256(gunzipSync(gzipped))).toBe(whole);
        },
      );
      // Level 0 and heads around 64 KiB put the gzip length on chunk borders.
      await fc.assert(property, { numRuns: options.runs, seed: 20_261_122 });
    });

    test('chunk counters beyond one byte, as every age reads them', async () => {
      const key = await generateKey();
      const plain = {
        head: pseudoRandom(1, 4096),
        rest: Buffer.alloc(18_000_000, pseudoRandom(2, 1_000_003)),
      };
      const sealed = await seal(
        plain,
        { kind: 'recipients', recipients: [key.recipient] },
        { chunk: 1e6, gzipLevel: 0 },
      );
      const decrypter = new Decrypter();
      decrypter.addIdentity(key.identity);
      const whole = sha256(Buffer.concat([plain.head, plain.rest]));
      expect(sha256(gunzipSync(await decrypter.decrypt(sealed)))).toBe(whole);
      expect(sha256(await unseal(sealed, { identities: [key.identity], passphrases: [] }))).toBe(whole);
    });

    test('flips, cuts and wrong keys are told apart alike', async () => {
      const [key, other] = [await generateKey(), await generateKey()];
      const keys = { identities: [key.identity], passphrases: [] };
      const plain = content(4, 4096, 300_000);
      const sealed = await seal(plain, { kind: 'recipients', recipients: [key.recipient] });
      const gzipped = await seal(plain, undefined);
      const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const start = sealed.byteLength - (sealed.byteLength % 1000);
      for (const at of [300, 70_000, start]) {
        await expect(unseal(flipped(sealed, at), keys)).rejects.toMatchObject({ reason: 'damaged' });
        await expect(unseal(flipped(gzipped, at))).rejects.toMatchObject({ name: 'UnsealError' });
        await expect(unseal(gzipped.subarray(0, at))).rejects.toMatchObject({ reason: 'cut' });
        await expect(unseal(sealed.subarray(0, at), keys)).rejects.toMatchObject({ name: 'UnsealError' });
      }
      for (const at of [0, 20, 60]) {
        await expect(unseal(sealed.subarray(0, at), keys)).rejects.toMatchObject({ reason: 'cut' });
      }
      const stranger = { identities: [other.identity], passphrases: [] };
      await expect(unseal(sealed, stranger)).rejects.toMatchObject({ reason: 'wrong key' });
      await expect(unseal(new Uint8Array(0))).rejects.toMatchObject({ reason: 'cut' });
      await expect(unseal(Buffer.from('neither'))).rejects.toMatchObject({ reason: 'foreign' });
      await expect(unseal(gzipped, keys)).rejects.toMatchObject({ reason: 'foreign' });
      await expect(unseal(Buffer.concat([gzipped, Buffer.from('tail')]))).rejects.toMatchObject({
        reason: 'damaged',
      });
    });

    test('a small object is unpacked in one call, and left to the stream where anything is wrong', () => {
      const plain = Buffer.from('Naruto '.repeat(500));
      const packed = gzipSync(plain);
      expect(gunzippedAtOnce(packed)).toEqual(plain);
      const damaged = Uint8Array.from(packed, (byte, at) => (at === packed.length - 6 ? byte ^ 1 : byte));
      const large = [gzipSync(Buffer.alloc(300_000)), gzipSync(pseudoRandom(3, 300_000))];
      const behind = (more: Uint8Array) => Buffer.concat([packed, more]);
      const longer = [behind(Buffer.from('tail')), behind(new Uint8Array(5))];
      const broken = [packed.subarray(0, -1), damaged, plain, new Uint8Array()];
      for (const other of [...broken, ...longer, ...large]) expect(gunzippedAtOnce(other)).toBeUndefined();
    });

    test('a passphrase opens what it sealed', async () => {
      const passphrase = 'otin sariq olma daraxti';
      const plain = content(9, 4096, 200_000);
      const whole = sha256(Buffer.concat([plain.head, plain.rest]));
      const sealed = await seal(plain, { kind: 'passphrase', passphrase });
      expect(sha256(await unseal(sealed, { identities: [], passphrases: [passphrase] }))).toBe(whole);
      const another = unseal(sealed, { identities: [], passphrases: ['another passphrase'] });
      await expect(another).rejects.toThrow('none of the keys');
      const both = { identities: [], passphrases: ['another passphrase', passphrase] };
      expect(sha256(await unseal(sealed, both))).toBe(whole);
    });
  });
}
