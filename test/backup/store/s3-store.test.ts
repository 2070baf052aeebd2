import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { MemoryS3, refuse } from '../../../sim/s3/memory.ts';
import type { StoreFetch } from '../../../src/backup/store/s3-http.ts';
import { createS3Store, type S3Options } from '../../../src/backup/store/s3-store.ts';
import { type Store, StoreError } from '../../../src/backup/store/types.ts';
import { hashParts } from '../../support/hash-parts.ts';
import { kindOf, memorySettings } from './faults.ts';
import { fetchObject, pseudoRandom, readAll, sha256, upload } from './helpers.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

function openStore(fetch: StoreFetch, options: S3Options = {}): Store {
  return createS3Store(memorySettings, { fetch, sleep: async () => {}, random: () => 0.5, ...options });
}

/** A server whose answers to one kind of request are `answer`'s (undefined: its own). */
function answering(
  server: MemoryS3,
  kind: string,
  answer: (own: () => Promise<Response>) => Promise<Response>,
): StoreFetch {
  return async (url, init) => {
    const own = () => server.fetch(url, init);
    return kindOf(init.method, new URL(url)) === kind ? answer(own) : own();
  };
}

const always =
  (response: () => Response): StoreFetch =>
  async () =>
    response();

function xmlPage(content: string): Response {
  return new Response(`<?xml version="1.0"?><ListBucketResult>${content}</ListBucketResult>`);
}

const entry =
  '<Contents><Key>a</Key><Size>1</Size><LastModified>2024-01-01T00:00:00Z</LastModified></Contents>';

