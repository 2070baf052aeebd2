/** Errors of S3 servers, by their codes, and addresses as the SDK makes them. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { refuse } from '../../../sim/s3/memory.ts';
import { createClient } from '../../../src/backup/store/s3-client.ts';
import type { StoreFetch } from '../../../src/backup/store/s3-http.ts';
import { createS3Store } from '../../../src/backup/store/s3-store.ts';
import { StoreError } from '../../../src/backup/store/types.ts';
import type { S3Settings } from '../../../src/settings/s3-endpoint.ts';
import { memorySettings } from './faults.ts';

async function told(fetch: StoreFetch, act: 'put' | 'get' | 'list' | 'head' = 'put') {
  let requests = 0;
  const store = createS3Store(memorySettings, {
    sleep: async () => {},
    fetch: (url, init) => {
      requests += 1;
      return fetch(url, init);
    },
  });
  const acts = {
    put: () => store.put('k', new Uint8Array(1)),
    get: () => store.get('k'),
    list: () => store.list('backups/'),
    head: () => store.head('k'),
  };
  const error = await acts[act]().catch((e: unknown) => e);
  if (!(error instanceof StoreError)) throw new Error(`not a StoreError: ${String(error)}`);
  return { message: error.message, retryable: error.retryable, requests };
}

const FULL = /the store or its quota is full: delete something there, or have the quota raised$/;

describe('what to do goes by the code, whatever the status', () => {
  // Statuses as the servers send them: Ceph 403, MinIO 400 and 507, Swift 413, AWS 400.
  test.each<[string, number, RegExp]>([
    ['QuotaExceeded', 403, FULL],
    ['ServiceQuotaExceeded', 402, FULL],
    ['XMinioAdminBucketQuotaExceeded', 400, FULL],
    ['XMinioStorageFull', 507, FULL],
    ['StorageFull', 500, FULL],
    ['InsufficientStorage', 507, FULL],
    ['SomeOtherQuotaThing', 403, FULL],
    ['EntityTooLarge', 413, /takes no object of this size, or the store or its quota is full/],
    ['EntityTooLarge', 400, /takes no object of this size, or the store or its quota is full/],
    ['InvalidObjectState', 403, /archive class: have it restored at the provider, and take the rule off$/],
    ['AuthorizationHeaderMalformed', 400, /set S3_REGION to the region of the bucket$/],
    ['PermanentRedirect', 301, /set S3_REGION to the region of the bucket, and S3_ENDPOINT to its address$/],
    ['SignatureDoesNotMatch', 403, /check S3_SECRET_ACCESS_KEY and S3_REGION$/],
    ['InvalidAccessKeyId', 403, /check S3_ACCESS_KEY_ID$/],
    [
      'AccessDenied',
      403,
      /check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and what this key may do in the bucket$/,
    ],
    ['Unauthorized', 401, /what this key may do in the bucket$/],
    ['NoSuchBucket', 404, /check S3_BUCKET, or create the bucket$/],
    ['RequestTimeTooSkewed', 403, /set the clock of this machine$/],
    ['SlowDown', 503, /the store wants fewer requests: try again later$/],
    ['ObjectLocked', 400, /a lock of the bucket keeps it/],
    ['AllAccessDisabled', 403, /look at the account \(and its bills\)/],
    ['MethodNotAllowed', 405, /this address is no S3 server: check S3_ENDPOINT$/],
  ])('%s (%i)', async (code, status, advice) => {
    const { message } = await told(async () => refuse(status, code));
    expect(message).toContain(`${status} ${code}`);
    expect(message).toMatch(advice);
  });

  test('a full store is asked once: room does not come by asking again', async () => {
    expect(await told(async () => refuse(507, 'XMinioStorageFull'))).toMatchObject({
      retryable: false,
      requests: 1,
    });
    expect(await told(async () => refuse(500, 'StorageFull'))).toMatchObject({ requests: 1 });
    expect((await told(async () => refuse(500, 'InternalError'))).requests).toBe(6);
  });

  test('the right region is named when the server names it', async () => {
    const inHeader = () => refuse(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-central-1' });
    expect((await told(async () => inHeader())).message).toMatch(/set S3_REGION to eu-central-1$/);
    const inWords =
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region 'auto' is wrong; expecting 'eu-west-1'</Message></Error>";
    const answer = async () => new Response(inWords, { status: 400 });
    expect((await told(answer)).message).toMatch(/set S3_REGION to eu-west-1$/);
  });

  test('a listing that has no such key means that the address is wrong', async () => {
    const { message } = await told(async () => refuse(404, 'NoSuchKey'), 'list');
    expect(message).toMatch(/check S3_ENDPOINT \(the address of the server, without a path\) and S3_BUCKET$/);
  });

  test('an answer to HEAD has no code: its status tells', async () => {
    const { message } = await told(async () => new Response(null, { status: 403 }), 'head');
    expect(message).toMatch(/check S3_ACCESS_KEY_ID/);
  });

  test.each<[string, string, RegExp]>([
    [
      'ENOTFOUND',
      'getaddrinfo ENOTFOUND anime.minio.lan',
      /no server has this name \(DNS\): check S3_ENDPOINT; .*S3_FORCE_PATH_STYLE=true$/,
    ],
    [
      'ECONNREFUSED',
      'connect ECONNREFUSED 127.0.0.1:9',
      /nothing listens there: check S3_ENDPOINT and its port$/,
    ],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'Hostname does not match',
      /for another name: .*S3_FORCE_PATH_STYLE=true$/,
    ],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', /not trusted by this machine$/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number', /check https:\/\/ or http:\/\/ in S3_ENDPOINT$/],
    ['ECONNRESET', 'socket hang up', /check S3_ENDPOINT and the network$/],
  ])('no connection: %s', async (code, words, advice) => {
    const { message } = await told(async () => {
      throw new TypeError('fetch failed', { cause: Object.assign(new Error(words), { code }) });
    });
    expect(message).toContain('no connection to http://memory.invalid:9000');
    expect(message).toMatch(advice);
  });
});

describe('a signed address is where the SDK itself would ask', () => {
  const KEYS = ['k', "a b/ä+&?#%'()*~!.gz", 'a//b', 'ключ/💥.db', 'x%20y'];
  test.each<[string, Partial<S3Settings>]>([
    ['path style with a port', { endpoint: 'http://minio.example:9000', forcePathStyle: true }],
    ['an IP address, whatever the setting', { endpoint: 'http://127.0.0.1:9000' }],
    ['host style', { endpoint: 'https://account.r2.cloudflarestorage.com' }],
    ['host style with a port', { endpoint: 'http://localhost:9000' }],
    ['a dot in the bucket', { endpoint: 'https://s3.example.com', bucket: 'my.anime' }],
    ['a bucket that is no host name', { endpoint: 'https://s3.example.com', bucket: 'Anime_1' }],
    ['below a path', { endpoint: 'https://x.supabase.co/storage/v1/s3', forcePathStyle: true }],
  ])('%s', async (_, change) => {
    const settings: S3Settings = { ...memorySettings, forcePathStyle: false, ...change };
    for (const key of KEYS) {
      let asked = '';
      const client = createClient(
        settings,
        async (url) => {
          asked = url;
          return new Response('x');
        },
        { reading: 1_000, writing: 1_000 },
      );
      await client.send(new GetObjectCommand({ Bucket: settings.bucket, Key: key }));
      const options = { expiresInSeconds: 900, fileName: 'f' };
      const signed = (await createS3Store(settings).signedUrl(key, options)) ?? '';
      expect(signed.split('?')[0]).toBe(asked.split('?')[0]);
      expect(new URL(signed).searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
    }
  });
});
