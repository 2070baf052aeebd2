/** A change file that takes the record of migrations away: without it no bot starts. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeChangeFile, type TableChanges } from '../../../src/backup/changes/change-file.ts';
import { limitsFor, runInProcess } from '../../../src/backup/foreign/process.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { CHANGE_HEADER } from '../../support/change-header.ts';

test('rows of schema_migrations that are deleted: the file is named, and not taken', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'replay-record-'));
  try {
    const path = join(directory, 'bot.db');
    const db = await openEmbeddedDatabase(path);
    await migrate(db, { now: () => new Date(), backup: async () => {} });
    db.close();
    const { tables } = await openFileSnapshotSource({ path }).schema();
    const table = tables.find(({ name }) => name === 'schema_migrations');
    if (table === undefined) throw new Error('no record');
    const replay = (deleted: TableChanges['deleted']) => {
      const file = join(directory, 'file');
      writeFileSync(
        file,
        encodeChangeFile({
          header: CHANGE_HEADER,
          tables: [{ table, images: [], deleted }],
          sequence: new Map(),
        }),
      );
      const files = [{ path: file, at: 0, bytes: statSync(file).size, name: 'forged', isRestorePoint: true }];
      const bytes = 10_000_000;
      return runInProcess('replay', { path, files, bytes }, { limits: limitsFor(bytes) });
    };
    expect(await replay([{ key: 999n, rest: null }])).not.toHaveProperty('end');
    expect(await replay([{ key: 1n, rest: null }])).toMatchObject({
      end: {
        file: 'forged',
        problem: expect.stringMatching(/not whole: table schema_migrations has no row of version 1/),
        good: 0,
      },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
