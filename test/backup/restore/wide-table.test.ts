/** A table of 2000 columns, SQLite's own most: what `full` calls verified comes back. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { drill } from '../../../src/backup/restore/drill.ts';
import { diffInProcess } from '../../../src/backup/verify/database-diff.ts';
import { verifyDeep } from '../../../src/backup/verify/verify-backup.ts';
import { sql } from '../../../src/db/database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, newest, restoreNewest, rowsOf } from './support.ts';

const COLUMNS = Array.from({ length: 2000 }, (_, i) => `c${i}`).join(', ');
const VALUES = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? String(i) : `'t${i}'`)).join(', ');

let world: World;
beforeEach(async () => {
  world = await createWorld();
  await world.db.write([sql(`CREATE TABLE wide (${COLUMNS})`), sql(`INSERT INTO wide VALUES (${VALUES})`)]);
});
afterEach(() => world.close());

test('it is restored, drilled, verified and compared', async () => {
  await backUp(world);
  const from = await newest(world);
  const manifest = from.kind === 'backup' ? from.entry.manifest : undefined;
  if (manifest === undefined) throw new Error('no manifest');
  const verdict = await verifyDeep(world.context, manifest, { keys: undefined });
  expect(verdict.problems).toEqual([]);
  const { record } = await drill({ bucket: world.context, keys: undefined, clock: world.clock });
  expect(record).toMatchObject({ ok: true, problem: null });
  await restoreNewest(world);
  const restored = join(world.directory, 'restored.db');
  expect(rowsOf(restored, 'SELECT c0, c1, c1998, c1999 FROM wide')).toEqual(['0 t1 1998 t1999']);
  const diff = await diffInProcess({ first: restored, second: restored, scratch: world.directory });
  expect(diff.tables.find(({ table }) => table === 'wide')).toMatchObject({ same: 1, changed: 0 });
  const other = new DatabaseSync(join(world.directory, 'other.db'));
  other.exec(
    `CREATE TABLE wide (${COLUMNS}); INSERT INTO wide VALUES (${VALUES}); UPDATE wide SET c1999 = 1`,
  );
  other.close();
  const changed = await diffInProcess({
    first: restored,
    second: join(world.directory, 'other.db'),
    scratch: world.directory,
  });
  expect(changed.tables.find(({ table }) => table === 'wide')).toMatchObject({ same: 0, changed: 1 });
});
