/** A forged number in sqlite_sequence does not stop every write of the restored database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { databaseFault } from '../../../src/db/database-fault.ts';
import { openEmbeddedDatabase } from '../../../src/db/file/embedded-database.ts';
import { migrate } from '../../../src/db/migrate.ts';
import { runCli } from '../../cli/spawn-cli.ts';

test('numbers beyond 2^53 become the highest of their table, by name, and the next run succeeds', async ({
  onTestFinished,
}) => {
  const directory = mkdtempSync(join(tmpdir(), 'sequences-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));
  const db = await openEmbeddedDatabase(join(directory, 'given.db'));
  await migrate(db, { now: () => new Date(0), backup: async () => {} });
  db.close();
  const given = new DatabaseSync(join(directory, 'given.db'));
  given.exec(`INSERT INTO anime (id, code, title) VALUES (7, 1, 'one');
    DELETE FROM sqlite_sequence;
    INSERT INTO sqlite_sequence VALUES ('anime', 9223372036854775807), ('backup_runs', '9223372036854775807'),
      ('later', 1e300), ('user_history', 9007199254740991)`);
  given.close();

  const cli = (...args: readonly string[]) =>
    runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);
  const restored = await cli('restore', 'given.db', '--json');
  const note = (name: string, highest: number): string =>
    `the number of the newest row ever in ${name} was given as 9223372036854775807, after which no row can be added: it is ${highest} now, the highest there is`;
  expect(restored.json()).toMatchObject({
    ok: true,
    notes: [note('anime', 7), note('backup_runs', 0), note('later', 0)],
  });
  const bot = new DatabaseSync(join(directory, 'bot.db'));
  expect(bot.prepare('SELECT name, seq FROM sqlite_sequence ORDER BY name').all()).toEqual([
    { name: 'anime', seq: 7 },
    { name: 'backup_runs', seq: 0 },
    { name: 'later', seq: 0 },
    { name: 'user_history', seq: 9007199254740991 },
  ]);
  bot.close();
  expect((await cli('full')).code).toBe(0);
});

test('SQLite’s word for a full disk is its word for used up numbers too', () => {
  const { what } = databaseFault(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
  expect(what).toContain('needs more room on its disk');
  expect(what).toContain('sqlite_sequence');
});
