import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDrills } from '../../../src/backup/catalog/drill-record.ts';
import { newestVerified } from '../../../src/backup/catalog/list.ts';
import { databaseKey } from '../../../src/backup/catalog/names.ts';
import { drill } from '../../../src/backup/restore/drill.ts';
import { fileCalls } from '../../../src/backup/restore/file-calls.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const run = () => drill({ bucket: world.context, keys: undefined, clock: world.clock });

test('the newest backup is restored, compared, timed and recorded', async () => {
  await backUp(world);
  const name = await backUp(world);
  const { record, recordFailed } = await run();
  expect(recordFailed).toBeUndefined();
  expect(record).toMatchObject({ name, ok: true, problem: null });
  expect(record.rows).toBeGreaterThan(160);
  world.clock.advance(7 * 86_400_000);
  const second = await run();
  expect(await readDrills(world.context)).toEqual([second.record, record]);
  // The record is no backup and no debris.
  expect((await newestVerified(world.context))?.name).toBe(name);
  await backUp(world);
  expect(await readDrills(world.context)).toHaveLength(2);
});

test('a backup that only its document saves fails the drill: that is what it is for', async () => {
  const name = await backUp(world);
  const path = join(world.directory, 'bucket', databaseKey('backups/', name, false));
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  const { record } = await run();
  expect(record).toMatchObject({ ok: false, problem: expect.stringContaining('cannot be used') });
  expect((await readDrills(world.context))[0]?.ok).toBe(false);
});

test('without a backup there is nothing to drill with', async () => {
  await expect(run()).rejects.toThrow(/there is nothing to drill with: there is no backup in /);
});

test('a full disk of this machine is no failed drill of the backup', async () => {
  await backUp(world);
  const files = {
    ...fileCalls,
    async sync() {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    },
  };
  const tried = drill({ bucket: world.context, keys: undefined, clock: world.clock, files });
  await expect(tried).rejects.toThrow('the drill could not be made on this machine');
  expect(await readDrills(world.context)).toEqual([]);
});
