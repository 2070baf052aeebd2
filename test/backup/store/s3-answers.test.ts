/**
 * A server that answers what no S3 server should: data stays with the server that was named, and no
 * answer is endless.
 */
import { expect, test } from 'vitest';
import { createS3Store, type S3Options } from '../../../src/backup/store/s3-store.ts';
import { type Store, StoreError } from '../../../src/backup/store/types.ts';
import { explain } from '../../../src/lib/clock.ts';
import { serveHere } from '../../support/local-server.ts';

function open(endpoint: string, options: S3Options = {}): Store {
  const settings = {
    endpoint,
    region: 'auto',
    bucket: 'b',
    accessKeyId: 'k',
    secretAccessKey: 's',
    forcePathStyle: true,
  };
  return createS3Store(settings, { attempts: 2, sleep: async () => {}, ...options });
}

const xml = (inner: string): string =>
  `<?xml version="1.0"?><ListBucketResult><Name>b</Name>${inner}</ListBucketResult>`;

test.each([301, 302, 303, 307, 308])(
  'a redirect (%s) is not followed, with data or without',
  async (status) => {
    const stolen: string[] = [];
    const thief = await serveHere((request, response) => {
      stolen.push(`${request.method} ${request.url}`);
      response.end();
    });
    const endpoint = await serveHere((request, response) => {
      request.resume();
      response.writeHead(status, { location: `${thief}/steal` }).end();
    });
    const store = open(endpoint);
    const word = /S3_ENDPOINT/;
    await expect(store.put('backups/a', new Uint8Array(10))).rejects.toThrow(word);
    await expect(store.list('backups/')).rejects.toThrow(word);
    await expect(store.get('backups/a')).rejects.toThrow(word);
    expect(stolen).toEqual([]);
  },
);

test('an endless listing answer is cut off', async () => {
  let sent = 0;
  const endpoint = await serveHere((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    const more = (): void => {
      while (!response.destroyed && response.write('<Contents><Key>k</Key></Contents>'.repeat(10_000)))
        sent += 1;
      sent += 1;
    };
    response.on('drain', more);
    more();
  });
  await expect(open(endpoint).list('backups/')).rejects.toThrow(/more than 16 MB/);
  // Two tries of 16 MB, and what was on its way.
  expect(sent * 330_000).toBeLessThan(100_000_000);
});

test('a listing that always has one page more is given up', async () => {
  let pages = 0;
  const endpoint = await serveHere((_request, response) => {
    pages += 1;
    response.end(
      xml(`<IsTruncated>true</IsTruncated><NextContinuationToken>${pages}</NextContinuationToken>`),
    );
  });
  await expect(open(endpoint).list('backups/')).rejects.toThrow(/does not end after 500 pages/);
  expect(pages).toBe(500);
});

test.each(['zz', '-5', '1.5', '9007199254740993'])('a size of "%s" is none', async (size) => {
  const endpoint = await serveHere((_request, response) => {
    const entry = `<Contents><Key>backups/a</Key><Size>${size}</Size><LastModified>2026-11-22T10:00:00Z</LastModified></Contents>`;
    response.end(xml(`<IsTruncated>false</IsTruncated>${entry}`));
  });
  await expect(open(endpoint).list('backups/')).rejects.toThrow(/how large/);
});

test('a PUT of which the server keeps a half, and says 200, is told as that; nothing is tried in its place', async () => {
  let kept: Uint8Array | undefined;
  const endpoint = await serveHere((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'PUT') kept = Buffer.concat(chunks).subarray(0, 5);
      if (request.method !== 'PUT' && kept === undefined) return response.writeHead(404).end();
      const size = request.method === 'HEAD' ? { 'content-length': String(kept?.length) } : {};
      return response
        .writeHead(200, { etag: '"x"', 'last-modified': new Date().toUTCString(), ...size })
        .end();
    });
  });
  const error = await open(endpoint)
    .put('backups/a', new Uint8Array(10), { createOnly: true })
    .catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    message: expect.stringMatching(
      /"backups\/a" was answered with success, but the bucket has 5 of its 10 bytes/,
    ),
    retryable: false,
  });
});

test('a bucket that breaks off in the middle of an object: the error names the object', async () => {
  const endpoint = await serveHere((_request, response) => {
    response.writeHead(200, { 'content-length': '1000', 'last-modified': new Date().toUTCString() });
    response.write('half of it', () => response.destroy());
  });
  const found = await open(endpoint).get('backups/a b.db.gz');
  const error = await new Response(found?.body).bytes().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreError);
  expect(explain(error)).toMatch(
    /^s3: the download of "b\/backups\/a b\.db\.gz" from http:\S+ broke off \([^:()]+\)$/,
  );
});
