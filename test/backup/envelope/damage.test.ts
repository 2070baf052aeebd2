import { gunzipSync, gzipSync } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sealChunk } from '../../../src/backup/envelope/age-format.ts';
import { startAge } from '../../../src/backup/envelope/age-header.ts';
import { generateKey, proveKey } from '../../../src/backup/envelope/keys.ts';
import { openSealed } from '../../../src/backup/envelope/seal.ts';
import { UnsealError } from '../../../src/backup/envelope/types.ts';
import { openUnsealed } from '../../../src/backup/envelope/unseal.ts';
import { hashParts } from '../../support/hash-parts.ts';
import { pseudoRandom, sha256 } from '../store/helpers.ts';
import { MemoryWriter, readAll, streamOf } from './helpers.ts';
import { content, seal, unseal } from './suite.ts';

const CHUNK = 65_536 + 16;

async function reasonOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    if (error instanceof UnsealError) return error.reason;
    throw error;
  }
}

describe('gzip', () => {
  const plain = content(3, 4096, 120_000);
  const whole = Buffer.concat([plain.head, plain.rest]);

  test('a cut at any place is an error', async () => {
    const sealed = await seal(plain, undefined);
    const cut = fc.oneof(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 4090, max: 4130 }),
      fc.integer({ min: sealed.byteLength - 12, max: sealed.byteLength - 1 }),
      fc.nat(sealed.byteLength - 1),
    );
    const property = fc.asyncProperty(cut, async (at) => {
      expect(await reasonOf(unseal(sealed.subarray(0, at)))).toBe('cut');
    });
    await fc.assert(property, { numRuns: 150, seed: 4 });
  });

  test('a flipped bit is an error, or changes no byte of the content', async () => {
    const sealed = await seal(plain, undefined);
    const property = fc.asyncProperty(fc.nat(sealed.byteLength * 8 - 1), async (bit) => {
      const broken = Buffer.from(sealed);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const opened = await unseal(broken).catch((error: unknown) => error);
      if (opened instanceof Uint8Array) {
        expect(bit >> 3).toBeLessThan(10);
        expect(sha256(opened)).toBe(sha256(whole));
      } else {
        expect(opened).toBeInstanceOf(UnsealError);
      }
    });
    await fc.assert(property, { numRuns: 600, seed: 5 });
  });

  test('bytes after the end are an error; something else altogether is called so', async () => {
    const sealed = await seal(plain, undefined);
    for (const tail of ['more', '\0', '\0\0\0\0', 'm'.repeat(40_000)]) {
      const longer = Buffer.concat([sealed, Buffer.from(tail)]);
      // The tail in the last chunk, in a chunk of its own, byte by byte.
      for (const chunk of [longer.byteLength, sealed.byteLength, 1000]) {
        const opened = openUnsealed(streamOf(longer, chunk), { encrypted: false, keys: undefined });
        expect(await reasonOf(readAll(opened))).toBe('damaged');
      }
    }
    expect(await reasonOf(unseal(Buffer.from('{"not": "gzip"}')))).toBe('foreign');
    expect(await reasonOf(unseal(new Uint8Array(0)))).toBe('cut');
  });

  test('files of several members, as other programs write them, open', async () => {
    const two = Buffer.concat([gzipSync('one '), gzipSync('two')]);
    expect(Buffer.from(await unseal(two)).toString()).toBe('one two');
  });

  test('a bomb unpacks no faster than it is read', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024), { level: 1 });
    let read = 0;
    const source = streamOf(bomb, 16_384).pipeThrough(
      new TransformStream({
        transform(chunk: Uint8Array, controller) {
          read += chunk.byteLength;
          controller.enqueue(chunk);
        },
      }),
    );
    const reader = openUnsealed(source, { encrypted: false, keys: undefined }).getReader();
    await reader.read();
    await reader.read();
    expect(read).toBeLessThan(bomb.byteLength / 4);
    await reader.cancel();
  });

  test("the body's own error comes through", async () => {
    const sealed = await seal(plain, undefined);
    let sent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error('connection lost'));
        else controller.enqueue(sealed.subarray(0, 9000));
        sent = true;
      },
    });
    const opened = openUnsealed(body, { encrypted: false, keys: undefined });
    await expect(new Response(opened).arrayBuffer()).rejects.toThrow('connection lost');
  });
});

