/** SQL on the backups' own record: a backup is made all the same, and each message leads out. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parseManifest, serializeManifest } from '../../src/backup/catalog/manifest.ts';
import { ownDatabase } from './own-database.ts';

const own = ownDatabase('engine-record');
const { cli, full, run } = own;
let good: string;
beforeEach(async () => {
  await own.migrate();
  run("INSERT INTO anime (code, title) VALUES (1, 'One'), (2, 'Two')");
  good = await full();
});

test.each([
  ['DROP TABLE backup_runs', 'table backup_runs is missing'],
  ['ALTER TABLE backup_runs RENAME COLUMN fence TO f', 'table backup_runs lacks column fence'],
  ['DROP TABLE backup_lease', 'table backup_lease is missing'],
  ['ALTER TABLE backup_lease RENAME COLUMN expires_ms TO e', 'table backup_lease lacks column expires_ms'],
  ['DROP TABLE backup_requests', 'table backup_requests is missing'],
])('%s: a backup is made and marked, and the whole restore goes on', async (statement, finding) => {
  run(statement);
  const made = await cli('full');
  expect(made).toMatchObject({ code: 1, stdout: expect.stringContaining(`DAMAGED: `) });
  expect(made.stdout).toContain(finding);
  expect(made.stdout).not.toMatch(/has not (opened|made)|SQLITE/);
  if (!statement.includes('backup_requests'))
    expect(made.stdout).toContain('(backup_lease, backup_runs) is not whole');
  expect(await cli('list', '--check')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('Not safe: '),
  });
  const restored = await cli('restore', 'latest', '--replace', '--yes');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`restored: ${good}`) });
  expect(restored.stdout).toContain(`of what was there before: the database was damaged`);
  expect(await cli('full')).toMatchObject({ code: 0, stdout: expect.stringContaining('verified') });
});

test('a damaged backup without a column of the record can be restored by its name', async () => {
  run('ALTER TABLE backup_runs RENAME COLUMN started_at TO s');
  const bad = await full();
  expect(await cli('restore', bad, '--replace', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`restored: ${bad}`),
  });
});

const TRIGGER =
  'trigger mine on backup_runs would run at every restore: drop it in the database (DROP TRIGGER mine), then make a new backup';
test('a trigger on the record: found when the backup is made, and the message leads out', async () => {
  run('CREATE TRIGGER mine AFTER UPDATE ON backup_runs BEGIN SELECT 1; END');
  expect(await cli('full')).toMatchObject({ code: 1, stdout: expect.stringContaining(TRIGGER) });
  expect(await cli('list', '--check')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`T${TRIGGER.slice(1)}: npm run backup -- full`),
  });
  const restored = await cli('restore', 'latest', '--replace', '--yes');
  expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(`restored: ${good}`) });
  expect(await cli('full')).toMatchObject({ code: 0 });
});

test('the same in a backup that an earlier program called verified: list does not blame its files', async () => {
  run('CREATE TRIGGER mine AFTER UPDATE ON backup_runs BEGIN SELECT 1; END');
  const bad = await full();
  const path = join(own.directory, `bucket/anime_backup_${bad}.manifest.json`);
  const { findings: _, ...manifest } = parseManifest(readFileSync(path));
  rmSync(path);
  writeFileSync(path, serializeManifest({ ...manifest, state: 'verified' }));
  expect(await cli('verify', bad)).toMatchObject({ code: 1 });
  expect(readdirSync(join(own.directory, 'bucket'))).toContain(`anime_backup_${bad}.bad.json`);
  const listed = await cli('list', '--check');
  expect(listed).toMatchObject({ code: 3, stderr: expect.stringContaining(`T${TRIGGER.slice(1)}`) });
  expect(listed.stderr).not.toContain('stored files are at fault');
});
