/**
 * A scratch disk that fills up: told as what it is, at once, and never taken for damage of the
 * backup.
 */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { documentKey } from '../../../src/backup/catalog/names.ts';
import { Damaged } from '../../../src/backup/foreign/errors.ts';
import { carryTask } from '../../../src/backup/restore/settle-task.ts';
import { fetchSource } from '../../../src/backup/restore/source.ts';
import { copyDatabase } from '../../../src/backup/verify/copy-database.ts';
import { requireIntact } from '../../../src/backup/verify/file-integrity.ts';
import { explain } from '../../../src/lib/clock.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { backUp, newest } from './support.ts';

/** Linux: takes no byte and says ENOSPC. */
const FULL = '/dev/full';
let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

test.runIf(existsSync(FULL))(
  'unpacking onto a full disk fails at once, says what is needed, and does not blame the backup',
  async () => {
    const name = await backUp(world);
    const directory = join(world.directory, 'full');
    mkdirSync(directory);
    symlinkSync(FULL, join(directory, 'source.db'));
    const failure: unknown = await fetchSource(await newest(world), {
      bucket: world.context,
      keys: undefined,
      directory,
    }).catch((error: unknown) => error);
    expect(explain(failure)).toMatch(
      new RegExp(`^anime_bot_${name}\\.db\\.gz takes \\d+ bytes unpacked: cannot write .*: ENOSPC`),
    );
    expect(explain(failure)).not.toMatch(/cannot be used|does not open/);
  },
);

test.runIf(existsSync(FULL))('a full disk under source.db is no fault of the document on disk', async () => {
  const name = await backUp(world);
  const directory = join(world.directory, 'full');
  mkdirSync(directory);
  symlinkSync(FULL, join(directory, 'source.db'));
  const path = join(world.directory, 'bucket', documentKey('backups/', name, false));
  const failure: unknown = await fetchSource(
    { kind: 'file', path },
    { bucket: world.context, keys: undefined, directory },
  ).catch((error: unknown) => error);
  expect(explain(failure)).toMatch(/database or disk is full/);
  expect(explain(failure)).not.toMatch(/no whole/);
});

/** Linux: opens, and every read of its beginning is an I/O error. */
const BROKEN = '/proc/self/mem';

test.runIf(existsSync(BROKEN))('a disk that cannot be read does not make a good file a damaged one', () => {
  const path = join(world.directory, 'broken.db');
  symlinkSync(BROKEN, path);
  const failure = thrownBy(() => requireIntact(path, 'the backup'));
  expect(failure).not.toBeInstanceOf(Damaged);
  expect(explain(failure)).toMatch(/^the backup could not be looked into on this machine: disk I\/O error/);
});

test('a file that is cut, or no database, is damaged', async () => {
  const cut = join(world.directory, 'cut.db');
  await copyDatabase(world.path, cut);
  writeFileSync(cut, readFileSync(cut).subarray(0, 9_000));
  expect(thrownBy(() => requireIntact(cut, 'the backup'))).toBeInstanceOf(Damaged);
  writeFileSync(cut, 'hello, I am no database at all, and long enough to be looked at as one would be');
  expect(thrownBy(() => requireIntact(cut, 'the backup'))).toBeInstanceOf(Damaged);
});

function thrownBy(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a file that outgrows what one of its size may become: no word of a full disk', async () => {
  const run = Array.from({ length: 10 }, (_, i) => (i === 1 || i > 7 ? 1n : 'x'.repeat(3_000)));
  const runs = Array.from({ length: 4_000 }, (_, i) => [`${i} ${'x'.repeat(3_000)}`, ...run.slice(1)]);
  const live = { fence: undefined, runs, count: runs.length };
  const failure: unknown = await Promise.resolve()
    .then(() => carryTask({ path: world.path, live }, { send: async () => {} }))
    .catch((error: unknown) => error);
  expect(explain(failure)).toMatch(/grows beyond \d+ MB, the most for a file of its size/);
  expect(explain(failure)).not.toMatch(/disk/);
});