describe('a listing is whole or an error', () => {
  test.each([
    ['more entries, no token', `<IsTruncated>true</IsTruncated><KeyCount>1</KeyCount>${entry}`],
    [
      'the same token for ever',
      `<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${entry}`,
    ],
    ['fewer entries than counted', `<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>${entry}`],
    ['no word on more', `<KeyCount>1</KeyCount>${entry}`],
    ['an entry without a key', '<IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents>'],
    ['an entry without a size', '<IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>'],
  ])('%s', async (_, page) => {
    await expect(openStore(always(() => xmlPage(page))).list('')).rejects.toBeInstanceOf(StoreError);
  });

  test.each([
    '',
    '<html><body>Welcome to the hotel wifi</body></html>',
    '{"ok":true}',
    '<ListBucketResult><IsTrunc',
  ])('a 200 with %j', async (body) => {
    await expect(openStore(always(() => new Response(body))).list('')).rejects.toBeInstanceOf(StoreError);
  });

  test('a page that breaks off is asked for again', async () => {
    const server = new MemoryS3({ pageSize: 2 });
    let cuts = 2;
    const store = openStore(
      answering(server, 'list', async (own) => {
        const bytes = new Uint8Array(await (await own()).arrayBuffer());
        const headers = { 'content-length': String(bytes.byteLength) };
        return cuts-- > 0
          ? new Response(bytes.subarray(0, 250), { headers })
          : new Response(bytes, { headers });
      }),
    );
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.put(key, utf8(key));
    expect((await store.list('')).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('thousands of objects over many pages, each once', async () => {
    const server = new MemoryS3({ pageSize: 100 });
    const store = openStore(server.fetch);
    const metadata = {};
    for (let i = 0; i < 1234; i++) {
      const entity = { body: utf8('x'), etag: 'e', modified: new Date(0), metadata };
      server.objects.set(`backups/${String(i).padStart(5, '0')}`, entity);
    }
    const listed = await store.list('backups/');
    expect(listed).toHaveLength(1234);
    expect(new Set(listed.map(({ key }) => key)).size).toBe(1234);
  });
});

describe('a download never ends early', () => {
  const bytes = pseudoRandom(1, 100_000);
  const headers = { 'content-length': '100000', 'last-modified': new Date(0).toUTCString() };

  test('cut anywhere: an error, and all that came before was true', async () => {
    for (const at of [0, 1, 50_000, 99_999]) {
      const store = openStore(always(() => new Response(bytes.slice(0, at), { headers })));
      const object = await store.get('k');
      expect(object?.bytes).toBe(100_000);
      await expect(readAll(object?.body ?? new ReadableStream())).rejects.toThrow(`${at} of 100000 bytes`);
    }
  });

  test('more than announced is an error as well', async () => {
    const store = openStore(always(() => new Response(Buffer.concat([bytes, bytes]), { headers })));
    await expect(fetchObject(store, 'k')).rejects.toThrow('of 100000 bytes arrived');
  });

  test('a server gone silent in the middle is noticed', async () => {
    const body = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(bytes.subarray(0, 10));
        },
      });
    const store = openStore(
      always(() => new Response(body(), { headers })),
      { silenceMs: 30 },
    );
    await expect(fetchObject(store, 'k')).rejects.toThrow('no answer within 0.03 s');
  });

  test('a slow server that keeps talking is not', async () => {
    const piece = 10_000;
    const body = () => {
      let at = 0;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
          if (at === bytes.byteLength) controller.close();
          else controller.enqueue(bytes.slice(at, at + piece));
          at += piece;
        },
      });
    };
    const store = openStore(
      always(() => new Response(body(), { headers })),
      { silenceMs: 5000 },
    );
    expect(sha256((await fetchObject(store, 'k')) ?? utf8(''))).toBe(sha256(bytes));
  });

  test('a server that drips is given up, though it never falls silent', async () => {
    let begun = 0;
    const drip = () => {
      begun++;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 4));
          controller.enqueue(utf8(' '));
        },
      });
    };
    const store = openStore(
      always(() => new Response(drip(), { headers })),
      { silenceMs: 40 },
    );
    await expect(store.list('')).rejects.toThrow(/no answer within 0.04 s, only \d+ bytes of it.* stuck/);
    expect(begun).toBe(3);
    await expect(fetchObject(store, 'k')).rejects.toThrow(/only \d+ bytes of it/);
  });

  test('a consumer may take its time over small pieces', async () => {
    const body = () => {
      let left = 10;
      return new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 2));
            if (left-- > 0) controller.enqueue(utf8('x'));
            else controller.close();
          },
        },
        { highWaterMark: 0 },
      );
    };
    const store = openStore(
      always(() => new Response(body(), { headers: { ...headers, 'content-length': '10' } })),
      { silenceMs: 300 },
    );
    const object = await store.get('k');
    let bytes = 0;
    for await (const piece of object?.body ?? []) {
      bytes += piece.byteLength;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(bytes).toBe(10);
  });

  test('no answer at all: tried again, then given up', async () => {
    let tries = 0;
    const store = openStore(
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          tries++;
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      { silenceMs: 5, attempts: 3 },
    );
    await expect(store.get('k')).rejects.toThrow('no answer within 0.005 s');
    expect(tries).toBe(3);
  });

  test('a bit flipped in the store is found by the read-back, with its part', async () => {
    const server = new MemoryS3();
    const store = openStore(server.fetch, { partBytes: 30_000 });
    const written = await upload(store, 'k', { head: utf8(''), rest: bytes }, [7000]);
    const object = server.objects.get('k');
    if (object === undefined) throw new Error('not stored');
    for (let position = 0; position < bytes.byteLength; position += 997) {
      object.body[position] = (object.body[position] ?? 0) ^ 8;
      const body = (await store.get('k'))?.body ?? new ReadableStream();
      await expect(hashParts(body, written.parts)).rejects.toThrow(
        `part ${Math.floor(position / 30_000) + 1} `,
      );
      object.body[position] = (object.body[position] ?? 0) ^ 8;
    }
  });
});

