/** Directories of the settings that are no place for files: said by every command, no hang. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

const main = (path: string): string => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));
const TOKEN = '123456789:AAabcdefghijklmnopqrstuvwxyz0123456';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'places-'));
  writeFileSync(join(directory, 'file'), 'x');
  symlinkSync('loop', join(directory, 'loop'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

async function run(command: readonly string[], settings: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, command, {
    cwd: directory,
    env: {
      ...childEnv(),
      PATH: '/usr/bin:/bin',
      BOT_TOKEN: TOKEN,
      TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
      PORT: '0',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
    killSignal: 'SIGKILL',
  });
  const said = Promise.all([readText(child.stdout), readText(child.stderr)]);
  await once(child, 'close');
  return { code: child.exitCode, said: (await said).join('') };
}

const PLACES: readonly (readonly [string, RegExp])[] = [
  ['/proc/x', /\/proc is the system's own and takes no files/],
  ['/proc/x/y', /\/proc is the system's own/],
  ['/sys/x', /\/sys is the system's own/],
  ['/dev/null/x', /\/dev\/null is no directory/],
  ['file', /file is no directory/],
  ['file/below', /file is no directory/],
  ['loop/below', /loop(\/below)? is no directory/],
];

describe.skipIf(!existsSync('/proc/self'))('a setting that names no place for files', () => {
  const COMMANDS: readonly (readonly string[])[] = [
    [main('cli/main.ts'), 'full'],
    [main('cli/main.ts'), 'restore', 'latest', '--yes'],
    [main('node.ts')],
  ];

  test.each(PLACES)('BACKUP_DIR=%s', async (place, words) => {
    const results = await Promise.all(COMMANDS.map((command) => run(command, { BACKUP_DIR: place })));
    for (const { code, said } of results) {
      expect(said).toMatch(words);
      expect(said).toContain('BACKUP_DIR');
      expect(code).toBeGreaterThan(0);
    }
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  test.each(PLACES)('DATABASE_URL=file:%s/bot.db', async (place, words) => {
    const results = await Promise.all([
      ...COMMANDS.map((command) => run(command, { DATABASE_URL: `file:${place}/bot.db` })),
      run([main('cli/main.ts'), 'restore', 'latest', '--to', `file:${place}/bot.db`, '--yes'], {}),
    ]);
    for (const { code, said } of results) {
      expect(said).toMatch(words);
      expect(said).toContain('DATABASE_URL');
      expect(code).toBeGreaterThan(0);
    }
  });
});
