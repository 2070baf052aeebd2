/**
 * Buckets that are not our stand-in: MinIO's list of uploads, versions, locks, and answers that
 * lie.
 */
import { describe, expect, test } from 'vitest';
import { MemoryS3, type MemoryS3Rules, refuse } from '../../sim/s3/memory.ts';
import type { Bucket } from '../../src/backup/catalog/bucket.ts';
import { backupName, databaseKey, documentKey, manifestKey } from '../../src/backup/catalog/names.ts';
import { sweepDebris } from '../../src/backup/catalog/sweep-debris.ts';
import { probeBucket } from '../../src/backup/run/probe.ts';
import { runBackup } from '../../src/backup/run/run.ts';
import type { StoreFetch } from '../../src/backup/store/s3-http.ts';
import { createS3Store, type S3Options } from '../../src/backup/store/s3-store.ts';
import { verifyDeep } from '../../src/backup/verify/verify-backup.ts';
import { memorySettings } from '../backup/store/faults.ts';
import { createWorld, type World } from '../support/backup-world.ts';

const PREFIX = 'backups/';
const now = new Date('2026-06-15T02:00:00Z');
const name = backupName(now);

function bucketOf(server: MemoryS3, options: S3Options = {}): Bucket {
  const store = createS3Store(memorySettings, {
    fetch: server.fetch,
    sleep: async () => {},
    partBytes: 10_000,
    ...options,
  });
  return { store, prefix: PREFIX };
}

test.each<MemoryS3Rules['listsUploads']>([true, 'by whole key'])(
  'unfinished uploads of a dead run are found on a server that lists them: %s',
  async (listsUploads) => {
    const server = new MemoryS3({ listsUploads }, () => now);
    const bucket = bucketOf(server);
    for (const key of [databaseKey(PREFIX, name, true), documentKey(PREFIX, name, false)]) {
      const upload = await bucket.store.create(key, { headLength: 0 });
      await upload.write(new Uint8Array(25_000));
    }
    expect(server.uploads.size).toBe(2);
    const options = { now, current: name, outdated: async () => [], dead: [] };
    await sweepDebris(bucket, options);
    // Young ones may be another deployment's; those of a run that is dead are nobody's.
    expect(server.uploads.size).toBe(2);
    expect((await sweepDebris(bucket, { ...options, dead: [name] })).uploads).toBe(2);
    expect(server.uploads.size).toBe(0);
  },
);

async function withWorld(
  rules: Partial<MemoryS3Rules>,
  work: (world: World, server: MemoryS3) => Promise<void>,
  wrap: (fetch: StoreFetch) => StoreFetch = (fetch) => fetch,
): Promise<void> {
  let time = (): Date => now;
  const server = new MemoryS3(rules, () => time());
  const { store } = bucketOf(server, { fetch: wrap(server.fetch), partBytes: 5_000_000 });
  const world = await createWorld({ store, prefix: PREFIX, retention: { days: 1 } });
  time = () => world.clock.now();
  try {
    await work(world, server);
  } finally {
    world.close();
  }
}

/** More than retention keeps in any case. */
const DAYS = 9;

/** Backs up once a day for so many days; the last outcome. */
async function days(world: World, count: number) {
  for (let day = 1; ; day += 1) {
    world.clock.advance(86_400_000);
    const outcome = await runBackup(world.context, {
      trigger: 'schedule',
      scheduledAt: world.clock.now(),
    });
    if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
    if (day === count) return outcome;
  }
}

describe('a bucket that keeps versions', () => {
  test('retention says how much of what it deleted is still there', async () => {
    await withWorld({ keepsVersions: true }, async (world, server) => {
      const { pruned, problems } = await days(world, DAYS);
      expect(problems).toEqual([]);
      expect(pruned?.removed.length).toBeGreaterThan(0);
      expect(pruned?.hiddenBytes).toBeGreaterThan(1_000);
      expect(pruned?.hiddenBytes).toBeLessThanOrEqual(server.bytesKept);
    });
    await withWorld({}, async (world) => {
      const { pruned } = await days(world, DAYS);
      expect(pruned?.removed.length).toBeGreaterThan(0);
      expect(pruned?.hiddenBytes).toBe(0);
    });
  });

  test('the probe of setup and /test notices', async () => {
    const versioned = new MemoryS3({ keepsVersions: true });
    expect(await probeBucket(bucketOf(versioned), 'x')).toEqual({ keepsDeleted: true });
    const plain = new MemoryS3();
    expect(await probeBucket(bucketOf(plain), 'x')).toEqual({ keepsDeleted: false });
    expect([...versioned.objects.keys(), ...plain.objects.keys()]).toEqual([]);
  });
});

