/** A backup that rots in its bucket: told, remembered, stepped around, taken back when mended. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyLive } from '../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../src/backup/snapshot/embedded.ts';
import { createWorld } from '../support/backup-world.ts';
import { damageIndex } from '../support/damage-index.ts';
import { type CliResult, runCli } from './spawn-cli.ts';

let directory: string;
let older: string;
let newer: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'damaged-cli-'));
  const world = await createWorld();
  await copyLive(openEmbeddedSnapshotSource({ path: world.path }), join(directory, 'bot.db'));
  world.close();
  older = String((await cli('full', '--json')).json()['name']);
  newer = String((await cli('full', '--json')).json()['name']);
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }));

const cli = (...args: readonly string[]): Promise<CliResult> =>
  runCli(directory, { DATABASE_URL: 'file:bot.db', BACKUP_DIR: 'bucket' }, ...args);

const inBucket = (): string[] =>
  readdirSync(join(directory, 'bucket'), { recursive: true, encoding: 'utf8' });

/** Turns one bit of both files; once more turns it back. */
function flip(name: string): void {
  for (const file of inBucket().filter((one) => one.includes(name) && one.endsWith('.gz'))) {
    const path = join(directory, 'bucket', file);
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    chmodSync(path, 0o600);
    writeFileSync(path, bytes);
  }
}

test('a restore that meets it names the older one, and the next try takes that', async () => {
  flip(newer);
  const first = await cli('restore', 'latest', '--replace', '--yes', '--json');
  expect(first.code).toBe(1);
  const retry = `npm run backup -- restore ${older} --replace`;
  expect(first.json()).toMatchObject({
    ok: false,
    next: older,
    retry,
    error: expect.stringContaining(`the next older verified backup is ${older}: ${retry}`),
  });
  const list = await cli('list');
  expect(list.stdout).toMatch(
    new RegExp(
      `^Not safe: the newest backup, ${newer}, is damaged; .*${older}.*not the database.*"A backup is`,
    ),
  );
  expect(list.stdout).toContain(`${newer} is damaged: restore found it damaged`);
  expect((await cli('list', '--check')).code).toBe(3);
  expect((await cli('prune', '--dry-run')).stdout).toMatch(
    new RegExp(`${older} +keep +the newest verified backup`),
  );
  const second = await cli('restore', 'latest', '--replace', '--yes', '--json');
  expect(second.json()).toMatchObject({
    ok: true,
    origin: older,
    notes: expect.arrayContaining([expect.stringContaining(`${newer} is newer and damaged: restore found`)]),
  });
});

test('verify remembers it, and takes it back when it is good again', async () => {
  const again = await cli('verify', newer);
  expect(again).toMatchObject({ code: 1, stdout: expect.stringContaining('BAD') });
  expect((await cli('list', '--json')).json()).toMatchObject({
    backups: expect.arrayContaining([
      expect.objectContaining({
        name: newer,
        state: 'damaged',
        concerns: 'files',
        problem: expect.stringContaining('verify found it damaged'),
      }),
    ]),
  });
  flip(newer);
  const good = await cli('verify', newer);
  expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('no longer counts as damaged') });
  expect(inBucket().filter((file) => file.endsWith('.bad.json'))).toEqual([]);
});

test('download and diff remember it too', async () => {
  for (const args of [
    ['download', newer, '-o', 'copies'],
    ['diff', newer, older],
  ]) {
    flip(newer);
    expect(await cli(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining('is damaged: ') });
    expect(inBucket().filter((file) => file.endsWith('.bad.json'))).toHaveLength(1);
    flip(newer);
    expect((await cli('verify', newer)).code).toBe(0);
  }
});

test('after a restore from a damaged database, list says: make a backup', async () => {
  damageIndex(join(directory, 'bot.db'));
  expect((await cli('full')).code).toBe(1);
  expect((await cli('list')).stdout).toContain('"The database file is damaged"');
  expect((await cli('restore', older, '--replace', '--yes')).code).toBe(0);
  expect((await cli('list')).stdout).toMatch(
    /^Not safe: .*a restore set out to replace.*make a backup of what is there now: npm run backup -- full/,
  );
  expect((await cli('full')).code).toBe(0);
  expect((await cli('list')).stdout).toMatch(/^Safe: /);
});
