/** An S3 server in memory, for quick runs: no signature checks, no ListParts, If-None-Match ignored (docs/platform-facts.md). */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import type { S3Settings } from '../../src/backup/store/s3-client.ts';

/** Starts fauxqs on a free port of 127.0.0.1 with one empty bucket; `close` stops it. */
export async function startFauxqs(): Promise<{ settings: S3Settings; close(): Promise<void> }> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const settings: S3Settings = {
    endpoint,
    region: 'us-east-1',
    bucket: 'anime',
    accessKeyId: 'test',
    secretAccessKey: 'test',
    forcePathStyle: true,
  };
  await createBucket(settings);
  return {
    settings,
    async close() {
      await app.close();
    },
  };
}

/** Makes the bucket that `settings` name. */
export async function createBucket(settings: S3Settings): Promise<void> {
  const client = new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: { accessKeyId: settings.accessKeyId, secretAccessKey: settings.secretAccessKey },
    forcePathStyle: settings.forcePathStyle,
  });
  await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
  client.destroy();
}
