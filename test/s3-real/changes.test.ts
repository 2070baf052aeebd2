/** The change log on a real S3 server: stored, read back, followed, and gone again. */
import { expect, inject, onTestFinished, test } from 'vitest';
import { listChanges } from '../../src/backup/changes/list-changes.ts';
import { ship } from '../../src/backup/changes/ship.ts';
import { verifyChanges } from '../../src/backup/changes/verify-changes.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createS3Store } from '../../src/backup/store/s3-store.ts';
import { sql } from '../../src/db/database.ts';
import { createWorld } from '../support/backup-world.ts';
import { beginLog, shippingOf, stateOf } from '../support/shipping.ts';

test('two files, the second behind the first; a lost answer stores nothing twice', async () => {
  const store = createS3Store(inject('s3').settings);
  const prefix = `changes-${crypto.randomUUID()}/`;
  const world = await createWorld({ store, prefix });
  onTestFinished(() => world.close());
  const { db, path } = world;
  const source = openEmbeddedSnapshotSource({ path });
  await beginLog(db, source);
  const shipping = shippingOf({ db, source, store }, { prefix });
  const add = (user: number) => db.write([sql('INSERT INTO users (user_id) VALUES (?)', user)]);
  await add(71);
  expect((await ship(shipping)).kind).toBe('shipped');
  await add(72);
  const silent = {
    ...store,
    put: async (...args: Parameters<typeof store.put>) => {
      await store.put(...args);
      throw new Error('no answer');
    },
    list: () => Promise.reject(new Error('no answer')),
  };
  await expect(ship({ ...shipping, store: silent })).rejects.toThrow('no answer');
  expect((await ship(shipping)).kind).toBe('shipped');
  const bucket = { store, prefix };
  expect(await verifyChanges(bucket, { keys: undefined })).toMatchObject({ ok: true, files: 2, good: 2 });
  const { files } = await listChanges(bucket);
  expect((await stateOf(db)).previous).toMatchObject({ file: files[1]?.file });
  await store.delete(files.map(({ file }) => `${prefix}${file}`));
  expect((await listChanges(bucket)).files).toEqual([]);
});
