/**
 * A machine that is short of files, or of room for what is unpacked: each command does what it
 * says, or says what is missing and what comes next, and what was stored stays whole.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withAdvice } from '../../src/cli/advice.ts';
import { ownDatabase } from './own-database.ts';
import { runCliWithFiles } from './spawn-cli.ts';

const own = ownDatabase('short-machine');

test('a process with few files: done, or said with the limit; a kit calls no bucket empty', async () => {
  await own.migrate();
  own.run("INSERT INTO anime (code, title) VALUES (1, 'Bleach')");
  mkdirSync(join(own.directory, 'second'));
  const env = { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket', COPY_DIR: 'second' };
  await own.full();
  let failed = 0;
  // With fewer still Node itself, or the driver, cannot begin.
  for (const files of [64, 40, 34, 30])
    for (const command of [
      ['full'],
      ['copy'],
      ['kit', '-o', 'kit.tar'],
      ['restore', 'latest', '--replace'],
    ]) {
      const said = await runCliWithFiles(files, own.directory, env, ...command, '--yes');
      const text = said.stdout + said.stderr;
      if (said.code === 0 || said.code === null || said.code > 128) continue;
      failed += 1;
      expect(said.code, text).toBe(1);
      expect(text, command.join(' ')).toContain('ulimit -n');
      expect(text).not.toMatch(/there is no backup in/);
    }
  expect(failed).toBeGreaterThan(0);
  expect((await own.cli('verify', '--all')).code).toBe(0);
  expect(own.rows('SELECT title FROM anime')).toEqual([{ title: 'Bleach' }]);
  expect(existsSync(join(own.directory, 'bot.db.restoring'))).toBe(false);
}, 240_000);

test('what the machine lacks is told with the next step, once', () => {
  const told = (message: string): string => withAdvice(message, undefined);
  expect(told('no process can be started: spawn node EAGAIN')).toMatch(/\n.*no memory or no process left/);
  expect(told('open x failed: EMFILE: too many open files')).toMatch(/\n.*ulimit -n 1024/);
  expect(told('x: EMFILE; raise the limit (ulimit -n; y)')).not.toContain('\n');
  expect(told('the database file cannot be opened (SQLITE_CANTOPEN)')).toMatch(/\nWhere path and rights/);
  expect(told('cannot write /x/backup.db: ENOSPC: no space left on device')).not.toContain('\n');
  const scratch = process.env['TMPDIR'] ?? '/tmp';
  expect(told(`cannot write ${scratch}/x/backup.db: ENOSPC: no space left`)).toMatch(
    /\nMake room in .*TMPDIR=/,
  );
});
