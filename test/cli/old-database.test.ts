/** Commands on what the bot cannot work with yet: an old bot's file, a server of an old SQLite. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSqlServer } from '../../sim/sql-over-http/sql-server.ts';
import { migrate } from '../../src/db/migrate.ts';
import { takeOverFile } from '../../src/takeover/take-over.ts';
import { writeOldFile } from '../takeover/old-bot-file.ts';
import { ownDatabase } from './own-database.ts';
import { runCli } from './spawn-cli.ts';

const MIGRATION = { now: () => new Date(0), backup: async () => {} };
const own = ownDatabase('old-database');

test('the change log of an old bot’s database: not taken over yet, and how that is done', async () => {
  writeOldFile(join(own.directory, 'bot.db'), {});
  const sentence = /the bot has not taken this database over yet, .*: start it once \(npm start/;
  const ship = await own.cli('changes', 'ship');
  expect(ship).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(sentence) });
  expect(await own.cli('changes')).toMatchObject({ code: 0, stdout: expect.stringMatching(sentence) });
  await own.open((db) => migrate(db, { ...MIGRATION, takeOver: takeOverFile }));
  expect((await own.cli('changes')).stdout).not.toMatch(sentence);
});

test('a server of an old SQLite: which version it needs, not what a column of ours is', async () => {
  await own.migrate();
  await own.full();
  const file = join(own.directory, 'bot.db');
  const server = await startSqlServer({ file, lacks: ['new sqlite'] });
  try {
    const env = { DATABASE_URL: server.url, BACKUP_DIR: 'bucket' };
    for (const args of [['full'], ['restore', 'latest', '--replace', '--yes']]) {
      const { code, stdout, stderr } = await runCli(own.directory, env, ...args);
      expect(stdout + stderr, args.join(' ')).toMatch(
        /the database server: the bot needs SQLite 3\.43 or newer: upgrade the server/,
      );
      expect(code).toBe(1);
    }
  } finally {
    await server.close();
  }
});
