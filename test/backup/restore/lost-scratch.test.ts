/**
 * Our own scratch goes away or is not what was written there: that says nothing about the backup,
 * so no verdict and no failed drill is kept.
 */
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readDrills } from '../../../src/backup/catalog/drill-record.ts';
import { findBackup } from '../../../src/backup/catalog/list.ts';
import type { Manifest } from '../../../src/backup/catalog/manifest.ts';
import { nameFromText } from '../../../src/backup/catalog/names.ts';
import { Damaged } from '../../../src/backup/foreign/errors.ts';
import { drill } from '../../../src/backup/restore/drill.ts';
import { BackupDamaged } from '../../../src/backup/restore/fetch-backup.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { verifyDeep } from '../../../src/backup/verify/verify-backup.ts';
import { explain } from '../../../src/lib/clock.ts';
import { isLocalFault } from '../../../src/lib/disk/local-fault.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp } from './support.ts';

let world: World;
let name: string;
let directory: string;
beforeEach(async () => {
  world = await createWorld({}, 'small');
  name = await backUp(world);
  directory = mkdtempSync(join(world.directory, 'scratch-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.close();
});

async function entry() {
  const known = nameFromText(name);
  const found = known === undefined ? undefined : await findBackup(world.context, known);
  if (found?.manifest === undefined) throw new Error('no backup');
  return { ...found, manifest: found.manifest };
}

/** Nothing of it may have been kept. */
async function expectOurs(work: Promise<unknown>): Promise<string> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(BackupDamaged);
  expect(failure).not.toBeInstanceOf(Damaged);
  expect(isLocalFault(failure)).toBe(true);
  expect((await entry()).state).toBe('verified');
  return explain(failure);
}

/** Linux: takes every byte and gives none back. */
const HOLE = '/dev/null';

test('restore: the file is not what was written there', async () => {
  symlinkSync(HOLE, join(directory, 'source.db'));
  const from = { kind: 'backup', entry: await entry() } as const;
  const said = await expectOurs(fetchSource(from, { bucket: world.context, keys: undefined, directory }));
  expect(said).toMatch(/source\.db is not as it was unpacked there/);
});

test('restore: the directory is removed before the file is looked into', async () => {
  const from = { kind: 'backup', entry: await entry() } as const;
  let isGone = false;
  const onBytes = (done: number, total: number): void => {
    // The process that looks into it takes longer to start.
    if (done === total && !isGone) setTimeout(() => rmSync(directory, { recursive: true }), 60);
    isGone ||= done === total;
  };
  await expectOurs(fetchSource(from, { bucket: world.context, keys: undefined, directory, onBytes }));
});

test('verify: another file stands where the backup was unpacked', async () => {
  const onBytes = async (): Promise<void> => {
    const [own = ''] = readdirSync(directory);
    const path = join(directory, own, 'backup.db');
    rmSync(path, { force: true });
    writeFileSync(path, 'not what was unpacked');
  };
  const { manifest } = await entry();
  await expectOurs(verifyDeep(world.context, manifest, { keys: undefined, directory, onBytes }));
});

test('drill: its directory is removed, and no failed drill is recorded', async () => {
  vi.stubEnv('TMPDIR', directory);
  const onProgress = (): void => {
    // What is being written has its files open.
    for (const own of readdirSync(directory)) rmSync(join(directory, own), { recursive: true, force: true });
  };
  await expectOurs(drill({ bucket: world.context, keys: undefined, clock: world.clock, onProgress }));
  expect(await readDrills(world.context)).toEqual([]);
});

test('what is stored is wrong: kept as before', async () => {
  const { manifest } = await entry();
  const [first, ...others] = manifest.tables;
  if (first === undefined) throw new Error('no table');
  const other: Manifest = { ...manifest, tables: [{ ...first, sha256: '0'.repeat(64) }, ...others] };
  const verdict = await verifyDeep(world.context, other, { keys: undefined, directory });
  expect(verdict.proofs.map(({ file }) => file)).toEqual(['database', 'document']);
  const from = { kind: 'backup', entry: { ...(await entry()), manifest: other } } as const;
  const work = fetchSource(from, { bucket: world.context, keys: undefined, directory });
  await expect(work).rejects.toBeInstanceOf(BackupDamaged);
  expect((await entry()).state).toBe('damaged');
});
