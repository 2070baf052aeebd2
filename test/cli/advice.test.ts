/** What is said of a database that does not answer: once, and with a next step. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withAdvice } from '../../src/cli/advice.ts';
import { explain } from '../../src/lib/clock.ts';
import { runCli } from './spawn-cli.ts';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'advice-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));

test('causes that repeat one another are told once', () => {
  const network = new Error('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND x.example') });
  const driver = new Error('fetch failed', { cause: network });
  const ours = new Error('database unavailable: fetch failed', { cause: driver });
  expect(explain(ours)).toBe('database unavailable: fetch failed: getaddrinfo ENOTFOUND x.example');
  expect(explain(new Error('a fetch', { cause: new Error('fetched: no') }))).toBe('a fetch: fetched: no');
});

describe('a server that is not there', () => {
  test.each([
    ['full', []],
    ['export', []],
    ['diff', ['live', 'latest']],
  ])('%s: what to look at', async (command, args) => {
    const env = { DATABASE_URL: 'http://127.0.0.1:9', BACKUP_DIR: join(home, 'backups') };
    const { code, stdout, stderr } = await runCli(home, env, command, ...args);
    expect(code).toBeGreaterThan(0);
    expect(stdout + stderr).toMatch(/\bLook at the address and the token of the database \(DATABASE_URL/);
    expect(stdout + stderr).not.toContain('fetch failed: fetch failed');
  });

  test('a file has no address to look at', () => {
    const file = { kind: 'file', path: '/x.db' } as const;
    const text = 'database unavailable: SQLITE_READONLY: attempt to write a readonly database';
    expect(withAdvice(text, file)).toBe(text);
    expect(withAdvice('database server x.example did not answer: y', file)).toContain('--to');
  });
});