describe('age', () => {
  const plain = content(6, 4096, 400_000);

  test('a flipped bit anywhere is an error', async () => {
    const key = await generateKey();
    const sealed = await seal(plain, { kind: 'recipients', recipients: [key.recipient] });
    const keys = { identities: [key.identity], passphrases: [] };
    const bit = fc.oneof(fc.nat(250 * 8), fc.nat(sealed.byteLength * 8 - 1));
    const property = fc.asyncProperty(bit, async (position) => {
      const broken = Buffer.from(sealed);
      broken[position >> 3] = (broken[position >> 3] ?? 0) ^ (1 << (position & 7));
      const reason = await reasonOf(unseal(broken, keys));
      expect(['damaged', 'wrong key', 'foreign', 'cut']).toContain(reason);
      // Within the payload it is never taken for a wrong key.
      if (position >> 3 > 250) expect(reason).toBe('damaged');
    });
    await fc.assert(property, { numRuns: 500, seed: 7 });
  });

  test('a file cut between two chunks is told from a damaged one', async () => {
    const key = await generateKey();
    const sealed = await seal(plain, { kind: 'recipients', recipients: [key.recipient] }, { gzipLevel: 0 });
    const keys = { identities: [key.identity], passphrases: [] };
    const payload = sealed.byteLength % CHUNK;
    expect(sealed.byteLength).toBeGreaterThan(5 * CHUNK);
    const header = sealed.byteLength - Math.floor(sealed.byteLength / CHUNK) * CHUNK;
    expect(payload).toBe(header);
    const start = Buffer.from(sealed).indexOf('\n--- ') + 5 + 43 + 1 + 16;
    expect(await reasonOf(unseal(sealed.subarray(0, start + 3 * CHUNK), keys))).toBe('cut');
    expect(await reasonOf(unseal(sealed.subarray(0, start + 3 * CHUNK + 5), keys))).toBe('cut');
    expect(await reasonOf(unseal(sealed.subarray(0, start + 3 * CHUNK + 500), keys))).toBe('damaged');
    expect(await reasonOf(unseal(sealed.subarray(0, start), keys))).toBe('cut');
    for (const at of [0, 10, 30, 100, start - 10])
      expect(await reasonOf(unseal(sealed.subarray(0, at), keys))).toBe('cut');
  });

  test('no key, another key, no age file at all, a key that is none', async () => {
    const key = await generateKey();
    const other = await generateKey();
    const sealed = await seal(plain, { kind: 'recipients', recipients: [key.recipient] });
    const nobody = { identities: [], passphrases: [] };
    expect(await reasonOf(unseal(sealed, nobody))).toBe('wrong key');
    expect(await reasonOf(unseal(sealed, { identities: [other.identity], passphrases: [] }))).toBe(
      'wrong key',
    );
    expect(await reasonOf(unseal(gzipSync('x'), { identities: [key.identity], passphrases: [] }))).toBe(
      'foreign',
    );
    const secret = 'AGE-SECRET-KEY-1NOTREALLY';
    const failed = await unseal(sealed, { identities: [secret], passphrases: [] }).catch(String);
    expect(failed).toContain('key 1 is not an age identity');
    expect(failed).not.toContain(secret);
  });

  test('settings that cannot work are refused before anything is opened, without repeating them', async () => {
    const open = async (): Promise<MemoryWriter> => {
      throw new Error('opened');
    };
    const options = { headLength: 0, gzipLevel: 6 };
    const { identity } = await generateKey();
    const misplaced = openSealed(open, {
      ...options,
      encryption: { kind: 'recipients', recipients: [identity] },
    });
    await expect(misplaced).rejects.toThrow(/^recipient 1 is not an age recipient \(age1…\)$/);
    const nobody = openSealed(open, { ...options, encryption: { kind: 'recipients', recipients: [] } });
    await expect(nobody).rejects.toThrow('at least one recipient');
    const short = openSealed(open, {
      ...options,
      encryption: { kind: 'passphrase', passphrase: 'too short' },
    });
    await expect(short).rejects.toThrow('shorter than 12');
  });

  test('passphrases: what we seal the package opens, and the other way round', async () => {
    const passphrase = 'otin sariq olma daraxti';
    const whole = sha256(Buffer.concat([plain.head, plain.rest]));
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    const ours = await seal(plain, { kind: 'passphrase', passphrase });
    expect(sha256(gunzipSync(await decrypter.decrypt(ours)))).toBe(whole);
    const encrypter = new Encrypter();
    encrypter.setPassphrase(passphrase);
    // age's own default, 2^18, is for machines with 256 MiB to spare; any factor up to ours opens.
    encrypter.setScryptWorkFactor(12);
    const theirs = await encrypter.encrypt(gzipSync('written by another'));
    const opened = await unseal(theirs, { identities: [], passphrases: [passphrase] });
    expect(Buffer.from(opened).toString()).toBe('written by another');
  });

  test('a passphrase stanza that asks for all the memory, or is not alone, is refused', async () => {
    const keys = { identities: [], passphrases: ['otin sariq olma daraxti'] };
    const header = (...stanzas: string[]) =>
      Buffer.from(`age-encryption.org/v1\n${stanzas.join('')}--- ${'A'.repeat(43)}\n${'x'.repeat(50)}`);
    const stanza = (logN: string) => `-> scrypt ${'A'.repeat(22)} ${logN}\n${'A'.repeat(43)}\n`;
    await expect(unseal(header(stanza('30')), keys)).rejects.toThrow('2^30 is higher than');
    await expect(unseal(header(stanza('16')), keys)).rejects.toThrow('`age -d`');
    await expect(unseal(header(stanza('099')), keys)).rejects.toThrow('malformed');
    await expect(unseal(header(stanza('10'), stanza('10')), keys)).rejects.toThrow('not the only');
  });

  test('an empty last chunk is refused, as the format demands', async () => {
    const key = await generateKey();
    const { prefix, payloadKey } = await startAge({ kind: 'recipients', recipients: [key.recipient] });
    const full = sealChunk(payloadKey, 0, false, gzipSync(pseudoRandom(1, 100_000)).subarray(0, 65_536));
    const file = Buffer.concat([prefix, full, sealChunk(payloadKey, 1, true, new Uint8Array(0))]);
    const keys = { identities: [key.identity], passphrases: [] };
    await expect(unseal(file, keys)).rejects.toThrow('the last chunk of the age file is empty');
  });

  test('every file has a key and a nonce of its own', async () => {
    const key = await generateKey();
    const encryption = { kind: 'recipients', recipients: [key.recipient] } as const;
    const [a, b] = [await seal(plain, encryption), await seal(plain, encryption)];
    expect(sha256(a.subarray(-1000))).not.toBe(sha256(b.subarray(-1000)));
  });
});

