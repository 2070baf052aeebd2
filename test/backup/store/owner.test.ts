/**
 * Backups made by root among the bot's files (`sudo npm run backup -- full`). Runs where the tests
 * are root's: a container, CI.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBackup, listBackups } from '../../../src/backup/catalog/list.ts';
import { pin } from '../../../src/backup/catalog/pins.ts';
import { keepVerdict } from '../../../src/backup/catalog/verdicts.ts';
import { runBackup } from '../../../src/backup/run/run.ts';
import { createDirectoryStore } from '../../../src/backup/store/directory.ts';
import { runCli } from '../../cli/spawn-cli.ts';
import { createWorld, type World } from '../../support/backup-world.ts';

const NOBODY = 65_534;
let world: World;
beforeEach(async () => {
  world = await createWorld({}, 'small');
});
afterEach(() => world.close());

const full = async () => {
  world.clock.advance(60_000);
  const outcome = await runBackup(world.context, { trigger: 'command', scheduledAt: world.clock.now() });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  return outcome;
};

describe.runIf(process.getuid?.() === 0)('made by root', () => {
  test('every file and directory of a bucket goes to whoever has the one above', async () => {
    chownSync(world.directory, NOBODY, NOBODY);
    const { manifest, name } = await full();
    await pin(world.context, name);
    await keepVerdict(world.context, manifest, 'verify', [{ file: 'document', finding: 'x' }]);
    const entries = readdirSync(join(world.directory, 'bucket'), { recursive: true, encoding: 'utf8' });
    expect(entries).toHaveLength(6);
    for (const entry of ['', ...entries])
      expect([entry, statSync(join(world.directory, 'bucket', entry)).uid]).toEqual([entry, NOBODY]);
  });

  test('a database that was not there goes to whoever has its directory', async () => {
    const { name } = await full();
    chownSync(world.directory, NOBODY, NOBODY);
    const env = { DATABASE_URL: 'file:new/bot.db', BACKUP_DIR: 'bucket', BACKUP_PREFIX: 'backups/' };
    expect(await runCli(world.directory, env, 'restore', name)).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(join(world.directory, 'new/bot.db')).uid).toBe(NOBODY);
  });

  test('one that is another user’s all the same is unreadable by itself, and the rest is listed', async () => {
    const first = await full();
    const second = await full();
    const bucket = join(world.directory, 'bucket/backups');
    const mine = `anime_backup_${second.name}.manifest.json`;
    chmodSync(join(bucket, mine), 0o600);
    const script = join(world.directory, 'list.mjs');
    const list = new URL('../../../src/backup/catalog/list.ts', import.meta.url).href;
    const store = new URL('../../../src/backup/store/directory.ts', import.meta.url).href;
    writeFileSync(
      script,
      `import { listBackups } from '${list}'; import { createDirectoryStore } from '${store}';
       process.setgid(${NOBODY}); process.setuid(${NOBODY});
       const store = createDirectoryStore(${JSON.stringify(join(world.directory, 'bucket'))});
       const { entries } = await listBackups({ store, prefix: 'backups/' });
       console.log(JSON.stringify(entries.map(({ name, state, problem }) => ({ name, state, problem }))));`,
    );
    for (const entry of ['', 'bucket', 'bucket/backups']) chmodSync(join(world.directory, entry), 0o755);
    for (const entry of readdirSync(bucket))
      if (entry !== mine) chownSync(join(bucket, entry), NOBODY, NOBODY);
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect(stderr).not.toContain('Error');
    expect(JSON.parse(stdout)).toEqual([
      {
        name: second.name,
        state: 'unreadable',
        problem: expect.stringMatching(
          new RegExp(`EACCES; give the bot's user the right to .*${mine} \\(chown`),
        ),
      },
      { name: first.name, state: 'verified' },
    ]);
  });
});

test('a refusal of one object is a state of that backup, for everybody', async () => {
  const first = await full();
  const second = await full();
  const denied = Object.assign(new Error('x'), { code: 'EACCES', path: '/b/manifest' });
  const fs = await import('node:fs/promises');
  const store = createDirectoryStore(join(world.directory, 'bucket'), {
    fs: {
      ...fs,
      open: async (...args: Parameters<typeof fs.open>) => {
        if (String(args[0]).includes(`${second.name}.manifest`)) throw denied;
        return fs.open(...args);
      },
    },
  });
  const bucket = { ...world.context, store };
  expect((await listBackups(bucket)).entries.map(({ state }) => state)).toEqual(['unreadable', 'verified']);
  expect((await findBackup(bucket, second.name))?.problem).toContain('the right to /b/manifest');
  expect((await findBackup(bucket, first.name))?.state).toBe('verified');
});
