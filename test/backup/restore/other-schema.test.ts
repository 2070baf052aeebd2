/** Backups and databases of different versions of the program meet. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { drill } from '../../../src/backup/restore/drill.ts';
import { previewRestore } from '../../../src/backup/restore/restore.ts';
import { type Database, sql } from '../../../src/db/database.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate, SCHEMA_VERSION } from '../../../src/db/migrate.ts';
import { openRemoteDatabase } from '../../../src/db/remote-database.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { undoAfter } from '../../support/undo-migrations.ts';
import { backUp, newest, partsOf, restoreNewest, rowsOf, startRemote } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const target = () => ({
  target: { kind: 'file' as const, path: world.path },
  closeTarget: () => world.db.close(),
});

describe('a backup of a newer program', () => {
  const refusal = `made by a newer version of the program (schema ${SCHEMA_VERSION + 1}, this one knows ${SCHEMA_VERSION}): update the program`;
  beforeEach(async () => {
    await world.db.write([
      sql("INSERT INTO schema_migrations VALUES (?, 'tomorrow', '2027-01-01 00:00:00')", SCHEMA_VERSION + 1),
    ]);
    await backUp(world);
    await world.db.write([
      sql('DELETE FROM schema_migrations WHERE version > ?', SCHEMA_VERSION),
      sql("UPDATE anime SET title = 'living'"),
    ]);
  });

  test('is not put in the place of a database that the bot can use, nor shown as if it could be', async () => {
    await expect(restoreNewest(world, target())).rejects.toThrow(refusal);
    const from = await newest(world);
    await expect(previewRestore(partsOf(world, target()), { from })).rejects.toThrow(refusal);
    expect(rowsOf(world.path, "SELECT count(*) FROM anime WHERE title = 'living'")).toEqual(['40']);
  });

  test('passes no drill of this one, and gives single tables', async () => {
    const { record } = await drill({ bucket: world.context, keys: undefined, clock: world.clock });
    expect(record).toMatchObject({
      ok: false,
      problem: expect.stringContaining(refusal),
    });
    await restoreNewest(world, target(), { only: ['anime', 'anime_parts'] });
    expect(rowsOf(world.path, "SELECT count(*) FROM anime WHERE title = 'living'")).toEqual(['0']);
    expect(rowsOf(world.path, 'SELECT max(version) FROM schema_migrations')).toEqual([`${SCHEMA_VERSION}`]);
  });
});

test('a backup of schema 6 comes back, and the migration moves the question that it holds', async () => {
  await world.db.write([
    ...undoAfter(6),
    sql(
      `INSERT INTO drafts (id, user_id, kind, step, is_open, anime_id, created_at, updated_at)
       VALUES (91, 100, 'ask:title', 'answer', 1, (SELECT MIN(id) FROM anime), '2026-01-01 00:00:00', '')`,
    ),
  ]);
  await backUp(world);
  await world.db.write([sql('DELETE FROM drafts')]);
  await restoreNewest(world, target());
  const db = await openEmbeddedDatabase(world.path);
  const report = await migrate(db, { now: () => new Date(), backup: async () => {} });
  db.close();
  expect(report).toMatchObject({ from: 6, to: SCHEMA_VERSION, lack: undefined });
  expect(rowsOf(world.path, 'SELECT user_id, question, asked_at FROM admin_questions')).toEqual([
    '100 title 2026-01-01 00:00:00',
  ]);
  expect(rowsOf(world.path, 'SELECT id FROM drafts')).toEqual([]);
});

/** A database that a migration has not reached yet, which would add the column. */
const OLDER = `DELETE FROM schema_migrations WHERE version = ${SCHEMA_VERSION}`;

describe.each(['file', 'server'] as const)('single tables into a %s of another age', (kind) => {
  async function restoreAnime(...changes: readonly string[]) {
    const only = ['anime', 'anime_parts'];
    await backUp(world);
    if (kind === 'file') {
      await world.db.write(changes.map((change) => sql(change)));
      return restoreNewest(world, target(), { only });
    }
    const remote = await startRemote(world.directory);
    const db: Database = openRemoteDatabase({ url: remote.server.url, authToken: 'token', fetch });
    try {
      await restoreNewest(world, { target: remote.target });
      await db.write(changes.map((change) => sql(change)));
      return await restoreNewest(world, { target: remote.target }, { only });
    } finally {
      db.close();
      await remote.server.close();
    }
  }

  test('a column that the database has not yet: refused, for it would be lost in silence', async () => {
    await expect(restoreAnime('ALTER TABLE anime DROP COLUMN genres', OLDER)).rejects.toThrow(
      "the database's table anime has no genres, which the backup has (of an older bot's: start the bot once",
    );
  });

  test('a column that somebody took away comes back with its table', async () => {
    const report = await restoreAnime('ALTER TABLE anime DROP COLUMN genres');
    expect(report.tables).toContainEqual({ table: 'anime', rows: 40 });
  });

  test('a column that the backup has not yet: told', async () => {
    const report = await restoreAnime("ALTER TABLE anime ADD COLUMN studio TEXT DEFAULT 'x'");
    expect(report.notes).toEqual(['anime: studio newer than this backup, now at the default in every row']);
  });
});