describe('keys', () => {
  test('a pair proves itself, a stranger does not', async () => {
    for (const kind of ['x25519', 'hybrid'] as const) {
      const mine = await generateKey(kind);
      const other = await generateKey(kind);
      await proveKey(mine.recipient, mine.identity);
      await expect(proveKey(mine.recipient, other.identity)).rejects.toThrow('does not open');
    }
    const { identity, recipient } = await generateKey();
    await expect(proveKey(identity, identity)).rejects.toThrow('the recipient is not one');
    await expect(proveKey(recipient, 'nonsense')).rejects.toThrow('not an age identity');
  });
});

describe('the pipe', () => {
  test('a failing store fails the next writes and the close, and abort reaches it', async () => {
    for (const encryption of [
      undefined,
      { kind: 'recipients', recipients: [(await generateKey()).recipient] },
    ] as const) {
      const memory = new MemoryWriter(0);
      memory.beforeWrite = async (count) => {
        if (count === 1) throw new Error('disk full');
      };
      const writer = await openSealed(async () => memory, { headLength: 0, gzipLevel: 1, encryption });
      const write = async () => {
        for (let i = 0; i < 40; i++) await writer.write(pseudoRandom(i + 1, 100_000));
      };
      await expect(write()).rejects.toThrow('disk full');
      await expect(writer.close(new Uint8Array(0))).rejects.toThrow('disk full');
      await writer.abort(new Error('given up'));
      expect(memory.aborted).toEqual(new Error('given up'));
      expect(memory.object).toBeUndefined();
    }
  });

  test('a slow store holds the writer back', async () => {
    const memory = new MemoryWriter(0);
    let release = () => {};
    memory.beforeWrite = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const writer = await openSealed(async () => memory, {
      headLength: 0,
      gzipLevel: 0,
      encryption: undefined,
    });
    let accepted = 0;
    const writing = (async () => {
      for (let i = 0; i < 100; i++) {
        await writer.write(pseudoRandom(i + 1, 100_000));
        accepted++;
      }
    })();
    // Nothing moves any more: what is compressed is stuck in front of the store.
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(accepted).toBeLessThan(10);
    memory.beforeWrite = async () => {};
    release();
    await writing;
    expect(accepted).toBe(100);
    await writer.close(new Uint8Array(0));
    expect(memory.object?.byteLength).toBeGreaterThan(10_000_000);
  });
});

describe('read-back', () => {
  const parts = [40, 0, 100, 7].map((bytes, i) => ({ bytes, sha256: sha256(pseudoRandom(i + 1, bytes)) }));
  const whole = Buffer.concat([40, 0, 100, 7].map((bytes, i) => pseudoRandom(i + 1, bytes)));

  test('the whole hash comes back when every part is what was sent', async () => {
    for (const chunk of [1, 7, 40, 1000]) {
      expect(await hashParts(streamOf(whole, chunk), parts)).toEqual({ bytes: 147, sha256: sha256(whole) });
    }
  });

  test('every single flipped bit, missing byte or byte too many is found', async () => {
    for (let bit = 0; bit < whole.byteLength * 8; bit++) {
      const broken = Buffer.from(whole);
      broken[bit >> 3] = (broken[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const place = bit >> 3 < 40 ? 1 : bit >> 3 < 140 ? 2 : 3;
      await expect(hashParts(streamOf(broken, 64), parts)).rejects.toThrow(`part ${place} `);
    }
    await expect(hashParts(streamOf(whole.subarray(0, 146)), parts)).rejects.toThrow('146 of the 147 bytes');
    await expect(hashParts(streamOf(Buffer.concat([whole, whole])), parts)).rejects.toThrow(
      'more than the 147',
    );
  });
});
