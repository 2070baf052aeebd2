import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryS3, type MemoryS3Rules } from '../../../sim/s3/memory.ts';
import { PartLane } from '../../../src/backup/store/part-lane.ts';
import { createS3Store, type S3Options } from '../../../src/backup/store/s3-store.ts';
import { ObjectExists, type Store, StoreError } from '../../../src/backup/store/types.ts';
import { STORE_REQUEST } from '../../../src/lib/retry.ts';
import { type Fault, faultNames, faulty, kindOf, memorySettings } from './faults.ts';
import { pseudoRandom, sha256, upload } from './helpers.ts';

const partBytes = 20_000;
const key = 'backups/db.gz';
/** Four parts: the first with the head, two whole ones, a rest. */
const large = { head: pseudoRandom(1, 100), rest: pseudoRandom(2, partBytes * 3 + 777) };
const small = { head: pseudoRandom(3, 100), rest: pseudoRandom(4, 5000) };

function openStore(server: MemoryS3, choose: Parameters<typeof faulty>[1], options: S3Options = {}): Store {
  const fetch = faulty(server.fetch, choose);
  return createS3Store(memorySettings, {
    partBytes,
    fetch,
    sleep: async () => {},
    random: () => 0.5,
    ...options,
  });
}

function expectExact(server: MemoryS3, content: typeof large): void {
  const object = server.objects.get(key);
  expect(sha256(object?.body ?? new Uint8Array(0))).toBe(sha256(Buffer.concat([content.head, content.rest])));
  expect(server.uploads.size).toBe(0);
}

/** How many requests an upload takes when all is well. */
async function countRequests(content: typeof large, rules: Partial<MemoryS3Rules>): Promise<number> {
  let count = 0;
  const store = openStore(new MemoryS3(rules), () => {
    count++;
    return undefined;
  });
  await upload(store, key, content, [7000]);
  return count;
}

const servers: Partial<MemoryS3Rules>[] = [{}, { conditional: 'refused' }, { conditional: 'ignored' }];

