/** A pipe, a directory, a loop of links or a device under our fixed names: no command hangs. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

const main = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const cli = (...args: readonly string[]) => [main('cli/main.ts'), ...args];
const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';
const PATIENCE_MS = 100_000;

const KINDS: Readonly<Record<string, (path: string) => void>> = {
  'a pipe': (path) => void execFileSync('mkfifo', [path]),
  'a directory': (path) => void mkdirSync(path),
  'a loop of links': (path) => symlinkSync(path, path),
  'an endless device': (path) => symlinkSync('/dev/zero', path),
};

let root: string;
let whole: string;
let count = 0;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'odd-files-'));
  whole = join(root, 'whole');
  mkdirSync(whole);
  const db = new DatabaseSync(join(whole, 'bot.db'), { timeout: 10_000 });
  db.exec(
    'CREATE TABLE anime (code INTEGER PRIMARY KEY, title TEXT); INSERT INTO anime VALUES (1, $$A$$)'.replaceAll(
      '$$',
      "'",
    ),
  );
  db.close();
  expect((await run(whole, cli('full', '--any-schema'))).code).toBe(0);
}, PATIENCE_MS);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10 }));

async function run(directory: string, command: readonly string[]) {
  const isOffline = command.includes('--offline');
  const child = spawn(process.execPath, command, {
    cwd: directory,
    env: {
      ...childEnv(),
      PATH: '/usr/bin:/bin',
      PORT: '0',
      ...(isOffline ? {} : { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket', BOT_TOKEN: TOKEN }),
      TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS - 10_000,
    killSignal: 'SIGKILL',
  });
  let said = '';
  let isStopped = false;
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    // A host that got so far hangs on nothing. A second signal would end it at once.
    if (isStopped || !/"event":"started"|http:\/\//.test(said)) return;
    isStopped = child.kill('SIGTERM');
  });
  const told = readText(child.stderr);
  await once(child, 'close');
  return { code: child.exitCode, said: said + (await told) };
}

const MANIFEST = 'anime_backup_20260102_020000.manifest.json';
const PLACES: readonly (readonly [string, readonly (readonly string[])[]])[] = [
  ['.env', [cli('list'), [main('node.ts')], [main('cli/setup.ts'), '--yes']]],
  ['bot.db', [cli('full', '--any-schema'), cli('diff', 'live', 'latest'), [main('node.ts')]]],
  ['bot.db-wal', [cli('full', '--any-schema')]],
  ['bot.db-journal', [cli('full', '--any-schema')]],
  [`bucket/${MANIFEST}`, [cli('list'), cli('verify'), cli('prune', '--yes')]],
  ['bucket/NAME.manifest.json', [cli('list'), cli('restore', 'latest', '--dry-run', '--any-schema')]],
  ['bucket/NAME.bad.json', [cli('list'), cli('verify')]],
  ['bucket/NAME.pin', [cli('list'), cli('pin', 'latest')]],
  ['bucket/DATABASE', [cli('verify'), cli('drill')]],
  ['data/offline/token', [[main('node.ts'), '--offline']]],
  ['data/offline/world.json', [[main('node.ts'), '--offline']]],
];

describe.skipIf(process.platform === 'win32').each(Object.entries(KINDS))('%s', (_, make) => {
  test.each(PLACES)('as %s', { timeout: 3 * PATIENCE_MS }, async (place, commands) => {
    count += 1;
    const directory = join(root, String(count));
    cpSync(whole, directory, { recursive: true });
    const [database = ''] = readdirSync(join(directory, 'bucket')).filter((name) => name.endsWith('.db.gz'));
    const name = database.replace(/^anime_bot_(.*)\.db\.gz$/, 'anime_backup_$1');
    const path = join(directory, place.replace('NAME', name).replace('DATABASE', database));
    mkdirSync(join(path, '..'), { recursive: true });
    rmSync(path, { force: true });
    make(path);
    for (const command of commands) {
      const { code, said } = await run(directory, command);
      // Ended by a signal (null) only where it was still at it.
      expect(code, `${command.slice(1).join(' ')}\n${said}`).not.toBeNull();
      expect(said).not.toMatch(/^\s+at .*:\d+:\d+/m);
    }
    expect(existsSync(directory)).toBe(true);
  });
});
