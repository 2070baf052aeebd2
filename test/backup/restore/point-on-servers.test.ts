/** A moment whose chain lies on an S3 server, brought back into a database behind a server. */
import { expect, onTestFinished, test } from 'vitest';
import { startMemoryS3 } from '../../../sim/s3/memory-server.ts';
import { listBackups } from '../../../src/backup/catalog/list.ts';
import { followChain } from '../../../src/backup/changes/chain.ts';
import { basesOf, listChanges } from '../../../src/backup/changes/list-changes.ts';
import { ship } from '../../../src/backup/changes/ship.ts';
import { verifyChanges } from '../../../src/backup/changes/verify-changes.ts';
import { findPoint } from '../../../src/backup/restore/point-in-time.ts';
import { restore } from '../../../src/backup/restore/restore.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { createS3Store } from '../../../src/backup/store/s3-store.ts';
import { all, sql } from '../../../src/db/database.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld } from '../../support/backup-world.ts';
import { beginLog, shippingOf } from '../../support/shipping.ts';
import { backUp, partsOf, startRemote } from './support.ts';

test('each stored file follows the one before; a server gets the rows of the moment, and no later ones', async () => {
  const s3 = await startMemoryS3();
  onTestFinished(() => s3.close());
  const world = await createWorld({ store: createS3Store(s3.settings) });
  onTestFinished(() => world.close());
  // Change files have the database's own time, and backups this clock's.
  world.clock.set(new Date(Date.now() - 60_000));
  const { db, context } = world;
  const source = openEmbeddedSnapshotSource({ path: world.path });
  const shipping = shippingOf({ db, source, store: context.store });
  await beginLog(db, source);
  await backUp(world);
  for (const user of [71, 72, 73]) {
    await db.write([sql('INSERT INTO users (user_id) VALUES (?)', user)]);
    expect(await ship(shipping)).toMatchObject({ kind: 'shipped', isEnd: true });
  }
  const bucket = { store: context.store, prefix: context.prefix };
  expect(await verifyChanges(bucket, { keys: undefined })).toMatchObject({ ok: true, files: 3, good: 3 });
  const { files } = await listChanges(bucket);
  const [base] = basesOf(bucket, (await listBackups(bucket)).entries);
  if (base === undefined) throw new Error('no base');
  const links: string[] = [];
  for await (const { file } of followChain(bucket, base, files, { keys: undefined })) links.push(file.file);
  expect(links).toEqual(files.map(({ file }) => file));

  const remote = await startRemote(world.directory);
  onTestFinished(() => remote.server.close());
  const at = files[1]?.time ?? new Date();
  const point = await findPoint(bucket, { at, keys: undefined, show: (time) => time.toISOString() });
  await restore(partsOf(world, { bucket, target: remote.target }), { from: { kind: 'point', point } });
  const there = openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });
  onTestFinished(() => there.close());
  const [users, [state]] = await there.read([
    all(sql('SELECT user_id FROM users WHERE user_id IN (71, 72, 73) ORDER BY 1'), (row) =>
      row.int('user_id'),
    ),
    all(sql('SELECT reason, needs_base, parent FROM change_state'), (row) => ({
      reason: row.text('reason'),
      needsBase: row.text('needs_base'),
      parent: JSON.parse(row.text('parent')) as unknown,
    })),
  ]);
  expect(users).toEqual([71, 72]);
  const parent = { timeline: files[1]?.timeline, seq: files[1]?.last };
  expect(state).toEqual({ reason: 'restore', needsBase: 'restore', parent });
});