describe.each(servers)('each request of an upload fails once: %o', (rules) => {
  test.each(faultNames)('%s', async (fault) => {
    for (const content of [large, small]) {
      const requests = await countRequests(content, rules);
      expect(requests).toBeGreaterThanOrEqual(content === large ? 8 : 3);
      for (let failing = 0; failing < requests; failing++) {
        const server = new MemoryS3(rules);
        const store = openStore(server, (index) => (index === failing ? fault : undefined));
        const written = await upload(store, key, content, [7000]);
        expectExact(server, content);
        expect(written.parts.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(written.bytes);
      }
    }
  });
});

test('two writers of one run have one part under way between them; without a head part 1 does not wait for the end', async () => {
  const server = new MemoryS3();
  let underWay = 0;
  let most = 0;
  const parts: string[] = [];
  const store = createS3Store(memorySettings, {
    partBytes,
    fetch: async (url, init) => {
      if (!url.includes('partNumber')) return server.fetch(url, init);
      parts.push(`${new URL(url).pathname} ${new URL(url).searchParams.get('partNumber')}`);
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      const answer = await server.fetch(url, init);
      underWay -= 1;
      return answer;
    },
  });
  const lane = new PartLane();
  const write = async (name: string, head: Uint8Array) => {
    const writer = await store.create(name, { headLength: head.byteLength, lane });
    for (let from = 0; from < large.rest.byteLength; from += 7000)
      await writer.write(large.rest.subarray(from, from + 7000));
    await writer.close(head);
    const stored = server.objects.get(name)?.body ?? new Uint8Array(0);
    expect(sha256(stored)).toBe(sha256(Buffer.concat([head, large.rest])));
  };
  await Promise.all([write('head', large.head), write('none', new Uint8Array(0))]);
  expect(most).toBe(1);
  expect(parts.filter((part) => part.includes('head'))).toEqual([2, 3, 4, 1].map((n) => `/anime/head ${n}`));
  expect(parts.filter((part) => part.includes('none'))).toEqual([1, 2, 3, 4].map((n) => `/anime/none ${n}`));
});

describe('one kind of request fails for good', () => {
  const kinds = ['head', 'begin', 'part', 'complete', 'put'];
  test.each(kinds)('%s', async (failing) => {
    for (const fault of faultNames) {
      for (const content of [large, small]) {
        const server = new MemoryS3();
        let broken = true;
        const store = openStore(server, (_, kind) => (broken && kind === failing ? fault : undefined));
        const writing = (async () => {
          const writer = await store.create(key, { headLength: content.head.byteLength });
          try {
            for (let from = 0; from < content.rest.byteLength; from += 7000) {
              await writer.write(content.rest.subarray(from, from + 7000));
            }
            return await writer.close(content.head);
          } catch (error) {
            // The network is well again when the run cleans up.
            broken = false;
            await writer.abort(error);
            throw error;
          }
        })();
        const outcome = await writing.catch((error: unknown) => error);
        if (outcome instanceof StoreError) {
          expect(outcome.retryable).toBe(true);
          expect(server.objects.size).toBe(0);
          expect(server.uploads.size).toBe(0);
        } else {
          // Only the answers were lost, and the store found that out; or this content needs no such
          // request.
          expect(outcome).toMatchObject({ key });
          expectExact(server, content);
        }
        if (['reset', 'busy', 'internal', 'throttled'].includes(fault) && failing === 'head') {
          expect(outcome).toBeInstanceOf(StoreError);
        }
      }
    }
  });
});

test('random faults on every request: exact, or nothing at all', async () => {
  const options = { numRuns: 400, seed: 20_261_122 };
  let succeeded = 0;
  const property = fc.asyncProperty(
    fc.infiniteStream(fc.option(fc.constantFrom<Fault>(...faultNames), { freq: 1 })),
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom(...servers),
    async (plan, gap, rules) => {
      const server = new MemoryS3(rules);
      let broken = true;
      const store = openStore(server, (index) => {
        const fault = plan.next().value ?? undefined;
        return broken && index % (gap + 1) === 0 ? fault : undefined;
      });
      const writer = await store.create(key, { headLength: 100 }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreError);
      });
      if (writer === undefined) return;
      try {
        for (let from = 0; from < large.rest.byteLength; from += 9000) {
          await writer.write(large.rest.subarray(from, from + 9000));
        }
        await writer.close(large.head);
        succeeded++;
        expectExact(server, large);
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError);
        broken = false;
        await writer.abort(error);
        expect(server.objects.size).toBe(0);
        // A begin whose answer was lost twice leaves what only a sweep can find.
        await store.sweep('backups/', new Date(Date.now() + 60_000));
        expect(server.uploads.size).toBe(0);
      }
    },
  );
  await fc.assert(property, options);
  expect(succeeded).toBeGreaterThan(100);
});

describe('somebody else writes the same key meanwhile', () => {
  const theirs = pseudoRandom(9, 500);

  test.each([large, small])('it is refused, theirs stays, abort does not touch it', async (content) => {
    for (const fault of [undefined, ...faultNames]) {
      const server = new MemoryS3();
      const other = openStore(server, () => undefined);
      const store = openStore(server, (_, kind) =>
        ['complete', 'put'].includes(kind) && used-- > 0 ? fault : undefined,
      );
      let used = 1;
      const writer = await store.create(key, { headLength: content.head.byteLength });
      await writer.write(content.rest);
      await other.put(key, theirs);
      const error = await writer.close(content.head).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ObjectExists);
      await writer.abort(error);
      expect(sha256(server.objects.get(key)?.body ?? new Uint8Array(0))).toBe(sha256(theirs));
      expect(server.uploads.size).toBe(0);
    }
  });

  test('of two puts at once one wins, and only that one is told so', async () => {
    for (const fault of [undefined, ...faultNames]) {
      const server = new MemoryS3();
      let used = 1;
      const store = openStore(server, (_, kind) => (kind === 'put' && used-- > 0 ? fault : undefined));
      const bodies = [pseudoRandom(1, 10), pseudoRandom(2, 10)];
      const puts = await Promise.allSettled(bodies.map((body) => store.put(key, body, { createOnly: true })));
      const won = puts.findIndex(({ status }) => status === 'fulfilled');
      expect(puts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(server.objects.get(key)?.body).toEqual(bodies[won]);
      const lost = puts.find((result) => result.status === 'rejected');
      expect(lost?.reason).toBeInstanceOf(ObjectExists);
    }
  });
});

