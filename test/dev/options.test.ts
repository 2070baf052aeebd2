/**
 * Scripts for developers read their command line like every command: a wrong word begins nothing.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'options-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

function run(file: string, argument: string, settings: Record<string, string> = {}) {
  const main = fileURLToPath(new URL(`../../dev/${file}`, import.meta.url));
  return spawnSync(process.execPath, argument === '' ? [main] : [main, argument], {
    cwd: directory,
    // What it makes in its temporary directory would be seen here.
    env: { ...childEnv(), NODE_NO_WARNINGS: '1', TMPDIR: directory, ...settings },
    encoding: 'utf8',
    timeout: 100_000,
  });
}

test('npm run dev says at once that its port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const PORT = String(typeof address === 'object' ? address?.port : '');
  const { status, stdout, stderr } = run('dev.ts', '', { PORT });
  other.close();
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`port ${PORT} is in use by another program`);
});

test.each([
  ['demo', 'demo.ts'],
  ['dev', 'dev.ts'],
  ['bundle', 'bundle-size.ts'],
  ['mutate', 'mutate/mutate.ts'],
  ['pictures', 'pictures/take-pictures.ts'],
])('npm run %s: an unknown option is 2, --help is 0, and neither begins', (name, file) => {
  const wrong = run(file, '--fast');
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toContain("unknown option '--fast'");
  expect(wrong.stderr).toContain(`npm run ${name} -- --help`);
  const help = run(file, '--help');
  expect({ status: help.status, stderr: help.stderr }).toEqual({ status: 0, stderr: '' });
  expect(help.stdout).toMatch(new RegExp(`^Usage: npm run ${name} -- `));
  expect(readdirSync(directory).filter((made) => made.startsWith('anime-'))).toEqual([]);
});
