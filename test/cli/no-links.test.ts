/** A file system without hard links: a USB stick, a network share, a phone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelegram } from '../../sim/telegram/start-telegram.ts';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { childEnv } from '../support/child-env.ts';
import { runCli } from './spawn-cli.ts';

const NO_LINKS = new URL('../support/no-links.ts', import.meta.url).href;
const HOST = fileURLToPath(new URL('../../src/node.ts', import.meta.url));
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'no-links-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const settings = (code: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${NO_LINKS}`,
  LINK_ERROR: code,
  DATABASE_URL: 'file:data/anime_bot.db',
  BACKUP_DIR: 'data/backups',
});

test.each(['EPERM', 'EACCES'])('%s: a backup, a download and a restore over the database', async (code) => {
  const world = await createWorld();
  mkdirSync(join(directory, 'data'));
  const file = join(directory, 'data/anime_bot.db');
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), file);
  world.close();
  const cli = (...args: string[]) => runCli(directory, settings(code), ...args);
  expect((await cli('full')).code).toBe(0);
  expect((await cli('download', 'latest', '-o', 'copies')).code).toBe(0);
  {
    using db = new DatabaseSync(file, { timeout: 10_000 });
    db.exec("UPDATE anime SET title = 'x'");
  }
  const restored = await cli('restore', 'latest', '--replace', '--yes');
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  const titles = (path: string): unknown => {
    using db = new DatabaseSync(path, { readOnly: true, timeout: 10_000 });
    return db.prepare("SELECT count(*) AS n FROM anime WHERE title = 'x'").get();
  };
  expect(titles(file)).toEqual({ n: 0 });
  expect(titles(`${file}.before-restore`)).toEqual({ n: 40 });
  expect(readdirSync(join(directory, 'data')).sort()).toEqual([
    'anime_bot.db',
    'anime_bot.db.before-restore',
    'backups',
  ]);
  for (const { parentPath, name } of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(parentPath, name);
    if (!/data(\/anime_bot\.db)?$/.test(path)) expect(statSync(path).mode & 0o077, path).toBe(0);
  }
});

test('the host starts, answers and stops', async () => {
  const telegram = await startTelegram();
  const host = spawn(process.execPath, [HOST], {
    cwd: directory,
    env: {
      ...childEnv(),
      ...settings('ENOSYS'),
      BOT_TOKEN: telegram.token,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let said = '';
    host.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes('"outcome":"done"')) await once(host.stdout, 'data');
    host.kill('SIGTERM');
    await once(host, 'close');
    expect(host.exitCode).toBe(0);
    expect(readdirSync(join(directory, 'data')).sort()).toEqual(['anime_bot.db', 'backups']);
  } finally {
    host.kill('SIGKILL');
    await telegram.close();
  }
});
