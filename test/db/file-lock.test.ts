import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explainLocked, lockDatabaseFile } from '../../src/db/file-lock.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'file-lock-'));
  path = join(directory, 'bot.db');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const now = (): Date => new Date('2026-01-01T12:00:00Z');
const take = (holder: string) => lockDatabaseFile(path, { holder, now });
const write = (lock: object): void =>
  writeFileSync(
    `${path}.lock`,
    `${JSON.stringify({ holder: 'node host', pid: process.pid, host: hostname(), began: null, since: '2026', ...lock })}\n`,
  );

test('a second host is told who has the file and what to do; after the first let go it may', async () => {
  const first = await take('node host');
  await expect(take('restore')).rejects.toThrow(
    new RegExp(
      `bot.db is in use by node host \\(process ${process.pid} on .*2026-01-01T12:00:00.000Z\\): stop it first`,
    ),
  );
  await first.release();
  expect(existsSync(`${path}.lock`)).toBe(false);
  await (await take('restore')).release();
});

test('the lock of a process that died is taken over', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('exit', resolve));
  write({ pid: child.pid });
  const lock = await take('node host');
  expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
  await lock.release();
});

test('a pid that was given to another process since is no holder', async () => {
  write({ began: '1' });
  await (await take('node host')).release();
});

test('another machine’s lock holds while it is touched, and not a minute longer', async () => {
  write({ host: 'elsewhere' });
  utimesSync(`${path}.lock`, now(), new Date(now().getTime() - 50_000));
  await expect(take('node host')).rejects.toThrow('on elsewhere');
  utimesSync(`${path}.lock`, now(), new Date(now().getTime() - 61_000));
  await (await take('node host')).release();
});

test.each(['', '{"holder":', 'null', '{"pid":-1}'])('a torn lock file (%j) holds nobody up', async (text) => {
  writeFileSync(`${path}.lock`, text);
  await (await take('node host')).release();
});

test('of many at once exactly one gets it', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => take(`host ${i}`)));
  const held = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(held).toHaveLength(1);
  await held[0]?.release();
});

test('a lock that somebody else holds by now is not removed', async () => {
  const lock = await take('node host');
  write({ holder: 'other' });
  await lock.release();
  expect(readFileSync(`${path}.lock`, 'utf8')).toContain('other');
});

test('"database is locked" gets a name and something to do', async () => {
  expect(explainLocked(path)).toContain('another program is writing to');
  const lock = await take('node host');
  expect(explainLocked(path)).toMatch(
    /in use by node host \(process \d+ on .*\): wait a moment and try again, or stop it/,
  );
  await lock.release();
});
