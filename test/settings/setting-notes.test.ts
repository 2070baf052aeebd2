/**
 * The commands tell names that were meant to be settings, in the environment and in `.env`; the
 * Worker logs them.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'anime-notes-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function run(command: string, args: string[], env: Record<string, string>) {
  const main = fileURLToPath(new URL(`../../src/cli/${command}.ts`, import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...args], {
    cwd: directory,
    env: { ...childEnv(), ...env },
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { stdout, stderr, status, all: stdout + stderr };
}

test.each<[string, string[]]>([
  ['main', ['list', '--json']],
  ['setup', ['--yes']],
  ['deploy', []],
])('%s tells them', (command, args) => {
  writeFileSync(join(directory, '.env'), 'S3_BUKET=anime\n');
  const { all } = run(command, args, { ADMIN_ID: '7' });
  expect(all).toContain('ADMIN_ID: did you mean ADMIN_IDS?');
  expect(all).toContain('S3_BUKET: did you mean S3_BUCKET?');
});

test('a note of a command goes to standard error: what a program reads stays whole', () => {
  const { stdout, stderr } = run('main', ['list', '--json'], { ADMIN_ID: '7' });
  expect(() => JSON.parse(stdout)).not.toThrow();
  expect(stderr).toContain('ADMIN_ID');
});

test.each(['main', 'deploy'])('%s: an .env that is no text ends in one sentence', (command) => {
  writeFileSync(join(directory, '.env'), Buffer.from('\uFEFFBOT_TOKEN=1:x\n', 'utf16le'));
  const { all, status } = run(command, command === 'main' ? ['list'] : [], {});
  expect(status).toBe(2);
  expect(all).toMatch(/\.env: is not UTF-8 text/);
  expect(all).not.toMatch(/^\s+at /m);
});
