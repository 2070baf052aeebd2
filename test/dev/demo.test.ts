/**
 * The demo is many people's first sight of the program: it ends well, offline, and shows no stack
 * trace.
 */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { childEnv } from '../support/child-env.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('npm run demo', { timeout: 280_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dev/demo.ts')], {
    cwd: ROOT,
    env: {
      ...childEnv(),
      PATH: `${join(ROOT, 'node_modules/.bin')}${delimiter}${process.env['PATH']}`,
      HOME: process.env['HOME'],
    },
    encoding: 'utf8',
    timeout: 270_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('All of it held');
  expect(stdout).not.toMatch(/^\s*at |node:internal|Error:/m);
});
