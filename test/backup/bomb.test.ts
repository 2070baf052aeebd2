/**
 * Objects that unpack to far more than they are: unpacking stops where the manifest ends, and a
 * manifest may not say anything.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDrills } from '../../src/backup/catalog/drill-record.ts';
import { listBackups, newestVerified } from '../../src/backup/catalog/list.ts';
import { createManifest, type Manifest } from '../../src/backup/catalog/manifest.ts';
import { manifestKey } from '../../src/backup/catalog/names.ts';
import { mostUnpacked } from '../../src/backup/envelope/limited.ts';
import { plainFile } from '../../src/backup/verify/plain-file.ts';
import { unpackObject } from '../../src/backup/verify/unpack-object.ts';
import { createMemoryStore } from '../support/memory-store.ts';
import { putBackup } from '../support/sample-backup.ts';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bomb-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('an object is unpacked as far as its manifest says, and not further', async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(64_000_000)));
  const store = createMemoryStore(() => new Date(0));
  store.objects.set('bomb', { body: bomb, modified: new Date(0) });
  const path = join(directory, 'unpacked');
  const expected = {
    file: 'bomb',
    bytes: bomb.byteLength,
    sha256: sha256(bomb),
    encoding: ['gzip' as const],
    recipients: [],
    parts: [{ bytes: bomb.byteLength, sha256: sha256(bomb) }],
    contents: { bytes: 1_000_000, head_bytes: 0, head_sha256: '', rest_sha256: '' },
  };
  const { problems } = await unpackObject({ store, prefix: '' }, expected, path, { keys: undefined });
  expect(problems).toEqual(['bomb: unpacks to more than the 1000000 bytes that were packed']);
  expect(statSync(path).size).toBeLessThan(2_000_000);
});

test('a manifest that lets 13 MB unpack to 3.2 GB is not believed', async () => {
  const store = createMemoryStore(() => new Date(0));
  await putBackup(store, '', new Date(0));
  const real = (await newestVerified({ store, prefix: '' }))?.manifest;
  if (real === undefined) throw new Error('no backup');
  const { database } = real.objects;
  const claim = (bytes: number, unpacked: number): Manifest =>
    createManifest({
      ...real,
      objects: {
        ...real.objects,
        database: {
          ...database,
          bytes,
          parts: [{ bytes, sha256: sha256(new Uint8Array()) }],
          contents: { ...database.contents, bytes: unpacked },
        },
      },
    });
  expect(() => claim(13_000_000, 3_200_000_000)).toThrow(/13000000 bytes unpack to 3200000000/);
  expect(claim(13_000_000, 130_000_000).objects.database.bytes).toBe(13_000_000);
});

test('a file on disk that is a bomb is not unpacked to its end', async () => {
  const path = join(directory, 'bomb.gz');
  // Members one after the other are one file to gzip.
  const member = gzipSync(new Uint8Array(64_000_000));
  writeFileSync(path, Buffer.concat(Array.from({ length: 5 }, () => member)));
  await expect(plainFile(path, directory, undefined)).rejects.toThrow('unpacks to more than 256 MB');
  expect(mostUnpacked(statSync(path).size)).toBe(256_000_000);
});

test('a manifest of many megabytes is read by nobody, and hides no other backup', async () => {
  const store = createMemoryStore(() => new Date(0));
  await putBackup(store, '', new Date(0));
  const name = await putBackup(store, '', new Date(60_000));
  const large = new Uint8Array(5_000_000).fill(0x20);
  store.objects.set(manifestKey('', name), { body: large, modified: new Date(0) });
  store.objects.set('drills.json', { body: large, modified: new Date(0) });
  const bucket = { store, prefix: '' };
  expect((await listBackups(bucket)).entries).toMatchObject([
    { state: 'unreadable', problem: expect.stringContaining('5000000 bytes: too many') },
    { state: 'verified' },
  ]);
  expect(await readDrills(bucket)).toEqual([]);
});