describe('a deletion is believed when the object is gone', () => {
  test('answered with success, but kept', async () => {
    const server = new MemoryS3();
    const store = openStore(answering(server, 'delete', async () => new Response(null, { status: 204 })));
    await store.put('kept', utf8('x'));
    expect(await store.delete(['kept', 'never'])).toEqual({ gone: ['never'], remaining: ['kept'] });
  });

  test('refused: an error, after the others were deleted', async () => {
    const server = new MemoryS3();
    const store = openStore(async (url, init) => {
      if (init.method === 'DELETE' && url.includes('locked')) return refuse(403, 'AccessDenied');
      return server.fetch(url, init);
    });
    for (const key of ['locked', 'b', 'c']) await store.put(key, utf8('x'));
    await expect(store.delete(['locked', 'b', 'c'])).rejects.toThrow(
      'removal of "locked" failed: 403 AccessDenied',
    );
    expect([...server.objects.keys()]).toEqual(['locked']);
  });

  test('the answer lost, but gone', async () => {
    const server = new MemoryS3();
    const store = openStore(
      answering(server, 'delete', async (own) => {
        await own();
        throw new TypeError('fetch failed');
      }),
    );
    await store.put('a', utf8('x'));
    expect(await store.delete(['a'])).toEqual({ gone: ['a'], remaining: [] });
  });
});

describe('retries', () => {
  async function pausesOf(answers: (() => Response)[], random = 0.5): Promise<number[]> {
    const pauses: number[] = [];
    const fetch: StoreFetch = async () => (answers.shift() ?? (() => new Response(null, { status: 404 })))();
    const sleep = async (ms: number) => void pauses.push(ms);
    const now = () => new Date('2026-01-01T00:00:00Z');
    const store = createS3Store(memorySettings, { fetch, sleep, now, random: () => random });
    await store.head('k').catch(() => undefined);
    return pauses;
  }
  const busy = (retryAfter?: string) => () =>
    refuse(503, 'SlowDown', retryAfter === undefined ? {} : { 'retry-after': retryAfter });

  test('pauses double, with jitter, and end after six tries', async () => {
    expect(await pausesOf(Array.from({ length: 9 }, () => busy()))).toEqual([125, 250, 500, 1000, 2000]);
    expect(
      await pausesOf(
        Array.from({ length: 9 }, () => busy()),
        0,
      ),
    ).toEqual([0, 0, 0, 0, 0]);
  });

  test('never sooner than the server asked, by seconds or by date', async () => {
    expect(await pausesOf([busy('7')])).toEqual([7000]);
    expect(await pausesOf([busy('Thu, 01 Jan 2026 00:00:09 GMT')])).toEqual([9000]);
    expect(await pausesOf([busy('Wed, 31 Dec 2025 23:59:00 GMT'), busy('soon')])).toEqual([125, 250]);
  });

  test('a server that wants an hour is not waited for', async () => {
    expect(await pausesOf([busy('3600')])).toEqual([]);
  });

  test('what cannot get better is not tried again', async () => {
    for (const [status, code] of [
      [403, 'SignatureDoesNotMatch'],
      [400, 'InvalidRequest'],
      [404, 'NoSuchBucket'],
      [501, 'NotImplemented'],
    ] as const) {
      expect(await pausesOf([() => refuse(status, code)])).toEqual([]);
    }
  });
});