test('abort while the upload is only beginning leaves nothing', async () => {
  const server = new MemoryS3();
  let answer = () => {};
  const gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const store = createS3Store(memorySettings, {
    partBytes,
    fetch: async (url, init) => {
      const response = await server.fetch(url, init);
      if (url.includes('uploads')) await gate;
      return response;
    },
  });
  const writer = await store.create(key, { headLength: 0 });
  const writing = writer.write(large.rest).catch((error: unknown) => error);
  await new Promise((resolve) => setImmediate(resolve));
  const aborted = writer.abort(new Error('the other file failed'));
  answer();
  await aborted;
  expect(await writing).toEqual(new Error('the other file failed'));
  expect(server.uploads.size).toBe(0);
});

test('one part of each of the two writers is on its way, and few in memory, however slow the store', async () => {
  const server = new MemoryS3();
  let inFlight = 0;
  let most = 0;
  const store = createS3Store(memorySettings, {
    partBytes,
    fetch: async (url, init) => {
      if (!url.includes('partNumber')) return server.fetch(url, init);
      most = Math.max(most, ++inFlight);
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      return server.fetch(url, init);
    },
  });
  const contents = [1, 2].map((i) => ({
    head: pseudoRandom(i, 10),
    rest: pseudoRandom(i + 9, partBytes * 6),
  }));
  await Promise.all(contents.map((content, i) => upload(store, `${key}.${i}`, content, [5000])));
  expect(most).toBe(2);
  expect(server.objects.size).toBe(2);
});

test('a missing ETag is an error, quotes or none make no difference', async () => {
  for (const etag of ['missing', 'bare'] as const) {
    const server = new MemoryS3();
    const store = createS3Store(memorySettings, {
      partBytes,
      sleep: async () => {},
      fetch: async (url, init) => {
        const response = await server.fetch(url, init);
        const headers = new Headers(response.headers);
        const bare = headers.get('etag')?.replaceAll('"', '');
        headers.delete('etag');
        if (etag === 'bare' && bare !== undefined) headers.set('etag', bare);
        return new Response(response.body, { status: response.status, headers });
      },
    });
    const outcome = await upload(store, key, large, [7000]).catch((error: unknown) => error);
    if (etag === 'bare') expectExact(server, large);
    else expect(String(outcome)).toContain('no ETag in the answer to part');
    expect(server.uploads.size).toBe(0);
  }
});

test('an answer of success for a completion that failed is not believed', async () => {
  const error = '<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>x</Message></Error>';
  for (const body of [error, `${error}\n`, '', '<html>welcome</html>']) {
    const server = new MemoryS3();
    let lies = 1;
    const store = createS3Store(memorySettings, {
      partBytes,
      sleep: async () => {},
      fetch: async (url, init) => {
        const complete = init.method === 'POST' && url.includes('uploadId');
        if (complete && lies-- > 0)
          return new Response(body, { headers: { 'content-type': 'application/xml' } });
        return server.fetch(url, init);
      },
    });
    const outcome = await upload(store, key, large, [7000]).catch((e: unknown) => e);
    if (outcome instanceof Error) {
      expect(outcome).toMatchObject({ name: 'StoreError', retryable: true });
      expect(server.objects.size).toBe(0);
      expect(server.uploads.size).toBe(0);
    } else expectExact(server, large);
  }
});