describe('a bucket with a lock', () => {
  test('a refused deletion is explained; the backup is good and whole', async () => {
    await withWorld({ isLocked: true }, async (world, server) => {
      // Soon retention would have to delete more than half, and asks instead.
      const { problems, manifest, pruned } = await days(world, 5);
      expect(pruned?.removed).toEqual([]);
      expect(problems.join('\n')).toMatch(
        /removal of .* failed: 403 ObjectLockedByBucketPolicy .*; a lock of the bucket keeps it: shorten the lock/,
      );
      expect(server.objects.has(manifestKey(PREFIX, manifest.name))).toBe(true);
      expect(await verifyDeep(world.context, manifest, { keys: undefined })).toMatchObject({ ok: true });
    });
  });

  test('where the refusal is a plain AccessDenied, a lock is named beside the rights', async () => {
    const server = new MemoryS3();
    const fetch: StoreFetch = async (url, init) =>
      init.method === 'DELETE' ? refuse(403, 'AccessDenied') : server.fetch(url, init);
    const bucket = bucketOf(server, { fetch });
    await expect(probeBucket(bucket, 'x')).rejects.toThrow(
      /what this key may do in the bucket; or a lock of the bucket keeps it/,
    );
  });
});

describe('the probe says what is refused', () => {
  const kinds: [string, (method: string, url: URL) => boolean, RegExp][] = [
    ['writing', (method) => method === 'PUT', /upload of "backups\/probe-x\.txt" failed: 403/],
    ['listing', (_, url) => url.searchParams.has('list-type'), /listing "backups\/probe-x\.txt" failed: 403/],
    ['reading', (method, url) => method === 'GET' && !url.searchParams.has('list-type'), /download of/],
  ];
  test.each(kinds)('%s', async (_, isRefused, message) => {
    const server = new MemoryS3();
    const fetch: StoreFetch = async (address, init) =>
      isRefused(init.method, new URL(address)) ? refuse(403, 'AccessDenied') : server.fetch(address, init);
    await expect(probeBucket(bucketOf(server, { fetch }), 'x')).rejects.toThrow(message);
    expect(server.objects.size).toBe(0);
  });
});

describe('answers that lie end in words, and harm no backup', () => {
  /** One good backup first; then the lies. Every object of the good one must stay as it was. */
  async function lying(
    lie: (url: URL, init: Parameters<StoreFetch>[1], own: () => Promise<Response>) => Promise<Response>,
  ) {
    let isLying = false;
    let reason = '';
    await withWorld(
      {},
      async (world, server) => {
        const { manifest } = await days(world, 1);
        const before = new Map(server.objects);
        isLying = true;
        world.clock.advance(86_400_000);
        const outcome = await runBackup(world.context, {
          trigger: 'schedule',
          scheduledAt: world.clock.now(),
        });
        isLying = false;
        reason = outcome.kind === 'failed' ? outcome.reason : outcome.kind;
        for (const [key, object] of before) expect(server.objects.get(key), key).toBe(object);
        expect(await verifyDeep(world.context, manifest, { keys: undefined })).toMatchObject({ ok: true });
        expect(await days(world, 1)).toMatchObject({ kind: 'done' });
      },
      (fetch) => async (address, init) => {
        const own = (): Promise<Response> => fetch(address, init);
        return isLying ? lie(new URL(address), init, own) : own();
      },
    );
    return reason;
  }

  const isObject = (url: URL): boolean => /anime_(bot|backup)_/.test(url.pathname);

  test('200 with an error in the body, nothing stored', async () => {
    const body = '<?xml version="1.0"?><Error><Code>InternalError</Code><Message>no</Message></Error>';
    const reason = await lying(async (url, { method }, own) =>
      method === 'PUT' && isObject(url) ? new Response(body) : own(),
    );
    expect(reason).toMatch(/failed: 503 InternalError no$/);
  });

  test('stored otherwise than sent, same length', async () => {
    const reason = await lying(async (url, init, own) => {
      if (init.method !== 'GET' || !isObject(url)) return own();
      const response = await own();
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      return new Response(bytes, { headers: response.headers });
    });
    expect(reason).toMatch(/differs|differ|not as (it was )?sent|sha|hash|bytes/i);
  });

  test('another ETag than that of the bytes: what counts is what is read back', async () => {
    const reason = await lying(async (_, init, own) => {
      const response = await own();
      if (init.method !== 'PUT') return response;
      const headers = new Headers(response.headers);
      headers.set('etag', '"00000000000000000000000000000000"');
      return new Response(null, { headers });
    });
    expect(reason).toBe('done');
  });

  test('a clock that is years away', async () => {
    const reason = await lying(async () =>
      refuse(403, 'RequestTimeTooSkewed', { date: new Date('2036-01-01').toUTCString() }),
    );
    expect(reason).toMatch(/403 RequestTimeTooSkewed .*; set the clock of this machine/);
  });

  test('a web page for everything', async () => {
    const reason = await lying(
      async () => new Response('<html>Welcome</html>', { headers: { 'content-type': 'text/html' } }),
    );
    expect(reason).toMatch(/^s3 bucket anime: /);
  });

  test('redirects to elsewhere', async () => {
    const reason = await lying(
      async () => new Response(null, { status: 307, headers: { location: 'https://other.example/' } }),
    );
    expect(reason).toMatch(/check S3_ENDPOINT and S3_REGION/);
  });
});
