import { expect, inject, test } from 'vitest';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { StoreError } from '../../src/backup/store/types.ts';
import { storeContract } from '../backup/store/contract.ts';

const { settings, kind } = inject('s3');
/** The least that S3 and R2 take. */
const partBytes = 5 * 1024 * 1024;

storeContract(
  `${kind} at ${settings.endpoint}`,
  async () => ({ store: createS3Store(settings, { partBytes }), partBytes, close: async () => {} }),
  { runs: 6 },
);

test('a wrong secret is refused, and the error says which setting to check', async () => {
  const store = createS3Store({ ...settings, secretAccessKey: 'another-secret-altogether' });
  const error = await store.list('').catch((e: unknown) => e);
  if (!(error instanceof StoreError)) throw new Error('not a StoreError');
  expect(error.message).toContain('S3_SECRET_ACCESS_KEY');
  expect(error.message).not.toContain('another-secret');
  expect(error.retryable).toBe(false);
});

test('a bucket that does not exist is named', async () => {
  const store = createS3Store({ ...settings, bucket: 'no-such-bucket-of-anime-bot' });
  await expect(store.list('')).rejects.toThrow(
    /s3 bucket no-such-bucket-of-anime-bot: .*(NoSuchBucket|AccessDenied)/,
  );
});

test('a signed address stops working when it expires, and for any other key', async () => {
  const key = `signed-${crypto.randomUUID()}`;
  const hourAgo = () => new Date(Date.now() - 3_600_000);
  const store = createS3Store(settings);
  const expired = createS3Store(settings, { now: hourAgo });
  const options = { expiresInSeconds: 900, fileName: 'anime_bot.db.gz' };
  await store.put(key, new TextEncoder().encode('secret'));
  const good = await fetch((await store.signedUrl(key, options)) ?? '');
  expect(good.headers.get('content-disposition')).toContain('anime_bot.db.gz');
  expect(await good.text()).toBe('secret');
  expect((await fetch((await expired.signedUrl(key, options)) ?? '')).status).toBe(403);
  const other = ((await store.signedUrl(`${key}-not`, options)) ?? '').replace('-not?', '?');
  expect((await fetch(other)).status).toBe(403);
  await store.delete([key]);
});