test.each(['complete', 'put'])(
  'every answer to the %s is lost, but the object is there: that is success',
  async (kind) => {
    const content = kind === 'put' ? small : large;
    const server = new MemoryS3();
    const store = openStore(server, (_, asked) => (asked === kind ? 'lost' : undefined));
    await upload(store, key, content, [7000]);
    expectExact(server, content);
  },
);

test.each(['complete', 'put'])(
  'the server takes the %s and stays silent at every try: that is success',
  async (kind) => {
    const content = kind === 'put' ? small : large;
    const server = new MemoryS3();
    let silences = 0;
    const store = createS3Store(memorySettings, {
      partBytes,
      silenceMs: 200,
      sleep: async () => {},
      fetch: async (url, init) => {
        const answer = await server.fetch(url, init);
        if (kindOf(init.method, new URL(url)) !== kind) return answer;
        silences += 1;
        return new Promise(() => {});
      },
    });
    await upload(store, key, content, [7000]);
    expectExact(server, content);
    expect(silences).toBe(STORE_REQUEST.stalls);
  },
);

test('abort after an unclear close removes what is ours once the network is back', async () => {
  for (const content of [large, small]) {
    const server = new MemoryS3();
    let broken = false;
    const store = openStore(server, (_, asked) => {
      if (['complete', 'put'].includes(asked)) broken = true;
      return broken ? (['complete', 'put'].includes(asked) ? 'lost' : 'reset') : undefined;
    });
    const writer = await store.create(key, { headLength: content.head.byteLength });
    await writer.write(content.rest);
    await expect(writer.close(content.head)).rejects.toBeInstanceOf(StoreError);
    expect(server.objects.size).toBe(1);
    // The network is back.
    broken = false;
    await writer.abort(new Error('the run failed'));
    expect(server.objects.size).toBe(0);
  }
});

test('the bytes of a request that was given up are never written over', async () => {
  const server = new MemoryS3();
  const givenUp: { body: Uint8Array; was: string }[] = [];
  const store = createS3Store(memorySettings, {
    partBytes,
    sleep: async () => {},
    fetch: async (url, init) => {
      const first = !givenUp.some(({ was }) => init.body instanceof Uint8Array && was === sha256(init.body));
      if (url.includes('partNumber') && first && init.body instanceof Uint8Array) {
        givenUp.push({ body: init.body, was: sha256(init.body) });
        throw new TypeError('fetch failed');
      }
      return server.fetch(url, init);
    },
  });
  const content = { head: pseudoRandom(1, 10), rest: pseudoRandom(2, partBytes * 9) };
  await upload(store, key, content, [7000]);
  expectExact(server, content);
  expect(givenUp).toHaveLength(10);
  for (const { body, was } of givenUp) expect(sha256(body)).toBe(was);
});

test('uploads of requests that workerd cancelled, and that go on never more, keep no other waiting', async () => {
  const server = new MemoryS3();
  const dead: (() => void)[] = [];
  const abandoned = Array.from({ length: 2 }, () => new Promise<void>((resolve) => dead.push(resolve)));
  let isDead = true;
  const store = createS3Store(memorySettings, {
    partBytes,
    fetch: (url, init) => {
      if (!isDead || init.method !== 'PUT') return server.fetch(url, init);
      dead.pop()?.();
      return new Promise(() => {});
    },
  });
  for (const name of ['a', 'b']) {
    const writer = await store.create(`backups/${name}`, { headLength: 100 });
    void writer.write(large.rest);
  }
  await Promise.all(abandoned);
  isDead = false;
  await upload(store, key, large, [7000]);
  expect(sha256(server.objects.get(key)?.body ?? new Uint8Array(0))).toBe(
    sha256(Buffer.concat([large.head, large.rest])),
  );
});