describe('errors say what to do, and no secrets', () => {
  test.each([
    [403, 'SignatureDoesNotMatch', 'check S3_SECRET_ACCESS_KEY', false],
    [403, 'InvalidAccessKeyId', 'check S3_ACCESS_KEY_ID', false],
    [403, 'AccessDenied', 'check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and what this key may do', false],
    [404, 'NoSuchBucket', 'check S3_BUCKET, or create the bucket', false],
    [403, 'RequestTimeTooSkewed', 'set the clock', true],
    [301, 'PermanentRedirect', 'set S3_REGION to the region of the bucket', false],
    [507, 'InsufficientStorage', 'the store or its quota is full', false],
    [503, 'SlowDown', '503 SlowDown', true],
  ])('%i %s', async (status, code, advice, retryable) => {
    const store = openStore(always(() => refuse(status, code)));
    const error = await store.list('backups/').catch((e: unknown) => e);
    if (!(error instanceof StoreError)) throw new Error('not a StoreError');
    expect(error.message).toMatch(/^s3 bucket anime: listing "backups\/" failed: /);
    expect(error.message).toContain(advice);
    expect(error.retryable).toBe(retryable);
  });

  test('nobody listening', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const settings = { ...memorySettings, endpoint: `http://user:password@127.0.0.1:${port}` };
    const store = createS3Store(settings, { sleep: async () => {}, attempts: 2 });
    const error = await store.head('k').catch((e: unknown) => e);
    if (!(error instanceof StoreError)) throw new Error('not a StoreError');
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).toContain('check S3_ENDPOINT');
    expect(error.retryable).toBe(true);
    expect(store.description).toBe(`s3 bucket anime at http://127.0.0.1:${port}`);
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/password/);
  });

  test('neither keys nor signatures in anything an error carries', async () => {
    const echo: StoreFetch = async (_, { headers }) => {
      const signed = `<StringToSign>${headers['authorization']}</StringToSign>`;
      return new Response(`<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message>${signed}</Error>`, {
        status: 403,
      });
    };
    const { inspect } = await import('node:util');
    const error = await openStore(echo)
      .list('x')
      .catch((e: unknown) => e);
    const all = inspect(error, { depth: 9, showHidden: true });
    expect(all).not.toContain(memorySettings.secretAccessKey);
    expect(all).not.toMatch(/Signature=|AWS4-HMAC/);
  });
});

test('a clock that is wrong by an hour is corrected by the second try', async () => {
  const server = new MemoryS3();
  const dates: string[] = [];
  const ahead = Date.now() + 3_600_000;
  const store = openStore(async (url, init) => {
    dates.push(init.headers['x-amz-date'] ?? '');
    const date = new Date(ahead).toUTCString();
    if (dates.length === 1) return refuse(403, 'RequestTimeTooSkewed', { date });
    return server.fetch(url, init);
  });
  await store.put('k', utf8('x'));
  const hour = (stamp = '') =>
    Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  expect(hour(dates[1]) - hour(dates[0])).toBeGreaterThan(3_500_000);
});

test('signed addresses: path style and host style, as AWS documents the signature', async () => {
  const now = () => new Date('2024-01-01T12:00:00Z');
  const options = { expiresInSeconds: 900, fileName: 'anime_bot.db.gz' };
  const path = new URL((await createS3Store(memorySettings, { now }).signedUrl('b/ä +.gz', options)) ?? '');
  expect(path.host).toBe('memory.invalid:9000');
  expect(path.pathname).toBe('/anime/b/%C3%A4%20%2B.gz');
  expect(path.searchParams.get('X-Amz-Date')).toBe('20240101T120000Z');
  expect(path.searchParams.get('X-Amz-Expires')).toBe('900');
  expect(path.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  expect(path.searchParams.get('response-content-disposition')).toContain(
    'attachment; filename="anime_bot.db.gz"',
  );
  const hosted = { ...memorySettings, endpoint: 'https://s3.example.com', forcePathStyle: false };
  const host = new URL((await createS3Store(hosted, { now }).signedUrl('k', options)) ?? '');
  expect(host.host).toBe('anime.s3.example.com');
  expect(host.pathname).toBe('/k');
  expect(path.href).not.toContain(memorySettings.secretAccessKey);
});

test('requests carry lengths and hashes, no trailers', async () => {
  const server = new MemoryS3();
  const seen: Record<string, string>[] = [];
  const store = openStore(async (url, init) => {
    seen.push(init.headers);
    expect(init.body === undefined || typeof init.body === 'string' || init.body instanceof Uint8Array).toBe(
      true,
    );
    return server.fetch(url, init);
  });
  await store.put('k', pseudoRandom(1, 3_000_000), { createOnly: true });
  for (const headers of seen) {
    expect(headers['transfer-encoding'] ?? headers['x-amz-trailer'] ?? headers['expect']).toBeUndefined();
    expect(headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
  }
});
