/** Each command on a disk that is full or read-only says which one it is, and what to do. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withAdvice } from '../../src/cli/advice.ts';
import { ownDatabase } from './own-database.ts';
import { runCliOnDisk } from './spawn-cli.ts';

const own = ownDatabase('full-disk');
const MAY_MOUNT = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** The place that takes nothing, and the command. */
const CASES: readonly (readonly [place: string, ...args: string[]])[] = [
  ['out', 'kit', '-o', 'out/kit.tar'],
  ['out', 'download', 'latest', '-o', 'out'],
  ['out', 'export', '-o', 'out/export.json'],
  ['out', 'restore', 'latest', '--to', 'file:out/new.db', '--yes'],
  ['db', 'full'],
  ['db', 'restore', 'latest', '--replace', '--yes'],
  ['db', 'changes', 'ship'],
  ['bucket', 'full'],
  ['bucket', 'pin', 'latest'],
  ['second', 'copy'],
  ['tmp', 'verify', 'latest'],
];

test.skipIf(!MAY_MOUNT)(
  'the path and the next step, whichever disk takes nothing',
  async () => {
    await own.migrate();
    await own.full();
    for (const place of ['out', 'db', 'second', 'tmp']) mkdirSync(join(own.directory, place));
    own.run(`VACUUM INTO '${join(own.directory, 'db/bot.db')}'`);
    const env = { DATABASE_URL: 'file:db/bot.db', BACKUP_DIR: 'bucket', COPY_DIR: 'second' };
    const all = { ...env, TMPDIR: join(own.directory, 'tmp') };
    for (const [how, step] of [
      ['full', /make room/i],
      ['read-only', /mount (it|the disk) writable/i],
    ] as const)
      for (const [place, ...args] of CASES) {
        const { code, stdout, stderr } = await runCliOnDisk([place, how], own.directory, all, ...args);
        const said = (stdout + stderr).split('\n').filter((line) => step.test(line));
        expect({ code, lines: said.length }, `${how}: ${args}\n${stdout}${stderr}`).toEqual({
          code: 1,
          lines: 1,
        });
        expect(said[0]).toMatch(new RegExp(`[ /]${place}\\b`));
      }
  },
  300_000,
);

test('the next step is told once, and in the same sentence', () => {
  const file = { kind: 'file', path: '/data/bot.db' } as const;
  const told = (message: string): string => withAdvice(message, file);
  expect(told('cannot write /mnt/kit.tar: EIO: i/o error, write')).toBe(
    'cannot write /mnt/kit.tar: EIO: i/o error, write: the disk cannot be read or written: look at the system log, and use another disk',
  );
  expect(told('cannot write /mnt/kit.tar: EDQUOT: quota exceeded')).toMatch(/quota of this user is used up/);
  expect(told('database unavailable: SQLITE_FULL: database or disk is full')).toBe(
    'database unavailable: SQLITE_FULL: database or disk is full: the disk of /data/bot.db is full: make room on it',
  );
  expect(told('no safety backup: the database file needs more room on its disk (make room)')).toBe(
    'no safety backup: the database file /data/bot.db needs more room on its disk (make room)',
  );
  const once = 'directory /b: writing "x" failed: ENOSPC: no space (disk full); make room there';
  expect(told(once)).toBe(once);
});
