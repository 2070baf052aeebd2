import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyLive } from '../../../src/backup/snapshot/copy-live.ts';
import { openEmbeddedSnapshotSource } from '../../../src/backup/snapshot/embedded.ts';
import { createWorld, type World } from '../../support/backup-world.ts';

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
  await copyLive(source, copy);
  expect(existsSync(copy)).toBe(true);
});
