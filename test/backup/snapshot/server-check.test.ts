/** Over HTTP: a server whose database is damaged, and one that does not let itself be asked. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSqlServer } from '../../../sim/sql-over-http/sql-server.ts';
import { ScanCounts } from '../../../src/backup/model/database-damage.ts';
import { createDigestSink } from '../../../src/backup/model/digest.ts';
import { feed } from '../../../src/backup/model/fan-out.ts';
import type { SnapshotSink } from '../../../src/backup/model/model.ts';
import { openRemoteSnapshotSource } from '../../../src/backup/snapshot/remote.ts';
import { checkServer } from '../../../src/backup/snapshot/server-check.ts';
import { damage, damageIndex } from '../../support/damage-index.ts';

/** Reads what the page writer reads. */
const everyIndex: SnapshotSink = {
  begin: () => {},
  targets: ({ indexes }) => indexes.map((index) => ({ kind: 'index', index })),
  beginScan: () => {},
  rows: () => {},
  endScan: () => {},
  finish: async () => {},
};

test.each(['sound', 'damaged'])('a %s database', async (state) => {
  const directory = mkdtempSync(join(tmpdir(), 'server-check-'));
  const path = join(directory, 'served.db');
  damage(
    path,
    `CREATE TABLE anime_parts (id INTEGER PRIMARY KEY, anime_code INTEGER, part_number INTEGER);
     INSERT INTO anime_parts VALUES (1, 1, 1), (2, 1, 2), (3, 1, 3), (4, 2, 1)`,
  );
  if (state === 'damaged') damageIndex(path);
  const server = await startSqlServer({ file: path });
  const ordered = createDigestSink();
  const source = openRemoteSnapshotSource({ url: server.url, fetch, checkServer });
  const [found, counted] = await source.read(async (snapshot) => {
    const counts = new ScanCounts();
    await feed(snapshot, { ordered, others: [everyIndex] }, async () => {}, counts);
    return [await snapshot.check?.(), counts.findings(snapshot.schema)];
  });
  expect(found?.proof).toContain('quick_check by the server');
  expect(found?.damage).toEqual([]);
  // quick_check does not look into indexes: the counts do.
  if (state === 'sound') expect(counted).toEqual([]);
  else expect(counted).toEqual(['index parts_by_code has 4 rows of table anime_parts, which has 2']);
  await server.close();
  rmSync(directory, { recursive: true });
});

test('a server that refuses it, or has gone, is not waited for and ends no run', async () => {
  const refusing = {
    host: 'h',
    post: async () => Response.json({ results: [{ type: 'error' }, { type: 'error' }] }),
  };
  expect((await checkServer(refusing, 'v3/pipeline')).proof).toContain('the server does not allow it');
  const gone = { host: 'h', post: () => Promise.reject(new Error('gone')) };
  expect((await checkServer(gone, 'v3/pipeline')).proof).toContain('the server did not answer it');
});
