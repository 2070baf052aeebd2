import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyLive } from '../../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { openFileSnapshotSource } from '../../../src/backup/snapshot/file.ts';
import { createWorld, type World } from '../../support/backup-world.ts';
import { addAnime } from '../../support/catalogue.ts';

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

test('a copy of the living database that is called off ends at once, and leaves nothing', async () => {
  const before = readdirSync(world.directory);
  const copy = join(world.directory, 'copy.db');
  const source = openEmbeddedSnapshotSource({ path: world.path });
  await expect(copyLive(source, copy, AbortSignal.abort(new Error('called off')))).rejects.toThrow(
    'called off',
  );
  expect(readdirSync(world.directory)).toEqual(before);
  // In the middle: the first rows are there.
  await addAnime(world.db, { code: 1, title: 'Naruto', parts: ['f1'] });
  const calledOff = new AbortController();
  // Row by row, as a server gives it.
  const rows = openFileSnapshotSource({ path: world.path });
  const read: typeof rows.read = (use, options) => {
    calledOff.abort(new Error('called off in the middle'));
    return rows.read(use, options);
  };
  await expect(copyLive({ ...rows, read }, copy, calledOff.signal)).rejects.toThrow('in the middle');
  expect(existsSync(copy)).toBe(false);
  await copyLive(source, copy);
  expect(existsSync(copy)).toBe(true);
});
